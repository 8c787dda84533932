import type { QueryResultRow } from 'pg';
import { storableText } from '../../storage/attribute-json.js';
import type { QueryDatabaseService } from '../../query/query-database.service.js';
import { errorKinds } from '../../errors/error-kinds.js';
import { TracestoreError } from '../../errors/tracestore-error.js';
import { limits } from '../../limits.js';
import type { SpanKind } from '../../query/span-enums.js';
import { readSql } from '../../sql.js';

interface CallsNames {
  readonly start_min: Date;
  readonly before: Date;
  readonly bucket: string;
  readonly service_names: readonly string[];
  readonly span_kinds: readonly SpanKind[];
  readonly by_operation: boolean;
}

const findCalls = readSql<CallsNames>(import.meta.url, 'find-calls.sql');
const findDurations = readSql<CallsNames>(import.meta.url, 'find-durations.sql');

/** The shortest interval of aggregates (ADR 10). */
const finestSeconds = 10;
export const minStepMs = finestSeconds * 1000;

/** The maximum number of points of Prometheus, which Jaeger uses otherwise. */
const maxPoints = 11_000;
const maxBuckets = 100_000;

/** The quantity that is shown. */
export type Measure =
  /** Calls per second. */
  | { readonly of: 'calls' }
  /** The ratio of errors to calls, from 0 to 1. */
  | { readonly of: 'errors' }
  /** The quantile (from 0 to 1) of durations in ms, at most 4.5 % off. */
  | { readonly of: 'latencies'; readonly quantile: number };

/** Each point covers the calls in the time `ratePer` before it. */
export interface MonitorQuery {
  readonly serviceNames: readonly string[];
  readonly spanKinds: readonly SpanKind[];
  readonly groupByOperation: boolean;
  /** The time of the last point, since 1970. */
  readonly endMs: number;
  /** The time from the first to the last point. */
  readonly lookbackMs: number;
  readonly stepMs: number;
  readonly ratePerMs: number;
}

/** Jaeger's MetricFamily in JSON. */
export interface MetricFamily {
  readonly name: string;
  readonly type: 'GAUGE';
  readonly help: string;
  readonly metrics: readonly {
    readonly labels: readonly { readonly name: string; readonly value: string }[];
    readonly metricPoints: readonly {
      readonly gaugeValue: { readonly doubleValue: number };
      readonly timestamp: string;
    }[];
  }[];
}

/** The calls of an interval, which are subtracted when the interval leaves the window of a point. */
interface Bucket {
  readonly seconds: number;
  readonly calls: number;
  readonly errors: number;
  /** By bucket of durations; empty if it is not needed. */
  readonly durations: readonly (readonly [number, number])[];
}

interface BucketRow extends QueryResultRow {
  readonly bucket_seconds: string;
  readonly service_name: string;
  readonly span_name: string;
  readonly calls: string;
  readonly errors?: string;
  readonly bucket?: number;
}

interface Series {
  readonly serviceName: string;
  readonly spanName: string;
  /** Ordered by time. */
  readonly buckets: Bucket[];
}

/**
 * Returns RED metrics of services or their operations over time. It reads aggregates, which have new calls within 30
 * seconds (ADR 10). Times are rounded to whole 10 seconds.
 *
 * @throws TracestoreError
 */
export async function monitor(
  database: QueryDatabaseService,
  measure: Measure,
  query: MonitorQuery,
  signal?: AbortSignal,
): Promise<MetricFamily> {
  const grid = gridOf(query);
  const rows = await database.query<BucketRow>(
    (measure.of === 'latencies' ? findDurations : findCalls).bind({
      start_min: new Date(grid.fromSeconds * 1000),
      before: new Date(grid.endSeconds * 1000),
      bucket: `${grid.bucketSeconds} seconds`,
      service_names: query.serviceNames.map(storableText),
      span_kinds: query.spanKinds,
      by_operation: query.groupByOperation,
    }),
    signal,
  );
  const series = seriesOf(rows);
  if (series.length * grid.points > limits.monitorPoints.value) throw new TracestoreError(errorKinds.responseTooLarge);
  const level = query.groupByOperation ? 'service_operation' : 'service';
  return {
    name: `${level}_${{ calls: 'call_rate', errors: 'error_rate', latencies: 'latencies' }[measure.of]}`,
    type: 'GAUGE',
    help: `${helpOf(measure)}, grouped by service${query.groupByOperation ? ' & operation' : ''}`,
    metrics: series
      .map((each) => ({
        labels: [
          ...(query.groupByOperation ? [{ name: 'operation', value: each.spanName }] : []),
          { name: 'service_name', value: each.serviceName },
        ],
        metricPoints: pointsOf(each, grid, measure),
      }))
      .filter(({ metricPoints }) => metricPoints.length > 0),
  };
}

/** The times of the points, and their window. */
interface Grid {
  readonly bucketSeconds: number;
  readonly stepSeconds: number;
  readonly windowSeconds: number;
  readonly points: number;
  /** The time of the last point. */
  readonly endSeconds: number;
  /** The start of the first interval of any point. */
  readonly fromSeconds: number;
}

