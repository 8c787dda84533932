import type { QueryResultRow } from 'pg';
import { begin, commit, type Fragment, Parameter, readFragments, readSql } from '../../sql.js';
import { storableText } from '../../storage/attribute-json.js';
import { blockCondition } from '../filter/block-condition.js';
import { type Condition, testsRelatedRows } from '../filter/condition.js';
import { everything, type Filter } from '../filter/filter.js';
import { lookUp } from '../filter/look-up.js';
import { conditionOf } from '../filter/read-filter.js';
import { spanCondition } from '../filter/span-condition.js';
import type { QueryConnection, QueryDatabaseService } from '../query-database.service.js';
import { clampUnixNano, firstUnixNano, lastUnixNano, microsecondsOf, timestampOf } from '../unix-time.js';
import { limits } from '../../limits.js';
import { columnsOf, type HeatmapColumns, slicesOf } from './heatmap-columns.js';
import { type Heatmap, type HeatmapQuery, lowerBoundsNs } from './heatmap.js';
import { measureRange } from './measure-range.js';

interface CellNames {
  readonly first_start: string;
  readonly last_start: string;
  readonly duration_min_ns: number;
  readonly duration_max_ns: number;
  readonly first_us: bigint;
  readonly step_us: bigint;
  readonly lower_bounds_ns: readonly number[];
}

interface RequestNames {
  readonly start_min: string;
  readonly start_max: string;
  readonly step_seconds: number;
  readonly service_name: string | null;
  readonly operation_name: string | null;
}

const storedRange = readSql(import.meta.url, 'stored-range.sql');
const readFreely = readSql<{ readonly setting: 'on' | 'off' }>(import.meta.url, 'read-freely.sql');
const countRequests = readSql<{ readonly calls: Fragment; readonly first_us: bigint; readonly step_us: bigint }>(
  import.meta.url,
  'count-requests.sql',
);
const requestsOf = readFragments<{
  readonly everything: Pick<RequestNames, 'start_min' | 'start_max' | 'step_seconds'>;
  readonly service: Omit<RequestNames, 'operation_name'>;
  readonly operation: RequestNames;
}>(import.meta.url, 'requests-of.sql', ['everything', 'service', 'operation']);
const cells = readSql<CellNames>(import.meta.url, 'cells.sql');
const scanTraces = readSql<
  CellNames & {
    readonly slice_starts: readonly string[];
    readonly slice_ends: readonly string[];
    readonly margin_us: string;
    readonly trace_ids: Fragment;
    readonly is_read: Fragment;
    readonly matches: Fragment;
  }
>(import.meta.url, 'scan-traces.sql', { cells });
const scanRange = readSql<
  CellNames & { readonly start_min: Parameter; readonly start_max: Parameter; readonly matches: Fragment }
>(import.meta.url, 'scan-range.sql', { cells });
const sliceTraces = readFragments<Record<'none' | 'of_blocks' | 'all_spans' | 'spans_of_traces', Record<never, never>>>(
  import.meta.url,
  'slice-traces.sql',
  ['none', 'of_blocks', 'all_spans', 'spans_of_traces'],
);
const isCompressed = readSql<{ readonly start_min: string; readonly start_max: string }>(
  import.meta.url,
  'is-compressed.sql',
);
const tracesOfBatch = readSql<{ readonly known: readonly string[] }>(
  import.meta.url,
  '../find-traces/traces-of-batch.sql',
);
const lookUpTraces = readSql<
  CellNames & {
    readonly start_min: Parameter;
    readonly start_max: Parameter;
    readonly may_match: Fragment;
    readonly known: readonly string[];
    readonly matches: Fragment;
  }
>(import.meta.url, 'look-up-traces.sql', { traces: tracesOfBatch, cells });

const nsPerUs = 1_000n;
const usPerSecond = 1_000_000;
const maxInt8 = 2n ** 63n - 1n;

/** Aggregates have whole steps of 10 seconds, so that a short range is counted from spans. */
const shortestAggregatedUs = 300_000_000n;
/** A span that is found through its block takes this many times as long to read as one of a whole range. */
const lookUpCost = 8;
/** A lookup of a trace's events in a compressed chunk decompresses a thousand of them: it takes this many times as long. */
const compressedCost = 8;
/** A matching span may start this long after its trace's range. */
const reachUs = 600_000_000n;
const leastMarginUs = 10_000_000n;
/** Fewer spans of a slice are read faster by their traces than by their time. */
const fewSpansOfSlice = 2_000;

