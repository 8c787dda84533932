import type { Pipeline, Query } from '@spandrel/traceql';
import type { QueryResultRow } from 'pg';
import { errorKinds } from '../../errors/error-kinds.js';
import { TracestoreError } from '../../errors/tracestore-error.js';
import {
  allOf,
  anyOf,
  type BoundStatement,
  constant,
  type Fragment,
  listOf,
  type NoArguments,
  readFragments,
  readSql,
} from '../../sql.js';
import type { QueryConnection, QueryDatabaseService } from '../query-database.service.js';
import { readCursor, writeCursor } from '../search-traces/trace-cursor.js';
import { requireTraceId, spanIdOf, traceIdOf } from '../span-id.js';
import { clampUnixNano, firstUnixNano, lastUnixNano, microsecondsOf, timestampOf } from '../unix-time.js';
import { keyValueOf, readJson, valueOf } from './otlp-values.js';
import { type KnownNeed, Necessary } from './necessary.js';
import { pipelineSql } from './pipeline-sql.js';
import { requireSets } from './query-bounds.js';
import { Report } from './report.js';
import type { TraceqlSearch, TraceqlSearchResult, TraceqlSpan, TraceqlSpanSet, TraceqlTrace } from './results.js';
import type { Value } from './field-sql.js';
import { wholeTraces } from './whole-traces.js';
import { withJoins } from './with-joins.js';

type Names = {
  readonly range_start: string;
  readonly first_start: string;
  readonly last_start: string;
  readonly block_limit: number;
  readonly tests: Fragment;
  readonly grouped_tests: Fragment;
  readonly is_read: Fragment;
  readonly has_all: Fragment;
  readonly bound: Fragment;
  readonly below: string;
  readonly start_max_us: string;
  readonly limit: number;
};

const findCandidates = readSql<Names>(import.meta.url, 'find-candidates.sql');
const parts = readFragments<{
  readonly newest: NoArguments;
  readonly slowest: NoArguments;
  readonly test: { readonly condition: Fragment; readonly name: string };
  readonly no_test: NoArguments;
  readonly grouped_test: { readonly name: string };
  readonly no_grouped_test: NoArguments;
  readonly block_has: { readonly name: string };
  readonly trace_has: { readonly name: string };
}>(import.meta.url, 'candidate-parts.sql', [
  'newest',
  'slowest',
  'test',
  'no_test',
  'grouped_test',
  'no_grouped_test',
  'block_has',
  'trace_has',
]);
const evaluateTraces = readSql<{
  readonly traces: Fragment;
  readonly relations: Fragment;
  readonly found: string;
  readonly most_spans: number;
  readonly side_is_grouped: Fragment;
  readonly aggregate_is_grouped: Fragment;
  readonly fields: Fragment;
}>(import.meta.url, 'evaluate-traces.sql');

interface CandidateRow extends QueryResultRow {
  readonly low_water_mark: string | null;
  readonly trace_id: string | null;
  readonly bound: string | null;
}

interface SpanRow extends QueryResultRow {
  readonly side_is_grouped: boolean;
  readonly aggregate_is_grouped: boolean;
  readonly traces: string;
  readonly spans: string;
  readonly g: string;
  readonly nr: string;
  readonly matched: string;
  readonly trace_id: string | null;
  readonly span_id: string;
  readonly name: string;
  readonly start_ns: string;
  readonly duration_ns: string;
  readonly fields: string;
  readonly labels: string | null;
  readonly services: readonly (readonly [string, number, number])[] | null;
  readonly trace_start_ns: string;
  readonly trace_end_ns: string;
  readonly has_root: boolean;
  readonly root_name: string | null;
  readonly root_service_name: string | null;
}

/** How many blocks the first statement reads, and how many times as many the next one does. */
const firstBlocks = 256;
const blockGrowth = 8;
const maxBlocks = 2 ** 20;

/** How many candidates a statement returns at least, and how many of them are evaluated at once. */
const leastCandidates = 1_000;
const leastAtOnce = 25;

/** A page that is to have so many traces reads this many times as many candidates at once: some do not match. */
const spareCandidates = 1.25;

/** The spans of a trace whose start is this long before or after the range decide whether it is a candidate. */
const reachUs = 3_600_000_000n;

const nsPerUs = 1_000n;
const maxInt8 = 2n ** 63n - 1n;
const maxPageSize = 10_000;
const maxSpans = 1_000;

