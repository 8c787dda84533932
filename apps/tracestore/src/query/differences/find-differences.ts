import type { QueryResultRow } from 'pg';
import { type Fragment, type Parameter, readSql } from '../../sql.js';
import { allOf, everything } from '../filter/filter.js';
import type { QueryConnection, QueryDatabaseService } from '../query-database.service.js';
import type { TraceConditions } from '../search-conditions.js';
import { clampUnixNano } from '../unix-time.js';
import { textOfJson } from '../value-text.js';
import {
  SampleCondition,
  sampleFragments,
  type SampleNames,
  sampleOfTraces,
  type StartNames,
  startNamesOf,
} from './trace-sample.js';

const classifyTraces = readSql<SampleNames & { readonly base: Fragment; readonly selected: Fragment }>(
  import.meta.url,
  'classify-traces.sql',
  sampleFragments,
);
const compareTraces = readSql<{
  readonly inside: readonly string[];
  readonly outside: readonly string[];
  readonly start_min: Parameter;
  readonly start_max: Parameter;
  readonly traces: number;
}>(import.meta.url, 'compare-traces.sql');

/** How many traces of each side are compared. */
export const tracesCompared = 1_000;

/** How many traces are examined at most to find these, and how many by one statement. */
const maxExamined = 8_000;
const batchSize = 1_000;

/** The share of the slowest traces that `slowest` selects, and how many traces decide on their duration. */
const slowestShare = 0.05;
const tracesForPercentile = 4_000;

/**
 * The traces whose attributes are compared with those of the other traces of the same search. All conditions must hold. One
 * span passes both filters.
 */
export interface Selection extends TraceConditions {
  /** The trace is among the slowest 5 % of the search. */
  readonly isSlowest?: boolean | undefined;
}

/** A value that is more frequent, or less frequent, in the selection. */
export interface Difference {
  readonly level: 'span' | 'resource' | 'event' | 'field';
  readonly key: string;
  /** The text that finds the value; undefined for a range of numbers, or for any value of the key. */
  readonly value: string | undefined;
  /** A range of numbers, without its end; ±Infinity where it has no bound. */
  readonly range: { readonly min: number; readonly max: number } | undefined;
  /** How many traces have the value. */
  readonly inside: number;
  readonly outside: number;
  /** Cohen's h: above 0 where the value is more frequent inside. */
  readonly effect: number;
  readonly pValue: number;
  readonly qValue: number;
}

/** One of the two sets of traces. */
export interface ComparedSide {
  /** How many traces were compared. */
  readonly traces: number;
  /** Whether there are more traces than that. */
  readonly isSampled: boolean;
}

export interface Differences {
  readonly inside: ComparedSide;
  readonly outside: ComparedSide;
  /** The least duration of the slowest traces in ns; undefined unless they were selected. */
  readonly slowestFromNs: number | undefined;
  /** The strongest first. */
  readonly differences: readonly Difference[];
}

interface ClassifiedRow extends QueryResultRow {
  readonly trace_id: string;
  readonly start_ns: string;
  readonly duration_ns: string;
  readonly is_selected: boolean;
}

interface DifferenceRow extends QueryResultRow {
  readonly level: Difference['level'];
  readonly key: string;
  readonly value: string | null;
  readonly number_min: number | null;
  readonly number_max: number | null;
  readonly inside: number;
  readonly outside: number;
  readonly effect: number;
  readonly p_value: number;
  readonly q_value: number;
}

/** A trace of the search. */
interface Trace {
  readonly startNs: bigint;
  readonly durationNs: bigint;
  /** One span passes both filters. */
  readonly passes: boolean;
}

/**
 * Compare the attributes of selected traces with those of the other traces of a search: see
 * `ps_trace.attribute_differences`. Of both sides, a random sample of `tracesCompared` traces is read (ADR 22).
 *
 * @throws TracestoreError
 */
export async function findDifferences(
  database: QueryDatabaseService,
  search: TraceConditions,
  selection: Selection,
  signal?: AbortSignal,
): Promise<Differences> {
  const connection = await database.connect(signal);
  try {
    return await new Comparison(connection, search, selection).run();
  } finally {
    connection.release();
  }
}

/** One execution of a comparison. */
class Comparison {
  private readonly range: StartNames;
  private readonly base: SampleCondition;
  private readonly selected: SampleCondition;
  private readonly both: SampleCondition;
  /** The examined traces of the search. */
  private readonly traces = new Map<string, Trace>();

  constructor(
    private readonly connection: QueryConnection,
    private readonly search: TraceConditions,
    private readonly selection: Selection,
  ) {
    this.range = startNamesOf(search);
    const filter = selection.filter ?? everything;
    this.base = new SampleCondition(search.filter, this.range);
    this.selected = new SampleCondition(filter, this.range);
    this.both = new SampleCondition(allOf(search.filter ?? everything, filter), this.range);
  }

