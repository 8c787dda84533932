import { attributeText } from '@spandrel/console-api/attribute-text';
import type { EventsResponse, SpanDetails, TraceEvent, Waterfall } from '../api/types.ts';
import { conditionParts } from '../search/attribute-condition.ts';

/** The most events of a span that have a mark, as in the API. */
const maxMarksOfSpan = 20;
const maxMarksOfTrace = 20_000;

/** The event marks of spans from a file. @param startUnixNano the start of the trace */
export function fileEventMarks(spans: readonly SpanDetails[], startUnixNano: bigint): Waterfall['eventMarks'] {
  const names = new Map<string, number>();
  const [span, timeNs, name]: [number[], number[], number[]] = [[], [], []];
  for (const [n, { events }] of spans.entries()) {
    const marks = events
      .filter((event, at) => at < maxMarksOfSpan || event.name === 'exception')
      .slice(0, maxMarksOfTrace - span.length)
      .map((event) => ({
        timeNs: Number(BigInt(event.timeUnixNano) - startUnixNano),
        name: event.name.slice(0, 100),
      }));
    for (const mark of marks.toSorted((left, right) => left.timeNs - right.timeNs)) {
      if (!names.has(mark.name)) names.set(mark.name, names.size);
      span.push(n);
      timeNs.push(mark.timeNs);
      name.push(names.get(mark.name) ?? 0);
    }
  }
  return { names: [...names.keys()], span, timeNs, name };
}

const eventsPerPage = 1_000;

/** A page of the events of spans from a file, in the order of time. @param cursor the number of events before the page */
export function fileEvents(spans: readonly SpanDetails[], cursor: string | undefined): EventsResponse {
  const events = spans.flatMap(({ spanId, events: own }) =>
    own.map(({ timeUnixNano, name, attributes }): TraceEvent => ({
      spanId,
      timeUnixNano,
      name,
      attributes,
      isCut: false,
    })),
  );
  const times = new Map(events.map((event) => [event, BigInt(event.timeUnixNano)]));
  const timeOf = (event: TraceEvent): bigint => times.get(event) ?? 0n;
  events.sort((left, right) => (timeOf(left) < timeOf(right) ? -1 : timeOf(left) > timeOf(right) ? 1 : 0));
  const first = Number(cursor ?? 0);
  const next = first + eventsPerPage;
  return { events: events.slice(first, next), nextCursor: next < events.length ? String(next) : null };
}

/** The IDs of spans from a file with an attribute. @param condition `key` or `key=value` */
export function fileAttributeMatches(spans: readonly SpanDetails[], condition: string): readonly string[] {
  const parts = conditionParts(condition);
  const key = parts?.key ?? condition.trim();
  if (parts !== undefined && parts.operator !== '=') {
    throw new Error(`attribute must be a key, or a key and a value with = between, got ${parts.operator}`);
  }
  const isMatch = (attributes: Readonly<Record<string, unknown>>): boolean =>
    Object.hasOwn(attributes, key) && (parts === undefined || attributeText(attributes[key]) === parts.value);
  return spans
    .filter(
      ({ attributes, resource, events }) =>
        isMatch(attributes) || isMatch(resource.attributes) || events.some((event) => isMatch(event.attributes)),
    )
    .map(({ spanId }) => spanId);
}
