import { setImmediate } from 'node:timers/promises';
import { commit, type Fragment, integer, prepared, readSql, rollback } from '../../sql.js';
import { keepPlans } from '../prepared-statements.js';
import type { ResponseMemory, ResponseReservation } from '../response-memory.js';
import type { QueryConnection, QueryDatabaseService } from '../query-database.service.js';
import { errorKinds } from '../../errors/error-kinds.js';
import { TracestoreError } from '../../errors/tracestore-error.js';
import { requireTraceId, spanIdOf, traceIdOf } from '../span-id.js';
import { clampUnixNano, firstUnixNano, lastUnixNano, microsecondsOf, timestampOf, unixNanoOf } from '../unix-time.js';
import { Dictionaries } from './dictionaries.js';
import type { DictionaryEntries } from './dictionary-entries.js';
import type { SpanEvent, SpanLink, TraceChunk, TraceSpan } from './trace-span.js';

/** The traces of a set of cursors. */
interface TracesNames {
  readonly trace_ids: readonly string[];
  readonly start_mins: readonly string[];
  readonly start_maxs: readonly string[];
  readonly earliest: string;
  readonly latest: string;
  readonly most_of_each: number | null;
}

interface RowsNames extends TracesNames {
  readonly table: 'span' | 'event' | 'link';
  readonly start_time: 'start_time' | 'span_start_time';
}

const rowsOfTraces = readSql<RowsNames>(import.meta.url, 'rows-of-traces.sql');
const rowsBy = {
  spans: readSql<RowsNames>(import.meta.url, 'spans-of-traces.sql', { rows: rowsOfTraces }),
  events: readSql<RowsNames>(import.meta.url, 'events-of-traces.sql', { rows: rowsOfTraces }),
  links: readSql<RowsNames>(import.meta.url, 'links-of-traces.sql', { rows: rowsOfTraces }),
} as const;
const beginReading = readSql(import.meta.url, 'begin-reading.sql');
const readFew = readSql<{ readonly rows: Fragment; readonly most_rows: number }>(import.meta.url, 'read-few.sql');
const declare = readSql<{ readonly rows: Fragment; readonly cursor: CursorName }>(import.meta.url, 'declare.sql');
const fetchRows = readSql<{ readonly rows: Fragment; readonly cursor: CursorName }>(import.meta.url, 'fetch.sql');

type CursorName = 'spans' | 'events' | 'links';

/** The most traces of one query. */
export const maxTraceIds = 10_000;

/** How many traces are read at once: a page of Jaeger's UI. */
const tracesAtOnce = 20;

/**
 * Traces of so few spans, events and links are read by one prepared statement for each. Cursors, which cannot be prepared, read
 * larger traces a batch at a time.
 */
const fewRows = { least: 256, ofEachTrace: 64 } as const;

/** How many rows are fetched at once: the first time, at most, and about how many bytes of them. */
const firstRows = 64;
const maxRows = 500;
const targetBytes = 512 * 1024;

/** The memory of rows that are kept for a client without the connection. */
const maxAheadBytes = 256 * 1024;

/** A chunk ends after this many characters of attributes, because it is encoded in one go. */
const chunkLength = 48 * 1024;

