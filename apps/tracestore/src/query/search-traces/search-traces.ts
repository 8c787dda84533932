import type { QueryResultRow } from 'pg';
import { errorKinds } from '../../errors/error-kinds.js';
import { TracestoreError } from '../../errors/tracestore-error.js';
import { constant, type Fragment, Parameter, readFragments, readSql } from '../../sql.js';
import { blockCondition } from '../filter/block-condition.js';
import type { Condition } from '../filter/condition.js';
import { everything } from '../filter/filter.js';
import { lookUp } from '../filter/look-up.js';
import { conditionOf } from '../filter/read-filter.js';
import { spanCondition, spanEnd, spanStart } from '../filter/span-condition.js';
import type { QueryConnection, QueryDatabaseService } from '../query-database.service.js';
import type { TraceConditions } from '../search-conditions.js';
import { traceIdOf } from '../span-id.js';
import { clampUnixNano, firstUnixNano, lastUnixNano, microsecondsOf, timestampOf } from '../unix-time.js';
import { readCursor, type TraceCursor, type TraceOrder, writeCursor } from './trace-cursor.js';

/*
 * A search for whole traces: by the start and the duration of the trace, not of the span that matches. Blocks do not have
 * these, as a trace can be in many blocks. But all blocks of a trace together bound its start and its duration. The search
 * therefore reads, in the order of these bounds, all spans of each trace that may match, until no other trace can come before
 * the last one of the page.
 */

/** A search for traces that start in a range of time and have a span that passes the filter. */
export interface WholeTraceSearch extends TraceConditions {
  /** `newest` by default. */
  readonly order?: TraceOrder | undefined;
  /** How many traces a page has, 1 to `maxPageSize`. */
  readonly limit: number;
  /** `nextCursor` of the page before; the rest of the search must be the same. */
  readonly cursor?: string | undefined;
}

/** A page of traces. */
export interface WholeTraces {
  /** 32 hex digits each, in order. */
  readonly traceIds: readonly string[];
  /** The cursor of the next page, which may be empty; undefined when there is none. */
  readonly nextCursor: string | undefined;
  /**
   * In ns since 1970: traces that start earlier were not searched, because a page reads a limited number of blocks; undefined
   * when the whole range was searched, or as much of it as the page needs.
   */
  readonly searchedFromUnixNano: bigint | undefined;
}

/** The most traces of a page. */
const maxPageSize = 1_000;

/** How much a search reads. */
export interface SearchSteps {
  /** The first step reads this many blocks, and each other step this many times as many. */
  readonly firstBlocks: number;
  readonly blockGrowth: number;
  /** The most blocks that a page reads. */
  readonly maxBlocks: number;
  /** How many candidates a step returns at least, and how many of them are read at once. */
  readonly leastCandidates: number;
  readonly leastAtOnce: number;
}

/** A page reads at most about 8 million spans' blocks. */
const defaultSteps: SearchSteps = {
  firstBlocks: 256,
  blockGrowth: 8,
  maxBlocks: 65_536,
  leastCandidates: 1_000,
  leastAtOnce: 50,
};

/** A page that is to have so many traces reads this many times as many candidates at once: some do not match. */
const spareCandidates = 1.25;

/** A page that is not full after this time ends where the search is. */
const patienceMs = 5_000;

/** A span that starts this long after the range of time is not read, to find those that match and to bound durations. */
const reachUs = 600_000_000n;

const nsPerUs = 1_000n;
const maxInt8 = 2n ** 63n - 1n;
const lastId = 'f'.repeat(32);

const findCandidates = readSql<{
  readonly start_min: string;
  readonly last_start: string;
  readonly block_limit: number;
  readonly may_match: Fragment;
  readonly is_counted: Fragment;
  readonly bound: Fragment;
  readonly first_start_max: bigint;
  readonly least_us: bigint;
  readonly below: bigint;
  readonly limit: number;
}>(import.meta.url, 'find-candidates.sql');
const orders = readFragments<Record<'newest' | 'slowest' | 'matching_blocks' | 'all_blocks', Record<never, never>>>(
  import.meta.url,
  'candidate-orders.sql',
  ['newest', 'slowest', 'matching_blocks', 'all_blocks'],
);
const readCandidates = readSql<{
  readonly trace_ids: readonly string[];
  readonly start_min: Parameter;
  readonly start_max: Parameter;
  readonly start_ns: Fragment;
  readonly end_ns: Fragment;
  readonly matches: Fragment;
}>(import.meta.url, 'read-candidates.sql');