  async run(): Promise<Differences> {
    const wanted = this.selection.isSlowest === true ? tracesForPercentile : tracesCompared;
    const isComplete = await this.examine(this.base, ({ inside, outside }) => {
      if (this.selection.isSlowest === true) return this.traces.size >= wanted;
      return inside.length >= wanted && outside.length >= wanted;
    });
    const slowestFromNs = this.selection.isSlowest === true ? this.slowest() : undefined;
    let { inside, outside } = this.sides(slowestFromNs);
    let isInsideComplete = isComplete;
    // Selected traces are rare: look for them where the blocks may have them.
    if (!isComplete && inside.length < tracesCompared && this.selection.filter !== undefined) {
      const known = outside;
      isInsideComplete = await this.examine(this.both, (found) => found.inside.length >= tracesCompared, slowestFromNs);
      ({ inside } = this.sides(slowestFromNs));
      outside = known;
    }
    const differences = await this.compare(inside.slice(0, tracesCompared), outside.slice(0, tracesCompared));
    return {
      inside: {
        traces: Math.min(inside.length, tracesCompared),
        isSampled: !isInsideComplete || inside.length > tracesCompared,
      },
      outside: {
        traces: Math.min(outside.length, tracesCompared),
        isSampled: !isComplete || outside.length > tracesCompared,
      },
      slowestFromNs: slowestFromNs === undefined ? undefined : Number(slowestFromNs),
      differences,
    };
  }

  /** Examine a sample of traces until there are enough. @returns whether all traces have been examined */
  private async examine(
    condition: SampleCondition,
    isEnough: (sides: ReturnType<Comparison['sides']>) => boolean,
    slowestFromNs?: bigint,
  ): Promise<boolean> {
    const { traceIds, sampledShare } = await sampleOfTraces(this.connection, condition, this.range, maxExamined);
    const fresh = traceIds.filter((traceId) => !this.traces.has(traceId));
    for (let from = 0; from < fresh.length; from += batchSize) {
      const rows = await this.connection.query<ClassifiedRow>(
        classifyTraces.bind({
          ...this.range,
          trace_ids: fresh.slice(from, from + batchSize),
          base: this.base.ofSpan,
          selected: this.selected.ofSpan,
        }),
      );
      for (const row of rows) this.note(row);
      if (from + batchSize < fresh.length && isEnough(this.sides(slowestFromNs))) return false;
    }
    return sampledShare >= 1;
  }

  private note({ trace_id, start_ns, duration_ns, is_selected }: ClassifiedRow): void {
    const [startNs, durationNs] = [BigInt(start_ns), BigInt(duration_ns)];
    const { durationMinNs, durationMaxNs } = this.search;
    if (!isWithin(durationNs, durationMinNs, durationMaxNs)) return;
    this.traces.set(trace_id, { startNs, durationNs, passes: is_selected });
  }

  /** The least duration of the slowest traces, of those examined. */
  private slowest(): bigint {
    const durations = Array.from(this.traces.values(), ({ durationNs }) => durationNs).toSorted((a, b) =>
      a < b ? -1 : a > b ? 1 : 0,
    );
    return durations[Math.floor(durations.length * (1 - slowestShare))] ?? 0n;
  }

  private sides(slowestFromNs: bigint | undefined): {
    readonly inside: readonly string[];
    readonly outside: readonly string[];
  } {
    const { durationMinNs, durationMaxNs, startTimeMinUnixNano, startTimeMaxUnixNano } = this.selection;
    const least = slowestFromNs ?? 0n;
    const [inside, outside]: [string[], string[]] = [[], []];
    for (const [traceId, { startNs, durationNs, passes }] of this.traces) {
      const isInside =
        passes &&
        durationNs >= least &&
        isWithin(durationNs, durationMinNs, durationMaxNs) &&
        isWithin(startNs, startTimeMinUnixNano, startTimeMaxUnixNano);
      (isInside ? inside : outside).push(traceId);
    }
    return { inside, outside };
  }

  private async compare(inside: readonly string[], outside: readonly string[]): Promise<readonly Difference[]> {
    if (inside.length === 0 || outside.length === 0) return [];
    const { start_min, start_max } = this.range;
    const rows = await this.connection.query<DifferenceRow>(
      compareTraces.bind({ inside, outside, start_min, start_max, traces: tracesCompared }),
    );
    return rows.map((row) => ({
      level: row.level,
      key: row.key,
      value: row.value === null ? undefined : textOfJson(row.value),
      range:
        row.number_min === null || row.number_max === null ? undefined : { min: row.number_min, max: row.number_max },
      inside: row.inside,
      outside: row.outside,
      effect: row.effect,
      pValue: row.p_value,
      qValue: row.q_value,
    }));
  }
}

function isWithin(value: bigint, min: bigint | undefined, max: bigint | undefined): boolean {
  return (min === undefined || value >= min) && (max === undefined || value <= clampUnixNano(max));
}