/** A requested trace. The range of time in which its spans start, to the microsecond, makes the query faster. */
export interface RequestedTrace {
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

/** The position of a row. The rows of all cursors come in this order. */
interface RowPosition {
  readonly number: string;
  readonly start_us: string;
  readonly span_id: string;
  readonly instance: number;
}

interface SpanRow extends RowPosition {
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

interface EventRow extends RowPosition {
  readonly time_us: string;
  readonly time_nanos: number;
  readonly name: string;
  readonly dropped_attributes_count: number;
  readonly attributes: string;
}

interface LinkRow extends RowPosition {
  readonly linked_trace_id: string | null;
  readonly linked_span_id: string | null;
  readonly trace_state: string | null;
  readonly flags: number | null;
  readonly dropped_attributes_count: number | null;
  readonly attributes: string;
}

/**
 * Read the spans of traces, with all fields of OTLP. Traces come in the order requested, one after the other, each by the start
 * of its spans. Unknown traces are left out; a trace that is requested twice comes once.
 *
 * The result is read as the caller takes it, and a bounded part of it is in memory. It holds a connection until its end. When
 * the caller is slow and other queries wait, it gives the connection back and continues on another one. Spans that were stored
 * or dropped in between may be missing.
 *
 * @throws TracestoreError
 */
export async function* getTraces(
  database: QueryDatabaseService,
  requested: readonly RequestedTrace[],
  signal?: AbortSignal,
): AsyncGenerator<TraceChunk, void, undefined> {
  let rest: Rest | undefined = { traces: requireTraces(requested), after: undefined, firstRows };
  if (rest.traces.length === 0) return;
  while (rest !== undefined) {
    const reading: Reading = new Reading(await database.connect(signal), database.memory, database.entries);
    try {
      rest = yield* reading.read(rest);
    } finally {
      await reading.end();
    }
  }
}

/** The traces that are left to read. The first one was read up to a position. */
interface Rest {
  readonly traces: readonly BoundedTrace[];
  readonly after: RowPosition | undefined;
  /** How many rows the first batch has. */
  readonly firstRows: number;
}

/** The reading of a result on one connection, until its end or until the connection is given back. */
class Reading {
  private readonly dictionaries: Dictionaries;
  private isOpen = false;
  private ending: Promise<void> | undefined;
  private cursors: readonly Cursor<RowPosition>[] = [];
  /** The last span of these cursors that the client received. */
  private lastGiven: RowPosition | undefined;

  constructor(
    private readonly connection: QueryConnection,
    private readonly memory: ResponseMemory,
    entries: DictionaryEntries,
  ) {
    this.dictionaries = new Dictionaries(connection, memory, entries);
  }

  /** @returns the rest when the connection was given back or rows were too large; undefined at the end */
  async *read(rest: Rest): AsyncGenerator<TraceChunk, Rest | undefined, undefined> {
    const { traces } = rest;
    let { after } = rest;
    for (let first = 0; first < traces.length; first += tracesAtOnce) {
      const some = traces.slice(first, first + tracesAtOnce);
      this.lastGiven = undefined;
      try {
        const last = yield* this.readTraces(some, after, rest.firstRows, first + tracesAtOnce >= traces.length);
        if (last !== undefined) return { ...restOf(traces.slice(first), last), firstRows };
      } catch (error) {
        const isTooLarge = error instanceof TracestoreError && error.kind === errorKinds.responseTooLarge;
        const hasProgress = first > 0 || this.lastGiven !== undefined;
        if (!isTooLarge || (rest.firstRows === 1 && !hasProgress)) throw error;
        // Cursors only go forward, so new ones read these rows in smaller batches.
        if (this.lastGiven === undefined) return { traces: traces.slice(first), after, firstRows: 1 };
        return { ...restOf(traces.slice(first), this.lastGiven), firstRows: 1 };
      }
      after = undefined;
    }
    return undefined;
  }

  private get heldBytes(): number {
    return this.cursors.reduce((sum, { heldBytes }) => sum + heldBytes, 0);
  }

  /** Ends the transaction and releases the connection; harmless when repeated. */
  end(): Promise<void> {
    this.ending ??= (async () => {
      this.dictionaries.forget();
      for (const cursor of this.cursors) cursor.forget();
      try {
        // A connection that failed is not used again, so this need not succeed.
        if (this.isOpen) await this.connection.query(rollback).catch(() => undefined);
      } finally {
        this.connection.release();
      }
    })();
    return this.ending;
  }

  private begin(): Promise<unknown> {
    this.isOpen = true;
    return this.connection.query(beginReading.bind());
  }

