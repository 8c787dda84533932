import type { QueryResultRow } from 'pg';
import { errorKinds } from '../../errors/error-kinds.js';
import { TracestoreError } from '../../errors/tracestore-error.js';
import { type BoundStatement, constant, type Fragment, Parameter, readFragments, readSql } from '../../sql.js';
import { blockCondition } from '../filter/block-condition.js';
import type { Condition } from '../filter/condition.js';
import { everything } from '../filter/filter.js';
import { lookUp } from '../filter/look-up.js';
import { conditionOf } from '../filter/read-filter.js';
import { spanCondition, spanDuration } from '../filter/span-condition.js';
import { preparedOverPartitions } from '../prepared-statements.js';
import type { QueryConnection, QueryDatabaseService } from '../query-database.service.js';
import { traceIdOf } from '../span-id.js';
import { clampUnixNano, firstUnixNano, lastUnixNano, microsecondsOf, timestampOf } from '../unix-time.js';
import { compareFound, cursorAt, readCursor } from './page-cursor.js';
import { type FoundTrace, type FoundTraces, maxPageSize, type TraceOrder, type TraceSearch } from './trace-search.js';

/** The range of time in which spans start: to the microsecond, and the nanoseconds after it. */
interface StartRange {
  readonly start_min: Parameter;
  readonly start_min_nanos: bigint;
  readonly start_max: Parameter;
  readonly start_max_nanos: bigint;
}

/** What the statements that read a batch have in common. */
interface BatchNames extends StartRange {
  readonly batch_size: number;
  readonly known: readonly string[];
}

interface BlockNames extends BatchNames {
  readonly may_match: Fragment;
  readonly matches: Fragment;
}

const inRange = readSql<StartRange>(import.meta.url, 'start-range.sql');
const traces = readSql<Pick<BatchNames, 'known'>>(import.meta.url, 'traces-of-batch.sql');
const spans = readSql<StartRange & Pick<BlockNames, 'matches'>>(import.meta.url, 'spans-of-lookup.sql', {
  in_range: inRange,
});
const findNewest = readSql<
  BlockNames & { readonly before: string; readonly scan_size: number; readonly scan_end: Fragment }
>(import.meta.url, 'find-newest.sql', { traces, spans });
const findSlowest = readSql<BlockNames & { readonly longest_ns: bigint }>(import.meta.url, 'find-slowest.sql', {
  traces,
  spans,
  duration: spanDuration,
});
const findOfOperations = readSql<BatchNames & { readonly before: string; readonly operations: readonly string[] }>(
  import.meta.url,
  'find-of-operations.sql',
  { in_range: inRange },
);
const findSeen = readSql<
  StartRange & Pick<BlockNames, 'matches'> & { readonly trace_ids: readonly string[]; readonly longer_than_ns: string }
>(import.meta.url, 'find-seen.sql', { in_range: inRange, duration: spanDuration });
const scanEnds = readFragments<Record<'whole_range' | 'scanned', Pick<StartRange, 'start_min'>>>(
  import.meta.url,
  'scan-ends.sql',
  ['whole_range', 'scanned'],
);

/**
 * The least number of blocks of the first batch. A request has about 8, whose spans are of the same time. By duration a batch
 * is larger, as each statement sorts all blocks.
 */
const firstBatch = { newest: 8, slowest: 48 } as const;

/** How many spans of an operation the first batch has for each trace of the page: some traces have several. */
const spansOfOperationPerTrace = 2;

/** A batch has at most this many times as many blocks as the one before it, and never more than can be read in time. */
const batchGrowth = 4;
const maxBatch = 2_048;

/** A batch has this many times as many blocks as the missing traces need, judging by those found so far. */
const spareBlocks = 1.5;

/** A batch is sought in this many times as many blocks. If these do not have it, matches are rare. */
const scannedPerBlock = 50;

/** The least batch where matches are rare: each statement then scans all blocks that are left. */
const rareBatch = 64;

const nsPerUs = 1000n;
const usPerHour = 3_600_000_000n;

/** More than any position. */
const unlimited = 2n ** 63n;

interface BatchRow extends QueryResultRow {
  readonly low_water_mark: string | null;
  readonly is_rare: boolean;
  readonly trace_id: string | null;
  readonly position: string | null;
}

/**
 * Find the traces with a span that matches a search: one page of them.
 *
 * The search reads blocks in the order of its result: by the start of their last span, or by their longest duration. It skips
 * every block whose summary rules out a match, and reads the spans of the others. It ends when no block that is left can have
 * a trace that comes before the last one of the page. The newest spans of a few operations, without any other condition, are
 * found by an index instead (ADR 11).
 *
 * @throws TracestoreError
 */