/** A trace that was found, with what it is ordered by: its start, or its duration, in ns. */
interface Found {
  readonly position: bigint;
  readonly trace: TraceqlTrace;
}

/**
 * Answer a search: one page of it. Candidates are found by the summaries of blocks, in the order of the answer, and evaluated with
 * all their spans.
 *
 * @throws TracestoreError
 */
export async function searchTraces(
  database: QueryDatabaseService,
  query: Query & { readonly body: Pipeline },
  search: TraceqlSearch,
  signal?: AbortSignal,
): Promise<TraceqlSearchResult> {
  const page = new Page(query, search);
  if (page.isEmpty) return { traces: [], nextCursor: undefined, inspected: { traces: 0, spans: 0 } };
  return withJoins(database, 'off', signal, (connection, memory) =>
    new SearchRun(connection, memory, page, database.timeoutMs).find(),
  );
}

/** The ids of the spans of a trace that a search finds. @throws TracestoreError */
export async function findMatchingSpans(
  database: QueryDatabaseService,
  query: Query & { readonly body: Pipeline },
  traceId: string,
  signal?: AbortSignal,
): Promise<readonly string[]> {
  const page = new Page(query, {
    query: '',
    startNs: undefined,
    endNs: undefined,
    limit: 1,
    spansPerSpanSet: maxSpans,
  });
  const statement = page.evaluation([requireTraceId(traceId, 'trace_id')], Number.MAX_SAFE_INTEGER);
  const rows = await withJoins(database, 'off', signal, (connection, memory) =>
    connection.query<SpanRow>(statement, memory),
  );
  requireSets(rows[0]);
  return [...new Set(rows.flatMap((row) => (row.trace_id === null ? [] : [spanIdOf(row.span_id)])))];
}

/** A valid search. */
class Page {
  readonly isNewest: boolean;
  readonly limit: number;
  readonly necessary: Necessary;
  readonly startNs: bigint;
  readonly endNs: bigint;
  /** The last trace of the page before. */
  readonly after: { readonly position: bigint; readonly traceId: string } | undefined;
  private readonly report: Report;

  constructor(
    private readonly query: Query & { readonly body: Pipeline },
    private readonly search: TraceqlSearch,
  ) {
    const { limit, spansPerSpanSet, cursor } = search;
    requireInteger('limit', limit, maxPageSize);
    requireInteger('spansPerSpanSet', spansPerSpanSet, maxSpans);
    this.limit = limit;
    this.isNewest = !query.hints.some(
      ({ name, value }) => name === 'order' && value.type === 'word' && value.value === 'slowest',
    );
    this.startNs = clampUnixNano(search.startNs ?? firstUnixNano);
    this.endNs = clampUnixNano(search.endNs ?? lastUnixNano);
    this.after = cursor === undefined ? undefined : readCursor(this.order, cursor);
    this.necessary = new Necessary(query.body);
    this.report = new Report(query.body);
    // Refuses what SQL cannot say, whatever the store holds.
    this.evaluation([]);
  }

  get order(): 'newest' | 'slowest' {
    return this.isNewest ? 'newest' : 'slowest';
  }

  get isEmpty(): boolean {
    return this.startNs > this.endNs;
  }

  /** The statement that evaluates traces. */
  evaluation(traceIds: readonly string[], mostSpans = this.search.spansPerSpanSet): BoundStatement {
    const { relations, found, sideIsGrouped, aggregateIsGrouped } = pipelineSql(this.query.body, this);
    return evaluateTraces.bind({
      traces: wholeTraces(this.query.body, traceIds),
      relations,
      found,
      most_spans: mostSpans,
      side_is_grouped: sideIsGrouped,
      aggregate_is_grouped: aggregateIsGrouped,
      fields: this.report.sql(),
    });
  }

  /** Read the rows of an evaluation. */
  read(rows: readonly SpanRow[]): readonly Found[] {
    requireSets(rows[0]);
    const byTrace = Map.groupBy(
      rows.filter((row) => row.trace_id !== null),
      (row) => row.trace_id ?? '',
    );
    return [...byTrace].map(([uuid, own]) => {
      const [first] = own as [SpanRow];
      const startNs = BigInt(first.trace_start_ns);
      const durationNs = BigInt(first.trace_end_ns) - startNs;
      const trace: TraceqlTrace = {
        traceId: traceIdOf(uuid),
        root: first.has_root
          ? { serviceName: first.root_service_name ?? '', spanName: first.root_name ?? '' }
          : undefined,
        startNs,
        durationNs,
        services: (first.services ?? []).map(([name, spanCount, errorCount]) => ({ name, spanCount, errorCount })),
        spanSets: [...Map.groupBy(own, ({ g }) => g).values()].map((set) => this.setOf(set)),
      };
      return { position: this.isNewest ? startNs : durationNs, trace };
    });
  }

