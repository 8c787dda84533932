import type { QueryResponse, ServiceHistoryResponse, ServiceVersionsResponse } from '../api/types.ts';
import { type TimeMark, type TimeSeries, timeSeriesOf } from '../charts/time-series-data.ts';

/** Rate, errors and durations of a service over time. */
export interface ServiceHistory {
  readonly rate: TimeSeries;
  readonly errors: TimeSeries;
  readonly durations: TimeSeries;
}

const nsPerMs = 1_000_000n;

/** Milliseconds since 1970. @param unixNano decimal digits */
export function msOfUnixNano(unixNano: string): number {
  return Number(BigInt(unixNano) / nsPerMs);
}

/** Convert the history of a service to the series of three charts. */
export function serviceHistoryOf({ steps }: ServiceHistoryResponse): ServiceHistory {
  const seriesOf = (
    names: readonly string[],
    missing: 0 | null,
    valuesOf: (step: ServiceHistoryResponse['steps'][number]) => readonly number[],
  ): TimeSeries => {
    const result: QueryResponse = {
      columns: ['time', ...names],
      rows: steps.map((step) => [new Date(msOfUnixNano(step.timeUnixNano)).toISOString(), ...valuesOf(step)]),
    };
    return timeSeriesOf(result, missing);
  };
  return {
    // The last step may not be over.
    rate: seriesOf(['requests', 'failed'], 0, ({ calls, errors, seconds }) => [calls / seconds, errors / seconds]),
    errors: seriesOf(['failed'], null, ({ calls, errors }) => [errors / Math.max(calls, 1)]),
    durations: seriesOf(['p99', 'p95', 'p50'], null, ({ p50Ms, p95Ms, p99Ms }) => [p99Ms, p95Ms, p50Ms]),
  };
}

/** The versions that began in the range, as marks on a time line. */
export function versionMarksOf({ versions }: ServiceVersionsResponse): readonly TimeMark[] {
  return versions
    .filter(({ isNew }) => isNew)
    .map(({ version, firstSeenUnixNano }) => ({ timeMs: msOfUnixNano(firstSeenUnixNano), label: version }));
}
