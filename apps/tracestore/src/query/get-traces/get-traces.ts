import { setImmediate } from 'node:timers/promises';
import { readSqlFile } from '../../sql-file.js';
import type { QueryConnection, QueryDatabaseService } from '../query-database.service.js';
import { errorKinds } from '../../errors/error-kinds.js';
import { TracestoreError } from '../../errors/tracestore-error.js';
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

/** Traces that share a set of cursors. */
const tracesAtOnce = 100;

/** How many rows are fetched at once: first, at most, and as many as are likely to have so many bytes. */
const firstRows = 64;
const maxRows = 500;
const targetBytes = 1024 * 1024;

/** Characters of attributes after which a chunk ends: it is made into an answer without a pause. */
const chunkLength = 48 * 1024;

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

interface SpanRow extends Place {
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
  readonly attributes: string;
}

interface EventRow extends Place {
  readonly time_us: string;
  readonly time_nanos: number;
  readonly name: string;
  readonly dropped_attributes_count: number;
  readonly attributes: string;
}

interface LinkRow extends Place {
  readonly linked_trace_id: string | null;
  readonly linked_span_id: string | null;
  readonly trace_state: string | null;
  readonly flags: number | null;
  readonly dropped_attributes_count: number | null;
  readonly attributes: string;
}

/**
 * The spans of traces, with all that OTLP says of them. Traces come in the order asked, one after the other, each by the
 * start of its spans; those that are not known are left out, and one that is asked for twice comes once.
 *
 * The answer is read as it is taken: a bounded part is in memory, however many spans a trace has. It holds a connection
 * while it is read. When whoever reads it takes its time and others wait for a connection, it gives the connection back,
 * and goes on with another one where it was; spans that have been stored or dropped in between come or do not come.
 *
 * @throws TracestoreError
 */
export async function* getTraces(
  database: QueryDatabaseService,
  asked: readonly AskedTrace[],
  signal?: AbortSignal,
): AsyncGenerator<TraceChunk, void, undefined> {
  let rest: Rest | undefined = { traces: requireTraces(asked), after: undefined };
  if (rest.traces.length === 0) return;
  while (rest !== undefined) {
    const reading = new Reading(await database.connect(signal));
    try {
      rest = yield* reading.read(rest);
    } finally {
      await reading.end();
    }
  }
}

/** What there is still to read: traces, the first of which was read up to a place. */
interface Rest {
  readonly traces: readonly BoundedTrace[];
  readonly after: Place | undefined;
}

/** The reading of an answer on one connection, until its end or until the connection is given back. */
class Reading {
  private readonly dictionaries: Dictionaries;
  private isOpen = false;
  private ending: Promise<void> | undefined;

  constructor(private readonly connection: QueryConnection) {
    this.dictionaries = new Dictionaries(connection);
  }

  /** @returns what is left when the connection was given back; undefined when that was all */
  async *read({ traces, after }: Rest): AsyncGenerator<TraceChunk, Rest | undefined, undefined> {
    let place = after;
    for (let first = 0; first < traces.length; first += tracesAtOnce) {
      const some = traces.slice(first, first + tracesAtOnce);
      const last = yield* this.readTraces(some, place, first + tracesAtOnce >= traces.length);
      if (last !== undefined) return restOf(traces.slice(first), last);
      place = undefined;
    }
    return undefined;
  }

  /** Ends the transaction and releases the connection; harmless when repeated. */
  end(): Promise<void> {
    this.ending ??= (async () => {
      try {
        // A connection that failed is not used again, so this need not succeed.
        if (this.isOpen) await this.connection.query('ROLLBACK').catch(() => undefined);
      } finally {
        this.connection.release();
      }
    })();
    return this.ending;
  }