export async function findTraces(
  database: QueryDatabaseService,
  search: TraceSearch,
  signal?: AbortSignal,
): Promise<FoundTraces> {
  const query = new Query(search);
  if (query.isEmpty) return { traces: [], nextCursor: undefined };
  const connection = await database.connect(signal);
  try {
    return await new QueryRun(connection, query, performance.now() + database.timeoutMs).find();
  } finally {
    connection.release();
  }
}

/** A valid search. */
class Query {
  readonly order: TraceOrder;
  readonly limit: number;
  /** In µs since 1970, and the ns after that. */
  readonly startMin: bigint;
  readonly startMinNanos: bigint;
  readonly startMax: bigint;
  readonly startMaxNanos: bigint;
  /** The last trace of the page before. */
  readonly after: FoundTrace | undefined;
  readonly condition: Condition;

  constructor({ filter, startTimeMinUnixNano, startTimeMaxUnixNano, order = 'newest', limit, cursor }: TraceSearch) {
    if (!Number.isInteger(limit) || limit < 1 || limit > maxPageSize) {
      throw new TracestoreError(errorKinds.invalid, `limit must be an integer from 1 to ${maxPageSize}, got ${limit}`);
    }
    this.order = order;
    this.limit = limit;
    const min = clampUnixNano(startTimeMinUnixNano ?? firstUnixNano);
    const max = clampUnixNano(startTimeMaxUnixNano ?? lastUnixNano);
    this.startMin = microsecondsOf(min);
    this.startMinNanos = min % nsPerUs;
    this.startMax = microsecondsOf(max);
    this.startMaxNanos = max % nsPerUs;
    this.after = cursor === undefined ? undefined : readCursor(order, cursor);
    this.condition = conditionOf(filter ?? everything);
  }

  /** No span can match. */
  get isEmpty(): boolean {
    return this.startMin > this.startMax || (this.condition.is === 'constant' && !this.condition.value);
  }

  get isNewest(): boolean {
    return this.order === 'newest';
  }
}

/** One execution of a query. */
class QueryRun {
  private readonly found = new Map<string, FoundTrace>();
  /** Traces of earlier pages. */
  private readonly seen = new Set<string>();
  /** Traces that are not found yet have positions below. */
  private lowWaterMark = unlimited;
  /** Few blocks may match, so that one statement scans all others. */
  private isRare = false;
  /** The search asks for the newest spans of these operations only, which an index has in order. */
  private operations: readonly string[] | undefined;
  /** The longest duration of a span when the search began. */
  private longestNs = Infinity;

  constructor(
    private readonly connection: QueryConnection,
    private readonly query: Query,
    private readonly deadlineMs: number,
  ) {}

  async find(): Promise<FoundTraces> {
    const condition = await this.lookUp(this.query.condition);
    const { limit } = this.query;
    if (condition.is !== 'constant' || condition.value) {
      let batch =
        this.operations === undefined
          ? Math.max(firstBatch[this.query.order], Math.ceil(limit / 2))
          : limit * spansOfOperationPerTrace;
      let scanned = 0;
      while (this.final().length < limit && (await this.read(condition, batch))) {
        scanned += batch;
        const final = this.final().length;
        const enough = Math.ceil(((limit - final) / Math.max(final, 1)) * scanned * spareBlocks);
        const most = Math.min(batch * batchGrowth, maxBatch);
        batch = Math.max(batch, Math.min(most, enough), this.isRare ? rareBatch : 0);
        if (performance.now() > this.deadlineMs) throw new TracestoreError(errorKinds.timedOut);
      }
    }
    const page = this.final().slice(0, limit);
    const last = page[limit - 1];
    return { traces: page, nextCursor: last === undefined ? undefined : cursorAt(this.query.order, last) };
  }

  /** The traces whose position cannot change any more, in order. */
  private final(): readonly FoundTrace[] {
    return [...this.found.values()].filter(({ position }) => position >= this.lowWaterMark).toSorted(compareFound);
  }

  /** Look up the rows of the dictionaries that pass the parts of a condition. */
  private async lookUp(condition: Condition): Promise<Condition> {
    const { condition: known, longestNs, indexedOperations } = await lookUp(this.connection, condition);
    this.longestNs = longestNs;
    if (this.query.isNewest && known.is === 'dictionary' && known.table === 'operation') {
      this.operations = known.ids !== undefined && known.ids.length <= indexedOperations ? known.ids : undefined;
    }
    return known;
  }