interface CandidateRow extends QueryResultRow {
  readonly blocks: string;
  readonly low_water_mark: string | null;
  readonly trace_id: string | null;
  readonly bound: string | null;
}

interface TraceRow extends QueryResultRow {
  readonly trace_id: string;
  readonly start_ns: string;
  readonly end_ns: string;
  readonly is_match: boolean;
}

/** A trace whose position is at most a bound, in µs. */
interface Candidate {
  readonly traceId: string;
  readonly bound: bigint;
}

interface Found {
  readonly traceId: string;
  /** Its start in ns since 1970, or its duration in ns. */
  readonly position: bigint;
}

/**
 * Search for whole traces: one page of them.
 *
 * A trace matches if it starts in the range, takes as long as requested, and has a span that passes the filter. Spans that start
 * more than ten minutes after the range do not count for the filter; with a least duration, ten minutes more than that.
 *
 * @throws TracestoreError
 */
export async function searchTraces(
  database: QueryDatabaseService,
  search: WholeTraceSearch,
  signal?: AbortSignal,
  steps: SearchSteps = defaultSteps,
): Promise<WholeTraces> {
  const query = new Query(search);
  if (query.isEmpty) return { traceIds: [], nextCursor: undefined, searchedFromUnixNano: undefined };
  const connection = await database.connect(signal);
  try {
    return await new QueryRun(connection, query, steps, database.timeoutMs).find();
  } finally {
    connection.release();
  }
}

/** A valid search. */
class Query {
  readonly order: TraceOrder;
  readonly limit: number;
  readonly condition: Condition;
  /** Of a trace, in ns since 1970. */
  readonly startMin: bigint;
  readonly startMax: bigint;
  readonly durationMin: bigint;
  readonly durationMax: bigint;
  /** The last start of a span that is read, in µs since 1970. */
  readonly spanStartMax: bigint;
  /** The last trace of the page before. */
  readonly after: TraceCursor | undefined;

  constructor(search: WholeTraceSearch) {
    const { limit, order = 'newest', cursor } = search;
    if (!Number.isInteger(limit) || limit < 1 || limit > maxPageSize) {
      throw new TracestoreError(errorKinds.invalid, `limit must be an integer from 1 to ${maxPageSize}, got ${limit}`);
    }
    this.order = order;
    this.limit = limit;
    this.condition = conditionOf(search.filter ?? everything);
    this.after = cursor === undefined ? undefined : readCursor(order, cursor);
    const startMin = clampUnixNano(search.startTimeMinUnixNano ?? firstUnixNano);
    this.startMin = this.after === undefined ? startMin : larger(startMin, this.after.startMin * nsPerUs);
    this.startMax = clampUnixNano(search.startTimeMaxUnixNano ?? lastUnixNano);
    this.durationMin = search.durationMinNs ?? 0n;
    this.durationMax = search.durationMaxNs ?? maxInt8;
    const reach = reachUs + this.durationMin / nsPerUs;
    this.spanStartMax =
      this.after?.spanStartMax ?? smaller(microsecondsOf(this.startMax) + reach, microsecondsOf(lastUnixNano));
  }

  /** No trace can match. */
  get isEmpty(): boolean {
    return (
      this.startMin > this.startMax ||
      this.durationMin > this.durationMax ||
      (this.condition.is === 'constant' && !this.condition.value)
    );
  }

  get isNewest(): boolean {
    return this.order === 'newest';
  }
}

