import type { OtlpAttribute, OtlpEvent, OtlpLink } from '@spandrel/trace-files';
import { z } from 'zod';
import type { FigureCounter } from '../figures.ts';
import { type FlatSpan, requestsOf } from '../otlp-requests.ts';
import type { ImportSource, SourceItem } from '../run-import.ts';
import { type EventRow, PromscaleDatabase, type SpanRow, type TagMap } from './promscale-database.ts';

const hourMs = 3_600_000;

/** What Promscale calls the service of a resource without a name. */
const namelessService = 'OTLPResourceNoServiceName';

const kinds = ['unspecified', 'internal', 'server', 'client', 'producer', 'consumer'];
const statusCodes = ['unset', 'ok', 'error'];

const positionSchema = z.object({ hourMs: z.int(), pages: z.int().nonnegative() });

export interface PromscaleOptions {
  readonly url: string;
  /** The time range of the spans' starts, in ms since the epoch. Whole hours are read. */
  readonly fromMs: number;
  readonly untilMs: number;
  readonly counter: FigureCounter;
}

/**
 * The spans of a Promscale database, hour by hour. An hour has the same requests in every run, as long as its spans do not
 * change. So a range of time can be imported again, and so can a longer one.
 */
export class PromscaleSource implements ImportSource {
  place = '';

  private readonly options: PromscaleOptions;

  constructor(options: PromscaleOptions) {
    this.options = options;
  }

  async *read(position: unknown): AsyncGenerator<SourceItem> {
    const { url, fromMs, untilMs } = this.options;
    const start = positionSchema.safeParse(position).data;
    const database = await PromscaleDatabase.connect(url);
    try {
      const first = Math.floor(fromMs / hourMs) * hourMs;
      for (const hour of await database.hours(Math.max(first, start?.hourMs ?? first), untilMs)) {
        this.place = new Date(hour).toISOString().slice(0, 16);
        let pages = hour === start?.hourMs ? start.pages : 0;
        for await (const rows of database.spans(hour, hour + hourMs, pages)) {
          pages += 1;
          for (const request of requestsOf(await this.spansOf(database, rows))) yield { request };
          yield { position: { hourMs: hour, pages } };
        }
      }
    } finally {
      await database.close();
    }
  }