  /**
   * @param areLast whether the connection is not needed for others after these
   * @returns the last place that was read when the connection was given back before all was read
   */
  private async *readTraces(
    traces: readonly BoundedTrace[],
    after: Place | undefined,
    areLast: boolean,
  ): AsyncGenerator<TraceChunk, Place | undefined, undefined> {
    const { connection, dictionaries } = this;
    const values = parametersOf(traces);
    const spans = new Portions<SpanRow>(connection, fetchSpans);
    const events = new Portions<EventRow>(connection, fetchEvents);
    const links = new Portions<LinkRow>(connection, fetchLinks);
    this.isOpen = true;
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
      const portion = spans.takeAll();
      const rows = after === undefined ? portion : portion.filter((row) => comparePlaces(row, after) > 0);
      await dictionaries.learn(rows);
      const chunks: TraceChunk[] = [];
      const isAll = areLast && spans.hasEnded;
      for (let first = 0; first < rows.length;) {
        const { number } = rows[first] as SpanRow;
        const chunk: TraceSpan[] = [];
        for (let length = 0; rows[first]?.number === number && length <= chunkLength; first += 1) {
          const row = rows[first] as SpanRow;
          const span = {
            ...spanOf(row),
            ...dictionaries.of(row),
            events: (await events.takeOf(row)).map(eventOf),
            links: (await links.takeOf(row)).map(linkOf),
          };
          chunk.push(span);
          for (const { attributesJson } of [span, ...span.events, ...span.links]) length += 100 + attributesJson.length;
        }
        const whole = { traceId: traceOf(traces, number), spans: chunk };
        if (isAll) chunks.push(whole);
        else if (!(yield* this.lend(whole))) return rows[first - 1];
        // Others have their turn: a reader that takes all at once would leave them none.
        await setImmediate();
      }
      if (isAll) {
        // Whatever time the client takes for these.
        await this.end();
        for (const chunk of chunks) {
          yield chunk;
          await setImmediate();
        }
        return undefined;
      }
      if (spans.hasEnded) break;
      await spans.fill();
    }
    this.isOpen = false;
    await connection.query('COMMIT');
    return undefined;
  }

  /** @returns whether the connection is still there when the client comes back for more */
  private async *lend(chunk: TraceChunk): AsyncGenerator<TraceChunk, boolean, undefined> {
    const takeBack = this.connection.lend(() => void this.end());
    let isOurs = false;
    try {
      yield chunk;
    } finally {
      isOurs = takeBack();
    }
    return isOurs;
  }
}

/** What is left after a place: its trace from the start of that span on, and the traces after it. */
function restOf(traces: readonly BoundedTrace[], last: Place): Rest {
  const number = Number(last.number);
  const [first, ...others] = traces.slice(number - 1);
  if (first === undefined) throw new RangeError(`no trace has number ${number}`);
  return {
    traces: [{ ...first, startMin: BigInt(last.start_us) }, ...others],
    after: { ...last, number: '1' },
  };
}

/** A cursor's rows, a portion at a time. */
class Portions<Row extends Place> {
  private rows: readonly Row[] = [];
  private next = 0;
  private ended = false;
  private count = firstRows;

  constructor(
    private readonly connection: QueryConnection,
    private readonly fetch: string,
  ) {}

  /** Whether the last portion was the last one. */
  get hasEnded(): boolean {
    return this.ended;
  }

  /** Reads a portion if there is nothing left of the last one. */
  async fill(): Promise<void> {
    if (this.next < this.rows.length || this.ended) return;
    this.rows = await this.connection.query<Row>(this.fetch.replaceAll('{{rows}}', String(this.count)));
    this.next = 0;
    this.ended = this.rows.length < this.count;
    this.count = nextCount(this.count, this.rows);
  }

  takeAll(): readonly Row[] {
    const rows = this.next === 0 ? this.rows : this.rows.slice(this.next);
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

/** Rows are about as large as the largest one of those before. */
function nextCount(count: number, rows: readonly object[]): number {
  let largest = 1;
  for (const row of rows) {
    let bytes = 0;
    for (const value of Object.values(row)) bytes += typeof value === 'string' ? value.length : 8;
    if (bytes > largest) largest = bytes;
  }
  return Math.max(1, Math.min(maxRows, 4 * count, Math.floor(targetBytes / largest)));
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
    throw new TracestoreError(errorKinds.invalid, `${asked.length} traces are asked for, more than ${maxTraceIds}`);
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