  private setOf(rows: readonly SpanRow[]): TraceqlSpanSet {
    const [first] = rows as [SpanRow];
    const labels = new Map(
      (readJson(first.labels ?? '[]') as readonly (readonly [string, Value['type'], unknown])[])
        .filter(([label, , value]) => value !== null || label.startsWith('by('))
        .map(([label, type, value]) => [label, keyValueOf(label, valueOf(value, type))] as const),
    );
    return {
      spans: rows.map((row) => this.spanOf(row)),
      matched: Number(first.matched),
      attributes: [...labels.values()],
    };
  }

  private spanOf(row: SpanRow): TraceqlSpan {
    const { hasName, attributes } = this.report.read(row.fields);
    return {
      spanId: spanIdOf(row.span_id),
      name: hasName ? row.name : undefined,
      startNs: BigInt(row.start_ns),
      durationNs: BigInt(row.duration_ns),
      attributes,
    };
  }
}

function requireInteger(name: string, value: number, most: number): void {
  if (!Number.isInteger(value) || value < 1 || value > most)
    throw new TracestoreError(errorKinds.invalid, `${name} must be an integer from 1 to ${most}, got ${value}`);
}

/** One execution of a search. */
class SearchRun {
  private readonly found = new Map<string, Found>();
  /** Traces that are not found yet have positions below, in ns. */
  private mark = 2n ** 64n;
  /** Candidates that were not read yet have bounds below, in µs. */
  private below = maxInt8;
  private readonly seen = new Set<string>();
  private traces = 0;
  private spans = 0;
  private readonly startedAtMs = performance.now();

  constructor(
    private readonly connection: QueryConnection,
    private readonly memory: ReturnType<QueryDatabaseService['memory']['open']>,
    private readonly page: Page,
    private readonly timeoutMs: number,
  ) {}

  async find(): Promise<TraceqlSearchResult> {
    const { page } = this;
    const need = await page.necessary.lookUp(this.connection);
    if (need.isImpossible) this.mark = 0n;
    // The slowest trace may be anywhere in the range.
    let blocks = page.isNewest ? firstBlocks : maxBlocks;
    while (this.mark > 0n && this.final().length < page.limit) {
      const { lowWaterMark, isComplete } = await this.step(need, blocks);
      if (isComplete) {
        if (!page.isNewest && lowWaterMark !== undefined)
          throw new TracestoreError(errorKinds.invalid, 'order=slowest needs a shorter time range');
        this.mark = lowWaterMark === undefined ? 0n : lowWaterMark * nsPerUs;
        this.below = lowWaterMark === undefined ? 0n : lowWaterMark + 1n;
        blocks *= blockGrowth;
      }
    }
    const found = this.final().slice(0, page.limit);
    const last = found[page.limit - 1];
    return {
      traces: found.map(({ trace }) => trace),
      nextCursor:
        last === undefined
          ? undefined
          : writeCursor(page.order, {
              position: last.position,
              traceId: last.trace.traceId,
              startMin: microsecondsOf(page.startNs),
              spanStartMax: microsecondsOf(page.endNs),
            }),
      inspected: { traces: this.traces, spans: this.spans },
    };
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
    need: KnownNeed,
    blocks: number,
  ): Promise<{ readonly lowWaterMark: bigint | undefined; readonly isComplete: boolean }> {
    const { page } = this;
    const wanted = Math.max(leastCandidates, 2 * page.limit);
    const atOnce = Math.max(leastAtOnce, Math.ceil(page.limit * spareCandidates));
    const rows = await this.connection.query<CandidateRow>(this.candidates(need, blocks, wanted));
    const mark = rows[0]?.low_water_mark ?? undefined;
    const lowWaterMark = mark === undefined ? undefined : BigInt(mark);
    const least = page.isNewest ? (lowWaterMark ?? 0n) * nsPerUs : 0n;
    const candidates = rows.flatMap(({ trace_id, bound }) =>
      trace_id === null || bound === null ? [] : [{ traceId: trace_id, bound: BigInt(bound) }],
    );
    for (let n = 0; n < candidates.length; n += atOnce) {
      await this.evaluate(candidates.slice(n, n + atOnce).map(({ traceId }) => traceId));
      const next = candidates[n + atOnce];
      if (next === undefined) break;
      this.mark = larger((next.bound + 1n) * nsPerUs, least);
      if (this.final().length >= page.limit) return { lowWaterMark, isComplete: false };
      if (performance.now() - this.startedAtMs > this.timeoutMs) throw new TracestoreError(errorKinds.timedOut);
    }
    const last = candidates.at(-1);
    if (last === undefined || candidates.length < wanted) return { lowWaterMark, isComplete: true };
    this.below = last.bound;
    this.mark = larger(last.bound * nsPerUs, least);
    return { lowWaterMark, isComplete: false };
  }

