import { setImmediate } from 'node:timers/promises';
import { readSqlFile } from '../../sql-file.js';
import type { QueryConnection, QueryDatabaseService } from '../query-database.service.js';
import { QueryError, queryErrors } from '../query-error.js';
import { requireTraceId, spanIdOf, traceIdOf } from '../span-id.js';
import { clampUnixNano, firstUnixNano, lastUnixNano, microsecondsOf, timestampOf, unixNanoOf } from '../unix-time.js';
import { Dictionaries } from './dictionaries.js';
import type { SpanEvent, SpanLink, TraceChunk, TraceSpan } from './trace-span.js';

const beginReading = sql('begin-reading');
const declareSpans = sql('declare-spans');
const declareEvents = sql('declare-events');
const declareLinks = sql('declare-links');
const fetchSpans = sql('fetch-spans');
const fetchEvents = sql('fetch-events');
const fetchLinks = sql('fetch-links');

/** How many traces one question may name. */
export const maxTraceIds = 10_000;

/** Rows of the first portion of a cursor, and of the next ones by how many characters of attributes a row has. */
const portionRows = { first: 100, ofSmall: 500, ofLarge: 16 } as const;
const smallRow = 2 * 1024;
const largeRow = 32 * 1024;

/** Characters of attributes after which a chunk ends: it is made into an answer without a pause. */
const chunkLength = 48 * 1024;

/** Traces that share a set of cursors. */
const tracesAtOnce = 100;

/** A trace that is asked for. The times say within which its spans start, to the microsecond, and make it faster. */
export interface AskedTrace {
  /** 32 hex digits. */
  readonly traceId: string;
  readonly startTimeMinUnixNano?: bigint | undefined;
  readonly startTimeMaxUnixNano?: bigint | undefined;
}

/** The same, in µs since 1970. */
interface BoundedTrace {
  readonly traceId: string;
  readonly startMin: bigint;
  readonly startMax: bigint;
}

/** Where a row of any of the cursors belongs; they all come in this order. */
interface Place {
  readonly number: string;
  readonly start_us: string;
  readonly span_id: string;
  readonly instance: number;
}

interface CursorRow extends Place {
  readonly attributes: string;
}

interface SpanRow extends CursorRow {
  readonly parent_span_id: string | null;
  readonly start_nanos: number;
  readonly end_us: string;
  readonly end_nanos: number;
  readonly operation_id: string;
  readonly resource_id: string;
  readonly scope_id: string;
  readonly flags: number | null;
  readonly dropped_attributes_count: number | null;
  readonly dropped_events_count: number | null;
  readonly dropped_links_count: number | null;
  readonly status_code: number | null;
  readonly status_message: string | null;
  readonly trace_state: string | null;
}

interface EventRow extends CursorRow {
  readonly time_us: string;
  readonly time_nanos: number;
  readonly name: string;
  readonly dropped_attributes_count: number;
}

interface LinkRow extends CursorRow {
  readonly linked_trace_id: string | null;
  readonly linked_span_id: string | null;
  readonly trace_state: string | null;
  readonly flags: number | null;
  readonly dropped_attributes_count: number | null;
}

/**
 * The spans of traces, with all that OTLP says of them. Traces come in the order asked, one after the other, each by the
 * start of its spans; those that are not known are left out, and one that is asked for twice comes once.
 *
 * The answer is read as it is taken: some hundred spans are in memory, however many a trace has. Until it is taken to its
 * end, or given up, it holds a connection.
 *
 * @throws QueryError
 */
export async function* getTraces(
  database: QueryDatabaseService,
  asked: readonly AskedTrace[],
  signal?: AbortSignal,
): AsyncGenerator<TraceChunk, void, undefined> {
  const traces = requireTraces(asked);
  if (traces.length === 0) return;
  const connection = await database.connect(signal);
  try {
    const dictionaries = new Dictionaries(connection);
    for (let first = 0; first < traces.length; first += tracesAtOnce) {
      yield* readTraces(connection, dictionaries, traces.slice(first, first + tracesAtOnce));
    }
  } finally {
    connection.release();
  }
}