/** One execution of a query. */
class QueryRun {
  /** By trace: one may be a candidate again when more of its blocks are known. */
  private readonly found = new Map<string, Found>();
  /** Traces that are not found yet have positions below, in ns. */
  private mark = 2n ** 64n;
  /** Candidates that were not read yet have bounds below, in µs. */
  private below = maxInt8;
  private readonly startedAtMs = performance.now();

  constructor(
    private readonly connection: QueryConnection,
    private readonly query: Query,
    private readonly steps: SearchSteps,
    private readonly timeoutMs: number,
  ) {}

  async find(): Promise<WholeTraces> {
    const { query } = this;
    const { firstBlocks, blockGrowth, maxBlocks } = this.steps;
    const { condition, longestNs } = await lookUp(this.connection, query.condition);
    let searchedFrom: bigint | undefined;
    if (condition.is === 'constant' && !condition.value) this.mark = 0n;
    // The slowest trace may be anywhere in the range.
    let blocks = query.isNewest ? firstBlocks : maxBlocks;
    while (this.mark > 0n && this.final().length < query.limit) {
      const { lowWaterMark, isComplete } = await this.step(condition, longestNs, blocks);
      if (!query.isNewest) searchedFrom = lowWaterMark;
      if (isComplete) {
        this.mark = query.isNewest && lowWaterMark !== undefined ? lowWaterMark * nsPerUs : 0n;
        this.below = lowWaterMark ?? 0n;
      }
      const isEnough = this.elapsedMs() > patienceMs || (isComplete && blocks >= maxBlocks);
      // Each page gets further than the one before, so that the last one is reached.
      const isFurther = query.after === undefined || this.mark < query.after.position;
      if (query.isNewest && isEnough && isFurther) break;
      if (isComplete) blocks *= blockGrowth;
      if (this.elapsedMs() > this.timeoutMs) throw new TracestoreError(errorKinds.timedOut);
    }
    return this.page(searchedFrom);
  }

  private page(slowestFrom: bigint | undefined): WholeTraces {
    const { order, limit, isNewest, startMin, spanStartMax } = this.query;
    const traces = this.final().slice(0, limit);
    const last = traces[limit - 1];
    const from = { startMin: microsecondsOf(startMin), spanStartMax };
    if (last !== undefined) {
      const cursor = { ...last, ...from, ...(slowestFrom === undefined ? {} : { startMin: slowestFrom }) };
      return {
        traceIds: traces.map(({ traceId }) => traceId),
        nextCursor: writeCursor(order, cursor),
        searchedFromUnixNano: slowestFrom === undefined ? undefined : slowestFrom * nsPerUs,
      };
    }
    // The page ends before the range does.
    const isCut = isNewest && this.mark > startMin;
    const reached = smaller(this.mark, (microsecondsOf(this.query.startMax) + 1n) * nsPerUs);
    return {
      traceIds: traces.map(({ traceId }) => traceId),
      nextCursor: isCut ? this.cursorAt(reached) : undefined,
      searchedFromUnixNano: isCut ? reached : slowestFrom === undefined ? undefined : slowestFrom * nsPerUs,
    };
  }

  /** The cursor of a page that ends at a time without being full. */
  private cursorAt(reached: bigint): string {
    const { order, startMin, spanStartMax, durationMin } = this.query;
    const mark = microsecondsOf(reached);
    return writeCursor(order, {
      position: mark * nsPerUs,
      traceId: lastId,
      startMin: microsecondsOf(startMin),
      spanStartMax: smaller(spanStartMax, mark + reachUs + durationMin / nsPerUs),
    });
  }

  private elapsedMs(): number {
    return performance.now() - this.startedAtMs;
  }

  /** The traces that no other trace can come before, in order. */
  private final(): readonly Found[] {
    return [...this.found.values()].filter(({ position }) => position >= this.mark).toSorted(compare);
  }