  private candidates({ blockTests, formula }: KnownNeed, blocks: number, limit: number): BoundStatement {
    const { page } = this;
    const names = blockTests.map((test, n) => (test === undefined ? undefined : `has_${n}`));
    const known = names.filter((name) => name !== undefined);
    const hasAll = formula(
      (n) => {
        const name = names[n];
        return name === undefined ? constant(true) : parts.trace_has.fragment({ name });
      },
      (is, list) => (is === 'all' ? allOf : anyOf)(list),
    );
    // Every block of a trace bounds its start. Only all blocks bound its duration.
    const isRead =
      page.isNewest && known.length === blockTests.length && known.length > 0
        ? anyOf(known.map((name) => parts.block_has.fragment({ name })))
        : constant(true);
    const lastUs = smaller(microsecondsOf(page.endNs) + reachUs, microsecondsOf(lastUnixNano));
    const startMaxUs = page.isNewest && page.after !== undefined ? microsecondsOf(page.after.position) : maxInt8;
    return findCandidates.bind({
      range_start: timestampOf(microsecondsOf(page.startNs)),
      first_start: timestampOf(larger(microsecondsOf(page.startNs) - reachUs, 0n)),
      last_start: timestampOf(lastUs),
      block_limit: blocks,
      tests:
        known.length === 0
          ? parts.no_test.fragment()
          : listOf(
              blockTests.flatMap((condition, n) =>
                condition === undefined ? [] : [parts.test.fragment({ condition, name: `has_${n}` })],
              ),
            ),
      grouped_tests:
        known.length === 0
          ? parts.no_grouped_test.fragment()
          : listOf(known.map((name) => parts.grouped_test.fragment({ name }))),
      is_read: isRead,
      has_all: hasAll ?? constant(true),
      bound: parts[page.order].fragment(),
      below: String(this.below),
      start_max_us: String(smaller(startMaxUs, microsecondsOf(page.endNs))),
      limit,
    });
  }

  /** Evaluate candidates, and keep those that are found. */
  private async evaluate(traceIds: readonly string[]): Promise<void> {
    const fresh = traceIds.filter((traceId) => !this.seen.has(traceId));
    if (fresh.length === 0) return;
    for (const traceId of fresh) this.seen.add(traceId);
    const { page } = this;
    const rows = await this.connection.query<SpanRow>(page.evaluation(fresh), this.memory);
    this.traces += Number(rows[0]?.traces ?? 0);
    this.spans += Number(rows[0]?.spans ?? 0);
    for (const found of page.read(rows)) {
      const after = page.after;
      if (after !== undefined && compareTo(after, found) >= 0) continue;
      this.found.set(found.trace.traceId, found);
    }
  }
}

/** Compare traces in the order of a page: by position, the highest first, then by id. */
function compare(left: Found, right: Found): number {
  return compareTo({ position: left.position, traceId: left.trace.traceId }, right);
}

function compareTo(left: { readonly position: bigint; readonly traceId: string }, right: Found): number {
  if (left.position !== right.position) return left.position > right.position ? -1 : 1;
  const { traceId } = right.trace;
  return left.traceId < traceId ? -1 : left.traceId > traceId ? 1 : 0;
}

function smaller(left: bigint, right: bigint): bigint {
  return left < right ? left : right;
}

function larger(left: bigint, right: bigint): bigint {
  return left > right ? left : right;
}