interface RangeRow extends QueryResultRow {
  readonly first_us: string | null;
  readonly last_us: string | null;
  readonly counted_us: string | null;
}

interface CellRow extends QueryResultRow {
  readonly column_nr: number;
  readonly row_nr: number | null;
  readonly count: string;
  readonly failed: string;
  readonly others: string;
}

/**
 * Count the traces of a search by their start and duration.
 *
 * The aggregates of calls answer where they can: for all traces, for a service or for an operation that only starts requests.
 * Otherwise spans are read. For a rare value, only the blocks that can have it are read. For others, all spans of the range are
 * read, or an equal share of each column if there are more than `limits.heatmapSpans`, or fewer for slow conditions.
 *
 * @throws TracestoreError
 */
export async function countTraces(
  database: QueryDatabaseService,
  query: HeatmapQuery,
  signal?: AbortSignal,
): Promise<Heatmap> {
  const condition = conditionOf(query.filter ?? everything);
  const connection = await database.connect(signal);
  try {
    await connection.query(begin);
    await connection.query(readFreely.bind({ setting: 'on' }));
    const heatmap = await new Count(connection, query, condition).run();
    await connection.query(commit);
    return heatmap;
  } finally {
    connection.release();
  }
}

class Count {
  private readonly durationMinNs: bigint;
  private readonly durationMaxNs: bigint;
  private minUs = 0n;
  private maxUs = 0n;
  private columns: HeatmapColumns = columnsOf(0n, 0n);

  constructor(
    private readonly connection: QueryConnection,
    private readonly query: HeatmapQuery,
    private readonly condition: Condition,
  ) {
    this.durationMinNs = query.durationMinNs ?? 0n;
    this.durationMaxNs = query.durationMaxNs ?? maxInt8;
  }

  async run(): Promise<Heatmap> {
    const [stored] = await this.connection.query<RangeRow>(storedRange.bind());
    const { startTimeMinUnixNano, startTimeMaxUnixNano } = this.query;
    const min = microsecondsOf(clampUnixNano(startTimeMinUnixNano ?? firstUnixNano));
    const max = microsecondsOf(clampUnixNano(startTimeMaxUnixNano ?? lastUnixNano));
    // Without a bound, the range is that of the stored spans. Aggregates are kept longer than spans.
    this.minUs = larger(min, BigInt(stored?.first_us ?? min));
    this.maxUs = startTimeMaxUnixNano === undefined ? BigInt(stored?.last_us ?? min) : max;
    if (startTimeMinUnixNano !== undefined && this.minUs > this.maxUs) this.minUs = min;
    const isEmpty = stored?.first_us === null || this.minUs > this.maxUs || this.durationMinNs > this.durationMaxNs;
    if (this.minUs > this.maxUs) this.maxUs = this.minUs;
    this.columns = columnsOf(this.minUs, this.maxUs);
    if (isEmpty) return this.heatmapOf([], { source: 'spans', share: 1, spans: 0 });
    return (await this.fromAggregates(stored?.counted_us ?? null)) ?? (await this.fromSpans());
  }

  private async fromAggregates(counted: string | null): Promise<Heatmap | undefined> {
    const { durationMinNs, durationMaxNs } = this.query;
    if (counted === null || durationMinNs !== undefined || durationMaxNs !== undefined) return undefined;
    const wanted = requestsWanted(this.query.filter ?? everything);
    const countedUs = BigInt(counted);
    if (wanted === undefined || smaller(countedUs, this.maxUs) - this.minUs < shortestAggregatedUs) return undefined;
    const { startUs, stepUs } = this.columns;
    if (stepUs % 10_000_000n !== 0n) return undefined;
    const range = {
      start_min: timestampOf(this.minUs),
      start_max: timestampOf(this.maxUs + 1n),
      step_seconds: Number(stepUs) / usPerSecond,
    };
    const service_name = wanted.service === undefined ? null : storableText(wanted.service);
    const calls =
      wanted.operation === undefined
        ? service_name === null
          ? requestsOf.everything.fragment(range)
          : requestsOf.service.fragment({ ...range, service_name })
        : requestsOf.operation.fragment({
            ...range,
            service_name,
            operation_name: storableText(wanted.operation),
          });
    const rows = await this.connection.query<CellRow>(
      countRequests.bind({ calls, first_us: startUs, step_us: stepUs }),
    );
    if (rows.some(({ others }) => Number(others) > 0)) return undefined;
    const heatmap = this.heatmapOf(rows, { source: 'aggregates', share: 1, spans: 0 });
    // Spans that arrived long after they started may not be counted yet.
    if (heatmap.cells.length === 0) return undefined;
    return countedUs >= this.maxUs ? heatmap : { ...heatmap, startTimeMaxUnixNano: countedUs * nsPerUs };
  }

