/** Reads what is stored. */
import { readFileSync } from 'node:fs';
import { Client } from 'pg';
import { contentOf, eventLine, linkLine, type SpanContent } from './expected-spans.ts';

const selectSpans = readFileSync(new URL('stored-spans.sql', import.meta.url), 'utf8');
const selectEvents = readFileSync(new URL('stored-events.sql', import.meta.url), 'utf8');
const selectLinks = readFileSync(new URL('stored-links.sql', import.meta.url), 'utf8');

interface SpanRow {
  readonly traceId: string;
  readonly spanId: string;
  readonly instance: number;
  readonly service: string | null;
  readonly resource: string | null;
  readonly [field: string]: string | number | null;
}

interface PartRow {
  readonly traceId: string;
  readonly spanId: string;
  readonly instance: number;
  readonly attributes: string;
  readonly dropped: number;
}
type EventRow = PartRow & { readonly time: string; readonly name: string };
type LinkRow = PartRow & {
  readonly linkedTraceId: string;
  readonly linkedSpanId: string;
  readonly traceState: string;
  readonly flags: number;
};

/** In the order of expected-spans.ts. */
const columns = [
  'parent',
  'name',
  'kind',
  'start',
  'end',
  'traceState',
  'status',
  'statusMessage',
  'flags',
  'droppedAttributes',
  'droppedEvents',
  'droppedLinks',
  'attributes',
  'service',
  'resource',
  'resourceDropped',
  'resourceUrl',
  'scope',
  'scopeVersion',
  'scopeAttributes',
  'scopeDropped',
  'scopeUrl',
] as const;

/** The tables of a store, as its owner sees them. */
export class StoredSpans {
  readonly #client: Client;

  private constructor(client: Client) {
    this.#client = client;
  }

  /** @throws Error when the database cannot be reached */
  static async open(url: string): Promise<StoredSpans> {
    const client = new Client({ connectionString: url });
    client.on('error', () => undefined);
    await client.connect();
    return new StoredSpans(client);
  }

  async close(): Promise<void> {
    await this.#client.end();
  }

  /** All spans, as they are stored at one moment. */
  async read(): Promise<readonly SpanContent[]> {
    const client = this.#client;
    await client.query('BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY');
    try {
      const events = groupOf((await client.query<EventRow>(selectEvents)).rows, ({ time, name, attributes, dropped }) =>
        eventLine(time, name, attributes, dropped),
      );
      const links = groupOf((await client.query<LinkRow>(selectLinks)).rows, (link) =>
        linkLine(link.linkedTraceId, link.linkedSpanId, link.traceState, link.attributes, link.dropped, link.flags),
      );
      const { rows } = await client.query<SpanRow>(selectSpans);
      return rows.map((row) =>
        contentOf(row.traceId, row.spanId, [
          ...columns.map((name) => [name, name === 'service' ? serviceOf(row) : String(row[name])] as const),
          ['events', (events.get(keyOf(row)) ?? []).join('; ')],
          ['links', (links.get(keyOf(row)) ?? []).join('; ')],
        ]),
      );
    } finally {
      await client.query('ROLLBACK');
    }
  }

  /** Deletes every span; what spans share stays. */
  async clear(): Promise<void> {
    await this.#client.query('SELECT ps_trace.delete_all_traces()');
  }
}

/** A name that is no text is not compared. */
function serviceOf({ service, resource }: SpanRow): string {
  if (resource === null) return 'no resource';
  // Most resources name a service by a text.
  const name: unknown = (JSON.parse(resource) as Readonly<Record<string, unknown>>)['service.name'];
  return typeof name === 'string' && name !== '' ? String(service) : '*';
}

function keyOf({ traceId, spanId, instance }: Pick<PartRow, 'traceId' | 'spanId' | 'instance'>): string {
  return `${traceId}${spanId}${instance}`;
}

function groupOf<Row extends PartRow>(rows: readonly Row[], textOf: (row: Row) => string): Map<string, string[]> {
  const groups = new Map<string, string[]>();
  for (const row of rows) {
    const key = keyOf(row);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [textOf(row)]);
    else group.push(textOf(row));
  }
  return groups;
}