function gridOf({ endMs, lookbackMs, stepMs, ratePerMs }: MonitorQuery): Grid {
  const stepSeconds = wholeBuckets(stepMs);
  const windowSeconds = wholeBuckets(ratePerMs);
  const bucketSeconds = greatestCommonDivisor(stepSeconds, windowSeconds);
  const points = Math.floor(lookbackMs / 1000 / stepSeconds) + 1;
  const spanSeconds = (points - 1) * stepSeconds + windowSeconds;
  if (points > maxPoints || spanSeconds / bucketSeconds > maxBuckets) {
    throw new TracestoreError(
      errorKinds.invalid,
      `more than ${maxPoints} points or ${maxBuckets} buckets are requested`,
    );
  }
  const endSeconds = Math.floor(endMs / 1000 / bucketSeconds) * bucketSeconds;
  const fromSeconds = endSeconds - spanSeconds;
  if (fromSeconds < 0 || endSeconds > 2 ** 33)
    throw new TracestoreError(errorKinds.invalid, 'the range must begin after 1970 and end before 2242');
  return { bucketSeconds, stepSeconds, windowSeconds, points, endSeconds, fromSeconds };
}

function wholeBuckets(milliseconds: number): number {
  return Math.ceil(milliseconds / 1000 / finestSeconds) * finestSeconds;
}

function greatestCommonDivisor(left: number, right: number): number {
  return right === 0 ? left : greatestCommonDivisor(right, left % right);
}

/** Groups rows, which are ordered by series and interval. */
function seriesOf(rows: readonly BucketRow[]): readonly Series[] {
  const all: Series[] = [];
  for (const row of rows) {
    const last = all.at(-1);
    const isSame = last?.serviceName === row.service_name && last.spanName === row.span_name;
    const series = isSame ? last : { serviceName: row.service_name, spanName: row.span_name, buckets: [] };
    if (!isSame) all.push(series);
    const seconds = Number(row.bucket_seconds);
    const calls = Number(row.calls);
    const durations = row.bucket === undefined ? [] : [[row.bucket, calls] as const];
    const before = series.buckets.at(-1);
    if (before?.seconds === seconds) {
      series.buckets[series.buckets.length - 1] = {
        ...before,
        calls: before.calls + calls,
        durations: [...before.durations, ...durations],
      };
    } else {
      series.buckets.push({ seconds, calls, errors: Number(row.errors ?? 0), durations });
    }
  }
  return all;
}

function pointsOf({ buckets }: Series, grid: Grid, measure: Measure): MetricFamily['metrics'][number]['metricPoints'] {
  const window = new Window();
  let entering = 0;
  let leaving = 0;
  return Array.from({ length: grid.points }, (_, n) => {
    const seconds = grid.endSeconds - (grid.points - 1 - n) * grid.stepSeconds;
    for (let next = buckets[entering]; next !== undefined && next.seconds < seconds; next = buckets[entering]) {
      window.add(next, 1);
      entering += 1;
    }
    for (
      let first = buckets[leaving];
      first !== undefined && first.seconds < seconds - grid.windowSeconds;
      first = buckets[leaving]
    ) {
      window.add(first, -1);
      leaving += 1;
    }
    return { seconds, value: window.value(measure, grid.windowSeconds) };
  }).flatMap(({ seconds, value }) =>
    value === undefined
      ? []
      : [
          {
            gaugeValue: { doubleValue: value },
            timestamp: new Date(seconds * 1000).toISOString().replace('.000Z', 'Z'),
          },
        ],
  );
}

/** The sliding window of a point. */
class Window {
  private calls = 0;
  private errors = 0;
  private readonly durations = new Map<number, number>();

  add({ calls, errors, durations }: Bucket, sign: 1 | -1): void {
    this.calls += sign * calls;
    this.errors += sign * errors;
    for (const [key, count] of durations) this.durations.set(key, (this.durations.get(key) ?? 0) + sign * count);
  }

  /** Undefined without calls. */
  value(measure: Measure, windowSeconds: number): number | undefined {
    switch (measure.of) {
      case 'calls':
        return this.calls / windowSeconds;
      case 'errors':
        return this.calls === 0 ? undefined : this.errors / this.calls;
      case 'latencies':
        return this.calls === 0 ? undefined : this.percentile(measure.quantile);
    }
  }

  /** The same computation as `ps_trace.bucket_percentile`. */
  private percentile(share: number): number | undefined {
    let soFar = 0;
    for (const [key, count] of [...this.durations].toSorted(([left], [right]) => left - right)) {
      soFar += count;
      if (soFar > 0 && soFar >= share * this.calls) return key === 0 ? 0 : 2 ** ((key - 0.5) / 8) / 1e6;
    }
    return undefined;
  }
}

function helpOf(measure: Measure): string {
  switch (measure.of) {
    case 'calls':
      return 'calls/sec';
    case 'errors':
      return 'error rate, computed as a fraction of errors/sec over calls/sec';
    case 'latencies':
      return `${measure.quantile.toFixed(2)}th quantile latency`;
  }
}