async function* readTraces(
  connection: QueryConnection,
  dictionaries: Dictionaries,
  traces: readonly BoundedTrace[],
): AsyncGenerator<TraceChunk, void, undefined> {
  const values = parametersOf(traces);
  const spans = new Portions<SpanRow>(connection, fetchSpans);
  const events = new Portions<EventRow>(connection, fetchEvents);
  const links = new Portions<LinkRow>(connection, fetchLinks);
  let open = true;
  try {
    // All at once: the server does them in this order.
    await allOf([
      connection.query(beginReading),
      connection.query(declareSpans, values),
      connection.query(declareEvents, values),
      connection.query(declareLinks, values),
      spans.fill(),
      events.fill(),
      links.fill(),
    ]);
    for (;;) {
      await spans.fill();
      const portion = spans.takeAll();
      if (portion.length === 0) break;
      await dictionaries.learn(portion);
      let chunk: TraceSpan[] = [];
      let number = portion[0]?.number ?? '';
      let length = 0;
      for (const row of portion) {
        if (row.number !== number || length > chunkLength) {
          yield { traceId: traceOf(traces, number), spans: chunk };
          // Others have their turn: a reader that takes all at once would leave them none.
          await setImmediate();
          chunk = [];
          length = 0;
          number = row.number;
        }
        const span = {
          ...spanOf(row),
          ...dictionaries.of(row),
          events: (await events.takeOf(row)).map(eventOf),
          links: (await links.takeOf(row)).map(linkOf),
        };
        chunk.push(span);
        for (const { attributesJson } of [span, ...span.events, ...span.links]) length += 100 + attributesJson.length;
      }
      yield { traceId: traceOf(traces, number), spans: chunk };
    }
    open = false;
    await connection.query('COMMIT');
  } finally {
    // Given up, or failed: a connection that failed is not used again, so this need not succeed.
    if (open) await connection.query('ROLLBACK').catch(() => undefined);
  }
}

/** A cursor's rows, a portion at a time. */
class Portions<Row extends CursorRow> {
  private rows: readonly Row[] = [];
  private size: number = portionRows.first;
  private next = 0;
  private ended = false;

  constructor(
    private readonly connection: QueryConnection,
    private readonly fetch: string,
  ) {}

  /** Reads a portion if there is nothing left of the last one. */
  async fill(): Promise<void> {
    if (this.next < this.rows.length || this.ended) return;
    this.rows = await this.connection.query<Row>(this.fetch.replaceAll('{{rows}}', String(this.size)));
    this.next = 0;
    this.ended = this.rows.length < this.size;
    const length = this.rows.reduce((sum, { attributes }) => sum + attributes.length, 0) / this.rows.length;
    this.size = length <= smallRow ? portionRows.ofSmall : length <= largeRow ? portionRows.first : portionRows.ofLarge;
  }

  takeAll(): readonly Row[] {
    const rows = this.rows.slice(this.next);
    this.next = this.rows.length;
    return rows;
  }

  /** The rows of a span; those of earlier places, whose span nobody has, are left out. */
  async takeOf(place: Place): Promise<readonly Row[]> {
    const taken: Row[] = [];
    for (;;) {
      const row = this.rows[this.next];
      if (row === undefined) {
        if (this.ended) return taken;
        await this.fill();
        continue;
      }
      const order = comparePlaces(row, place);
      if (order > 0) return taken;
      if (order === 0) taken.push(row);
      this.next += 1;
    }
  }
}

function comparePlaces(left: Place, right: Place): number {
  return (
    Number(left.number) - Number(right.number) ||
    compareNumbers(left.start_us, right.start_us) ||
    compareNumbers(left.span_id, right.span_id) ||
    left.instance - right.instance
  );
}