  /**
   * Read candidates, those with the highest bounds first, until the page is full.
   *
   * @returns in µs since 1970, when blocks that were not read end; and whether all candidates of the blocks were read
   */
  private async step(
    condition: Condition,
    longestNs: number,
    blocks: number,
  ): Promise<{ readonly lowWaterMark: bigint | undefined; readonly isComplete: boolean }> {
    const { query } = this;
    const wanted = Math.max(this.steps.leastCandidates, 2 * query.limit);
    const atOnce = Math.max(this.steps.leastAtOnce, Math.ceil(query.limit * spareCandidates));
    const rows = await this.connection.query<CandidateRow>(
      findCandidates.bind({
        start_min: timestampOf(microsecondsOf(query.startMin)),
        last_start: timestampOf(query.spanStartMax),
        block_limit: blocks,
        may_match: blockCondition(condition, true, longestNs) ?? constant(true),
        is_counted: orders[query.isNewest && query.durationMin === 0n ? 'matching_blocks' : 'all_blocks'].fragment(),
        bound: orders[query.order].fragment(),
        first_start_max: microsecondsOf(this.startMax()),
        least_us: query.durationMin / nsPerUs,
        below: this.below,
        limit: wanted,
      }),
    );
    const mark = rows[0]?.low_water_mark ?? undefined;
    const lowWaterMark = mark === undefined ? undefined : BigInt(mark);
    const candidates = rows.flatMap(({ trace_id, bound }): readonly Candidate[] =>
      trace_id === null || bound === null ? [] : [{ traceId: trace_id, bound: BigInt(bound) }],
    );
    for (let n = 0; n < candidates.length; n += atOnce) {
      await this.read(condition, candidates.slice(n, n + atOnce), query.isNewest ? undefined : lowWaterMark);
      const next = candidates[n + atOnce];
      if (next === undefined) break;
      this.mark = (next.bound + 1n) * nsPerUs;
      if (this.final().length >= query.limit) return { lowWaterMark, isComplete: false };
    }
    const last = candidates.at(-1);
    if (last === undefined || candidates.length < wanted) return { lowWaterMark, isComplete: true };
    this.below = last.bound;
    this.mark = last.bound * nsPerUs;
    return { lowWaterMark, isComplete: false };
  }

  /** The last start of a trace of this page, in ns since 1970. */
  private startMax(): bigint {
    const { startMax, after, isNewest } = this.query;
    return isNewest && after !== undefined ? smaller(startMax, after.position) : startMax;
  }

  /** Read the spans of candidates, and keep the traces that match. @param from in µs since 1970; earlier traces are not kept */
  private async read(condition: Condition, candidates: readonly Candidate[], from: bigint | undefined): Promise<void> {
    const { query } = this;
    const start_min = new Parameter(timestampOf(microsecondsOf(query.startMin)));
    const start_max = new Parameter(timestampOf(query.spanStartMax));
    const rows = await this.connection.query<TraceRow>(
      readCandidates.bind({
        trace_ids: candidates.map(({ traceId }) => traceId),
        start_min,
        start_max,
        start_ns: spanStart.fragment(),
        end_ns: spanEnd.fragment(),
        matches: spanCondition(condition, { start_min, start_max }),
      }),
    );
    for (const row of rows) {
      if (!row.is_match) continue;
      const startNs = BigInt(row.start_ns);
      const durationNs = larger(BigInt(row.end_ns) - startNs, 0n);
      if (startNs < query.startMin || startNs > query.startMax) continue;
      if (from !== undefined && startNs < from * nsPerUs) continue;
      if (durationNs < query.durationMin || durationNs > query.durationMax) continue;
      const found = { traceId: traceIdOf(row.trace_id), position: query.isNewest ? startNs : durationNs };
      if (query.after === undefined || compare(query.after, found) < 0) this.found.set(found.traceId, found);
    }
  }
}

/** Compare traces in the order of a page: by position, the highest first, then by id. */
function compare(left: Found, right: Found): number {
  if (left.position !== right.position) return left.position > right.position ? -1 : 1;
  return left.traceId < right.traceId ? -1 : left.traceId > right.traceId ? 1 : 0;
}

function smaller(left: bigint, right: bigint): bigint {
  return left < right ? left : right;
}

function larger(left: bigint, right: bigint): bigint {
  return left > right ? left : right;
}