  private async fromSpans(): Promise<Heatmap> {
    const { condition, longestNs } = await lookUp(this.connection, this.condition);
    const nothing = { source: 'spans', share: 1, spans: 0 } as const;
    if (condition.is === 'constant' && !condition.value) return this.heatmapOf([], nothing);
    const mayMatch = blockCondition(condition, true, longestNs);
    const spanMaxUs = smaller(this.maxUs + reachUs, microsecondsOf(lastUnixNano));
    const { blocks, spans, candidateSpans, isComplete } = await measureRange(
      this.connection,
      this.minUs,
      this.maxUs,
      mayMatch,
    );
    if (blocks === 0) return this.heatmapOf([], nothing);
    const { lookUp: maxLookUp, all: maxSpans, sample } = await this.bounds(condition);
    const isRare = isComplete && candidateSpans * lookUpCost <= Math.min(spans, maxLookUp);
    if (mayMatch !== undefined && isRare) return this.lookUpTraces(condition, mayMatch, spanMaxUs, candidateSpans);
    return this.scan(condition, spans, spans <= maxSpans ? 1 : shareOf(spans, sample));
  }

  /**
   * How many spans may be read: after lookups, whose cost is that of `lookUpCost` as many; of the whole range; or as a sample.
   * Each of them takes some tenths of a second.
   */
  private async bounds(condition: Condition): Promise<Readonly<Record<'lookUp' | 'all' | 'sample', number>>> {
    const { maxSpans, filter } = this.query;
    if (maxSpans !== undefined) return { lookUp: maxSpans, all: maxSpans, sample: maxSpans };
    const { heatmapSpans, heatmapSampledSpans, heatmapEventSpans, heatmapTextSpans } = limits;
    if (!testsRelatedRows(condition)) {
      const isOfText = testsText(filter);
      const lookUp = isOfText ? heatmapTextSpans.value * lookUpCost : heatmapSpans.value;
      const all = isOfText ? heatmapTextSpans.value : heatmapSpans.value;
      return { lookUp, all, sample: isOfText ? all : heatmapSampledSpans.value };
    }
    const [row] = await this.connection.query<{ is_compressed: boolean }>(
      isCompressed.bind({ start_min: timestampOf(this.minUs), start_max: timestampOf(this.maxUs) }),
    );
    const cost = row?.is_compressed === true ? compressedCost : 1;
    const all = (testsText(filter) ? heatmapTextSpans : heatmapEventSpans).value / cost;
    return { lookUp: testsText(filter) ? all * lookUpCost : heatmapSpans.value / cost, all, sample: all };
  }

  private async lookUpTraces(
    condition: Condition,
    mayMatch: Fragment,
    spanMaxUs: bigint,
    spans: number,
  ): Promise<Heatmap> {
    const start_min = new Parameter(timestampOf(this.minUs));
    const start_max = new Parameter(timestampOf(spanMaxUs));
    await this.connection.query(readFreely.bind({ setting: 'off' }));
    const rows = await this.connection.query<CellRow>(
      lookUpTraces.bind({
        ...this.cellNames(),
        start_min,
        start_max,
        may_match: mayMatch,
        known: [],
        matches: spanCondition(condition, { start_min, start_max }),
      }),
    );
    return this.heatmapOf(rows, { source: 'spans', share: 1, spans });
  }