function compareNumbers(left: string, right: string): number {
  if (left === right) return 0;
  return BigInt(left) < BigInt(right) ? -1 : 1;
}

/** The first failure; the others follow from it. */
async function allOf(work: readonly Promise<unknown>[]): Promise<void> {
  const settled = await Promise.allSettled(work);
  const failed = settled.find((result) => result.status === 'rejected');
  if (failed !== undefined) throw failed.reason;
}

function requireTraces(asked: readonly AskedTrace[]): readonly BoundedTrace[] {
  if (asked.length > maxTraceIds) {
    throw new QueryError(queryErrors.invalid, `${asked.length} traces are asked for, more than ${maxTraceIds}`);
  }
  const traces = new Map<string, BoundedTrace>();
  for (const [n, { traceId, startTimeMinUnixNano, startTimeMaxUnixNano }] of asked.entries()) {
    const id = requireTraceId(traceId, `trace_ids[${n}]`);
    if (traces.has(id)) continue;
    traces.set(id, {
      traceId: id,
      startMin: microsecondsOf(clampUnixNano(startTimeMinUnixNano ?? firstUnixNano)),
      startMax: microsecondsOf(clampUnixNano(startTimeMaxUnixNano ?? lastUnixNano)),
    });
  }
  return [...traces.values()];
}

function parametersOf(traces: readonly BoundedTrace[]): readonly unknown[] {
  const earliest = traces.map(({ startMin }) => startMin);
  const latest = traces.map(({ startMax }) => startMax);
  return [
    traces.map(({ traceId }) => traceId),
    earliest.map(timestampOf),
    latest.map(timestampOf),
    timestampOf(earliest.reduce((least, time) => (time < least ? time : least))),
    timestampOf(latest.reduce((most, time) => (time > most ? time : most))),
  ];
}

function traceOf(traces: readonly BoundedTrace[], number: string): string {
  const trace = traces[Number(number) - 1];
  if (trace === undefined) throw new RangeError(`no trace has number ${number}`);
  return trace.traceId;
}

function spanOf(row: SpanRow) {
  return {
    spanId: spanIdOf(row.span_id),
    parentSpanId: row.parent_span_id === null ? '' : spanIdOf(row.parent_span_id),
    startTimeUnixNano: unixNanoOf(row.start_us, row.start_nanos),
    endTimeUnixNano: unixNanoOf(row.end_us, row.end_nanos),
    traceState: row.trace_state ?? '',
    flags: unsigned(row.flags),
    statusCode: row.status_code ?? 0,
    statusMessage: row.status_message ?? '',
    attributesJson: row.attributes,
    droppedAttributesCount: unsigned(row.dropped_attributes_count),
    droppedEventsCount: unsigned(row.dropped_events_count),
    droppedLinksCount: unsigned(row.dropped_links_count),
  };
}

function eventOf(row: EventRow): SpanEvent {
  return {
    timeUnixNano: unixNanoOf(row.time_us, row.time_nanos),
    name: row.name,
    attributesJson: row.attributes,
    droppedAttributesCount: row.dropped_attributes_count >>> 0,
  };
}

function linkOf(row: LinkRow): SpanLink {
  return {
    traceId: row.linked_trace_id === null ? '' : traceIdOf(row.linked_trace_id),
    spanId: row.linked_span_id === null ? '' : spanIdOf(row.linked_span_id),
    traceState: row.trace_state ?? '',
    flags: unsigned(row.flags),
    attributesJson: row.attributes,
    droppedAttributesCount: unsigned(row.dropped_attributes_count),
  };
}

/** The tables keep 32 unsigned bits in a signed int4, and 0 as NULL where a row has other NULLs anyway. */
function unsigned(number: number | null): number {
  return (number ?? 0) >>> 0;
}

function sql(name: string): string {
  return readSqlFile(import.meta.url, `${name}.sql`);
}