  /** Fill the cursors with all rows of traces. @returns false if there are more rows, and the cursors are empty */
  private async readFew(begun: Promise<unknown>, traces: readonly BoundedTrace[]): Promise<boolean> {
    const mostRows = Math.max(fewRows.least, fewRows.ofEachTrace * traces.length);
    const names = namesOf(traces, mostRows + 1);
    await allOf([
      begun,
      this.connection.query(keepPlans('force_generic_plan')),
      ...this.cursors.map((cursor) => cursor.fillFew(names, mostRows)),
    ]);
    const areAll = this.cursors.every((cursor) => cursor.hasEnded);
    if (!areAll) for (const cursor of this.cursors) cursor.forget();
    return areAll;
  }

  /**
   * @param areLast whether no other traces follow on this connection
   * @returns the last position that was read, when the connection was given back before the end
   */
  private async *readTraces(
    traces: readonly BoundedTrace[],
    after: RowPosition | undefined,
    count: number,
    areLast: boolean,
  ): AsyncGenerator<TraceChunk, RowPosition | undefined, undefined> {
    const { connection, dictionaries, memory } = this;
    for (const cursor of this.cursors) cursor.forget();
    const spans = new Cursor<SpanRow>(connection, memory, 'spans', count);
    const events = new Cursor<EventRow>(connection, memory, 'events', count);
    const links = new Cursor<LinkRow>(connection, memory, 'links', count);
    this.cursors = [spans, events, links];
    const begun = this.begin();
    // A larger trace is not read again from its start.
    const mayBeFew = after === undefined && count === firstRows;
    if (!mayBeFew || !(await this.readFew(begun, traces))) {
      const names = namesOf(traces, null);
      // Sent without waiting: the server runs them in this order.
      await allOf([
        begun,
        ...this.cursors.map((cursor) => cursor.declare(names)),
        ...this.cursors.map((cursor) => cursor.fill()),
      ]);
    }
    for (;;) {
      const rows = spans.takeAll();
      if (after !== undefined) dropUpTo(rows, after);
      await dictionaries.learn(rows);
      const chunks: TraceChunk[] = [];
      const isAll = areLast && this.cursors.every((cursor) => cursor.hasEnded) && this.heldBytes <= maxAheadBytes;
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
        if (isAll) {
          chunks.push(whole);
        } else {
          const last = rows[first - 1];
          const isOurs = yield* this.lend(whole);
          if (!isOurs) return last;
          this.lastGiven = last;
        }
        // Lets other requests run between two chunks.
        await setImmediate();
      }
      if (isAll) {
        // The client may take its time for these chunks: they need no connection.
        void this.end();
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
    await connection.query(commit);
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

/** The traces that are left after a position: its own from the start of that span, and those after it. */
function restOf(traces: readonly BoundedTrace[], last: RowPosition): Omit<Rest, 'firstRows'> {
  const number = Number(last.number);
  const [first, ...others] = traces.slice(number - 1);
  if (first === undefined) throw new RangeError(`no trace has number ${number}`);
  return {
    traces: [{ ...first, startMin: BigInt(last.start_us) }, ...others],
    after: { ...last, number: '1' },
  };
}

/** The rows of a cursor, a batch at a time. */
class Cursor<Row extends RowPosition> {
  private rows: Row[] = [];
  private next = 0;
  private ended = false;
  private readonly reservation: ResponseReservation;

  /** @param count how many rows the first batch has */
  constructor(
    private readonly connection: QueryConnection,
    memory: ResponseMemory,
    private readonly name: CursorName,
    private count: number,
  ) {
    this.reservation = memory.open();
  }

  /** Whether no batch follows. */
  get hasEnded(): boolean {
    return this.ended;
  }

  /** The memory of this batch, in bytes. */
  get heldBytes(): number {
    return this.reservation.bytes;
  }

  /** Open the cursor in the database. */
  async declare(names: TracesNames): Promise<void> {
    this.ended = false;
    await this.connection.query(declare.bind({ cursor: this.name, rows: this.rowsOf(names) }));
  }

  /** Read the rows without a cursor. It has ended if there are at most so many. */
  async fillFew(names: TracesNames, mostRows: number): Promise<void> {
    const few = readFew.bind({ rows: this.rowsOf(names), most_rows: mostRows + 1 });
    this.rows = [...(await this.connection.query<Row>(prepared(`few-${this.name}`, few), this.reservation))];
    this.ended = this.rows.length <= mostRows;
  }

  private rowsOf(names: TracesNames): Fragment {
    const isSpan = this.name === 'spans';
    const table = this.name.slice(0, -1) as RowsNames['table'];
    return rowsBy[this.name].fragment({ ...names, table, start_time: isSpan ? 'start_time' : 'span_start_time' });
  }

  /** Read a batch if no row of the last one is left. */
  async fill(): Promise<void> {
    if (this.next < this.rows.length || this.ended) return;
    this.forget();
    const fetch = fetchRows.bind({ rows: integer(this.count), cursor: this.name });
    this.rows = [...(await this.connection.query<Row>(fetch, this.reservation))];
    this.next = 0;
    this.ended = this.rows.length < this.count;
    this.count = nextCount(this.count, this.rows);
  }

  /** The rows of this batch. They are gone after `forget`. */
  takeAll(): Row[] {
    this.next = this.rows.length;
    return this.rows;
  }

  /** Release the memory of the rows, so that a slow client does not hold it. */
  forget(): void {
    this.rows.length = 0;
    this.next = 0;
    this.reservation.release();
  }

  /** Take the rows of a span. Rows of earlier positions, whose span is not stored, are left out. */
  async takeOf(position: RowPosition): Promise<readonly Row[]> {
    const taken: Row[] = [];
    for (;;) {
      const row = this.rows[this.next];
      if (row === undefined) {
        if (this.ended) return taken;
        await this.fill();
        continue;
      }
      const order = comparePositions(row, position);
      if (order > 0) return taken;
      if (order === 0) taken.push(row);
      this.next += 1;
    }
  }
}

/** The size of the next batch, if its rows are as large as the largest one of this batch. */
function nextCount(count: number, rows: readonly object[]): number {
  let largest = 1;
  for (const row of rows) {
    let bytes = 0;
    for (const value of Object.values(row)) bytes += typeof value === 'string' ? value.length : 8;
    if (bytes > largest) largest = bytes;
  }
  return Math.max(1, Math.min(maxRows, 4 * count, Math.floor(targetBytes / largest)));
}

/** Removes the rows up to a position, which come first. */
function dropUpTo(rows: RowPosition[], position: RowPosition): void {
  const first = rows.findIndex((row) => comparePositions(row, position) > 0);
  rows.splice(0, first < 0 ? rows.length : first);
}

function comparePositions(left: RowPosition, right: RowPosition): number {
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

/** Wait for all. @throws the first failure, from which the others follow */
async function allOf(work: readonly Promise<unknown>[]): Promise<void> {
  const settled = await Promise.allSettled(work);
  const failed = settled.find((result) => result.status === 'rejected');
  if (failed !== undefined) throw failed.reason;
}

function requireTraces(requested: readonly RequestedTrace[]): readonly BoundedTrace[] {
  if (requested.length > maxTraceIds) {
    throw new TracestoreError(
      errorKinds.invalid,
      `at most ${maxTraceIds} traces can be requested, got ${requested.length}`,
    );
  }
  const traces = new Map<string, BoundedTrace>();
  for (const [n, { traceId, startTimeMinUnixNano, startTimeMaxUnixNano }] of requested.entries()) {
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

/** @param mostOfEach how many rows of a trace to read; null for all */
function namesOf(traces: readonly BoundedTrace[], mostOfEach: number | null): TracesNames {
  const earliest = traces.map(({ startMin }) => startMin);
  const latest = traces.map(({ startMax }) => startMax);
  return {
    trace_ids: traces.map(({ traceId }) => traceId),
    start_mins: earliest.map(timestampOf),
    start_maxs: latest.map(timestampOf),
    earliest: timestampOf(earliest.reduce((least, time) => (time < least ? time : least))),
    latest: timestampOf(latest.reduce((most, time) => (time > most ? time : most))),
    most_of_each: mostOfEach,
  };
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