  private async scan(condition: Condition, spans: number, share: number): Promise<Heatmap> {
    const slices = slicesOf(this.minUs, this.maxUs, this.columns, share);
    const [first] = slices;
    const widthUs = first === undefined ? 0n : first.endUs - first.startUs;
    const marginUs = share < 1 ? widthUs / 4n + 1n : larger(leastMarginUs, smaller(reachUs, widthUs / 10n));
    const start_min = new Parameter(timestampOf(larger(0n, this.minUs - marginUs)));
    const start_max = new Parameter(timestampOf(smaller(this.maxUs + marginUs, microsecondsOf(lastUnixNano))));
    const matches = spanCondition(condition, { start_min, start_max });
    if (share >= 1 && !testsRelatedRows(condition)) {
      const all = await this.connection.query<CellRow>(
        scanRange.bind({ ...this.cellNames(), start_min, start_max, matches }),
      );
      return this.heatmapOf(all, { source: 'spans', share, spans });
    }
    const isByTrace = (spans * share) / slices.length < fewSpansOfSlice;
    if (isByTrace) await this.connection.query(readFreely.bind({ setting: 'off' }));
    const rows = await this.connection.query<CellRow>(
      scanTraces.bind({
        ...this.cellNames(),
        slice_starts: slices.map(({ startUs }) => timestampOf(startUs)),
        slice_ends: slices.map(({ endUs }) => timestampOf(endUs)),
        margin_us: marginUs.toString(),
        trace_ids: sliceTraces[isByTrace || testsRelatedRows(condition) ? 'of_blocks' : 'none'].fragment(),
        is_read: sliceTraces[isByTrace ? 'spans_of_traces' : 'all_spans'].fragment(),
        matches,
      }),
    );
    return this.heatmapOf(rows, { source: 'spans', share, spans: Math.round(spans * share) });
  }

  private cellNames(): CellNames {
    return {
      first_start: timestampOf(this.minUs),
      last_start: timestampOf(this.maxUs),
      duration_min_ns: Number(this.durationMinNs),
      duration_max_ns: Number(this.durationMaxNs),
      first_us: this.columns.startUs,
      step_us: this.columns.stepUs,
      lower_bounds_ns: lowerBoundsNs,
    };
  }

  private heatmapOf(rows: readonly CellRow[], origin: Pick<Heatmap, 'source' | 'share' | 'spans'>): Heatmap {
    const estimate = (count: string): number => Math.max(0, Math.round(Number(count) / origin.share));
    const columns = Array.from({ length: this.columns.count }, () => ({ count: 0, failed: 0 }));
    const found: { readonly column: number; readonly row: number; readonly count: number }[] = [];
    for (const { column_nr, row_nr, count, failed } of rows) {
      // Aggregates have whole steps, which can begin before the range.
      const column = Math.min(Math.max(column_nr, 0), this.columns.count - 1);
      if (row_nr === null) columns[column] = { count: estimate(count), failed: estimate(failed) };
      else found.push({ column, row: row_nr, count: estimate(count) });
    }
    return {
      ...origin,
      startTimeMinUnixNano: this.minUs * nsPerUs,
      startTimeMaxUnixNano: this.maxUs * nsPerUs + nsPerUs - 1n,
      firstUnixNano: this.columns.startUs * nsPerUs,
      stepNs: this.columns.stepUs * nsPerUs,
      columns,
      cells: found.filter(({ count }) => count > 0).toSorted((a, b) => a.column - b.column || a.row - b.row),
    };
  }
}

/** The service and the name of the operation that a filter asks for; undefined if it asks for anything else. */
function requestsWanted(filter: Filter): { readonly service?: string; readonly operation?: string } | undefined {
  const parts = filter.op === 'and' ? filter.filters : [filter];
  const wanted: { service?: string; operation?: string } = {};
  for (const part of parts) {
    if (part.op !== 'eq' || !('field' in part.reference) || part.value.type !== 'string') return undefined;
    const name = part.reference.field === 'resource.service' ? 'service' : 'operation';
    if (name === 'operation' && part.reference.field !== 'span.name') return undefined;
    if (wanted[name] !== undefined || part.value.value === '') return undefined;
    wanted[name] = part.value.value;
  }
  return wanted;
}

/** Whether a filter looks for a text in the values of all attributes, which takes much longer than another condition. */
function testsText(filter: Filter | undefined): boolean {
  switch (filter?.op) {
    case 'contains':
      return true;
    case 'and':
    case 'or':
      return filter.filters.some(testsText);
    case 'not':
    case 'some':
      return testsText(filter.filter);
    default:
      return false;
  }
}

function smaller(left: bigint, right: bigint): bigint {
  return left < right ? left : right;
}

function larger(left: bigint, right: bigint): bigint {
  return left > right ? left : right;
}

/** The share of a range that a sample has. A part of a column is read with as much again as half of it, before and after. */
function shareOf(spans: number, sample: number): number {
  return sample / (1.5 * spans);
}
