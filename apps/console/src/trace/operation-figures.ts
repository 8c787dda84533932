import { failedStatus } from './trace-filter.ts';
import type { TraceModel } from './trace-model.ts';

/** What a trace did with one operation. Times are nanoseconds. */
export interface OperationFigures {
  readonly service: string;
  readonly name: string;
  readonly count: number;
  readonly errors: number;
  readonly totalNs: number;
  readonly selfNs: number;
  readonly p50Ns: number;
  readonly p95Ns: number;
  readonly maxNs: number;
}

/** The figures of each service's operations, kinds together, by their first spans. */
export function operationFiguresOf({ answer, count, selfNs }: TraceModel): readonly OperationFigures[] {
  const { operations, spans } = answer;
  const places = new Map<string, number[]>();
  const placeOf = operations.map(([service, name]) => {
    const key = JSON.stringify([service, name]);
    const own = places.get(key) ?? [];
    places.set(key, own);
    return own;
  });
  for (let span = 0; span < count; span++) placeOf[spans.operation[span] ?? 0]?.push(span);
  return [...places]
    .filter(([, own]) => own.length > 0)
    .toSorted(([, left], [, right]) => (left[0] ?? 0) - (right[0] ?? 0))
    .map(([key, own]) => {
      const [service, name] = JSON.parse(key) as [string, string];
      const durations = Float64Array.from(own, (span) => spans.durationNs[span] ?? 0).toSorted();
      return {
        service,
        name,
        count: own.length,
        errors: own.filter((span) => spans.status[span] === failedStatus).length,
        totalNs: durations.reduce((sum, ns) => sum + ns, 0),
        selfNs: own.reduce((sum, span) => sum + (selfNs[span] ?? 0), 0),
        p50Ns: percentile(durations, 0.5),
        p95Ns: percentile(durations, 0.95),
        maxNs: durations.at(-1) ?? 0,
      };
    });
}

/** The least value that as large a share of all does not exceed. @param sorted from the least, not empty */
function percentile(sorted: Float64Array, share: number): number {
  return sorted[Math.ceil(sorted.length * share) - 1] ?? 0;
}