  private async spansOf(database: PromscaleDatabase, rows: readonly SpanRow[]): Promise<readonly FlatSpan[]> {
    // All events of a span at one time, outside of the times that were searched.
    const withoutEvents = rows.filter((row) => row.has_events && row.first_event_us === null && row.events === null);
    const elsewhere =
      withoutEvents.length === 0 ? new Map<string, readonly EventRow[]>() : await database.events(withoutEvents);
    const pages = rows.map((row) => {
      const events = row.events ?? elsewhere.get(`${row.trace_id} ${row.span_id}`) ?? [];
      return {
        row,
        spanTags: JSON.parse(row.span_tags) as TagMap,
        resourceTags: row.resource_tags,
        events: distinctEvents(row, events),
        links: (row.links ?? []).filter(([, startUs]) => startUs === row.start_us || startUs === row.end_us),
      };
    });
    const resources = new Map<string, TagMap>();
    const ids = new Set<string>();
    const need = (tags: TagMap): void => Object.values(tags).forEach((id) => ids.add(String(id)));
    for (const { spanTags, resourceTags, events, links } of pages) {
      need(spanTags);
      for (const event of events) need(event[3]);
      for (const link of links) need(link[5]);
      if (resources.has(resourceTags)) continue;
      resources.set(resourceTags, JSON.parse(resourceTags) as TagMap);
      need(resources.get(resourceTags) ?? {});
    }
    const attributes = await database.attributes(ids);
    const attributesOf = (tags: TagMap): readonly OtlpAttribute[] =>
      Object.values(tags).flatMap((id) => {
        const attribute = attributes.get(String(id));
        if (attribute !== undefined) return [attribute];
        this.options.counter.addRemark('attributes whose tag the database does not have');
        return [];
      });
    return pages.map(({ row, spanTags, resourceTags, events, links }): FlatSpan => {
      const own = attributesOf(resources.get(resourceTags) ?? {});
      return {
        resource: {
          resource: {
            attributes: [...serviceNameOf(row, own), ...own],
            ...counted('droppedAttributesCount', row.resource_dropped_tags),
          },
          ...stated('schemaUrl', row.resource_schema_url),
        },
        scope: {
          scope: { ...stated('name', row.scope_name), ...stated('version', row.scope_version) },
          ...stated('schemaUrl', row.scope_schema_url),
        },
        span: {
          traceId: row.trace_id.replaceAll('-', ''),
          spanId: hexOf(row.span_id),
          ...(row.parent_span_id !== null && { parentSpanId: hexOf(row.parent_span_id) }),
          name: row.name ?? '',
          kind: Math.max(kinds.indexOf(row.kind ?? ''), 0),
          startTimeUnixNano: `${row.start_us}000`,
          endTimeUnixNano: `${row.end_us}000`,
          ...stated('traceState', row.trace_state),
          attributes: attributesOf(spanTags),
          ...counted('droppedAttributesCount', row.dropped_tags),
          events: events.map(([, timeUs, name, tags, dropped]): OtlpEvent => ({
            timeUnixNano: `${timeUs}000`,
            name,
            attributes: attributesOf(tags),
            ...counted('droppedAttributesCount', dropped),
          })),
          ...counted('droppedEventsCount', row.dropped_events),
          links: links.map(([, , traceId, spanId, traceState, tags, dropped]): OtlpLink => ({
            traceId: traceId.replaceAll('-', ''),
            spanId: hexOf(spanId),
            ...stated('traceState', traceState),
            attributes: attributesOf(tags),
            ...counted('droppedAttributesCount', dropped),
          })),
          ...counted('droppedLinksCount', row.dropped_links),
          status: {
            ...counted('code', Math.max(statusCodes.indexOf(row.status_code), 0)),
            ...stated('message', row.status_message),
          },
        },
      };
    });
  }
}

/**
 * The events of a span. Promscale wrote events, links and spans in three transactions, so a retry of a request could write its
 * events again. Spans that share an id have their events in the same rows: each gets those within its own range of times.
 */
function distinctEvents(row: SpanRow, events: readonly EventRow[]): readonly EventRow[] {
  const first = row.first_event_us === null ? undefined : BigInt(row.first_event_us);
  const last = row.last_event_us === null ? undefined : BigInt(row.last_event_us);
  const known = new Set<string>();
  return events.filter(([number, timeUs, name]) => {
    const time = BigInt(timeUs);
    if ((first !== undefined && time < first) || (last !== undefined && time > last)) return false;
    const key = `${number} ${timeUs} ${name}`;
    if (known.has(key)) return false;
    known.add(key);
    return true;
  });
}

/** The name of an operation's service, if its resource does not have it. */
function serviceNameOf(
  { service_name: name }: SpanRow,
  attributes: readonly OtlpAttribute[],
): readonly OtlpAttribute[] {
  if (name === null || name === namelessService || attributes.some(({ key }) => key === 'service.name')) return [];
  return [{ key: 'service.name', value: { stringValue: name } }];
}

/** Promscale has span ids as signed integers. */
function hexOf(spanId: string): string {
  return BigInt.asUintN(64, BigInt(spanId)).toString(16).padStart(16, '0');
}

function counted<Name extends string>(name: Name, count: number): Partial<Record<Name, number>> {
  return count === 0 ? {} : ({ [name]: count } as Record<Name, number>);
}

function stated<Name extends string>(name: Name, text: string | null): Partial<Record<Name, string>> {
  return text === null || text === '' ? {} : ({ [name]: text } as Record<Name, string>);
}