  /** Read a batch of blocks. @returns false when there are no more */
  private async read(condition: Condition, batch: number): Promise<boolean> {
    const rows = await this.connection.query<BatchRow>(preparedOverPartitions(this.statement(condition, batch)));
    await this.note(condition, rows);
    const lowWaterMark = rows[0]?.low_water_mark ?? null;
    this.isRare ||= rows[0]?.is_rare === true;
    this.lowWaterMark = lowWaterMark === null ? 0n : BigInt(lowWaterMark);
    return lowWaterMark !== null;
  }

  private statement(condition: Condition, batch: number): BoundStatement {
    const { after, isNewest, startMin, startMinNanos, startMax, startMaxNanos } = this.query;
    const isAfter = isNewest && after !== undefined && after.position < startMax;
    const latest = isAfter ? after.position : startMax;
    const highest = isNewest ? latest + usPerHour + 1n : unlimited;
    const below = this.lowWaterMark < highest ? this.lowWaterMark : highest;
    const range: StartRange = {
      start_min: new Parameter(timestampOf(startMin)),
      start_min_nanos: startMinNanos,
      start_max: new Parameter(timestampOf(latest)),
      start_max_nanos: isAfter ? nsPerUs : startMaxNanos,
    };
    const names: BatchNames = {
      ...range,
      batch_size: batch,
      known: [...this.final().map(({ traceId }) => traceId), ...this.seen],
    };
    if (this.operations !== undefined) {
      return findOfOperations.bind({ ...names, before: timestampOf(below), operations: this.operations });
    }
    const { start_min, start_max } = range;
    const blocks: BlockNames = {
      ...names,
      may_match: blockCondition(condition, this.isRare, this.longestNs) ?? constant(true),
      matches: spanCondition(this.notAbove(condition), { start_min, start_max }),
    };
    if (!isNewest) return findSlowest.bind({ ...blocks, longest_ns: below - 1n });
    return findNewest.bind({
      ...blocks,
      before: timestampOf(below),
      scan_size: this.isRare ? 0 : batch * scannedPerBlock,
      scan_end: scanEnds[this.isRare ? 'whole_range' : 'scanned'].fragment({ start_min }),
    });
  }

  /** Exclude spans that took longer than the last trace of the page before: their traces are on an earlier page. */
  private notAbove(condition: Condition): Condition {
    const { after, isNewest } = this.query;
    if (isNewest || after === undefined) return condition;
    const notSlower = {
      is: 'time',
      level: 'span',
      field: 'span.duration',
      operator: 'lte',
      valueNs: after.position,
    } as const;
    return { is: 'and', conditions: [condition, notSlower] };
  }

  private async note(condition: Condition, rows: readonly BatchRow[]): Promise<void> {
    const { after } = this.query;
    const added: FoundTrace[] = [];
    for (const row of rows) {
      if (row.trace_id === null || row.position === null) continue;
      const trace = { traceId: traceIdOf(row.trace_id), position: BigInt(row.position) };
      if (after !== undefined && compareFound(trace, after) <= 0) {
        this.found.delete(trace.traceId);
        this.seen.add(trace.traceId);
        continue;
      }
      const known = this.found.get(trace.traceId);
      if (known === undefined) added.push(trace);
      if (known === undefined || known.position < trace.position) this.found.set(trace.traceId, trace);
    }
    if (after === undefined || added.length === 0) return;
    for (const traceId of await this.findSeen(condition, after, added)) {
      this.found.delete(traceId);
      this.seen.add(traceId);
    }
  }

  /** @returns those of some traces that an earlier page has */
  private async findSeen(
    condition: Condition,
    after: FoundTrace,
    candidates: readonly FoundTrace[],
  ): Promise<readonly string[]> {
    const { isNewest, startMin, startMinNanos, startMax, startMaxNanos } = this.query;
    const start_min = new Parameter(timestampOf(isNewest ? after.position + 1n : startMin));
    const start_max = new Parameter(timestampOf(startMax));
    const rows = await this.connection.query<{ trace_id: string }>(
      findSeen.bind({
        trace_ids: candidates.map(({ traceId }) => traceId),
        start_min,
        start_min_nanos: isNewest ? 0n : startMinNanos,
        start_max,
        start_max_nanos: startMaxNanos,
        longer_than_ns: isNewest ? '-1' : after.position.toString(),
        matches: spanCondition(condition, { start_min, start_max }),
      }),
    );
    return rows.map((row) => traceIdOf(row.trace_id));
  }
}
