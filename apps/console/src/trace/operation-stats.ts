import { failedStatus } from './trace-filter.ts';
import type { TraceModel } from './trace-model.ts';

/** Statistics of one operation in a trace. */
export interface OperationStats {
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

/** Statistics per service and operation, in the order of their first spans. Span kinds are not distinguished. */
export function operationStatsOf({ waterfall, count, selfNs }: TraceModel): readonly OperationStats[] {
  const { operations, spans } = waterfall;
  const spansByKey = new Map<string, number[]>();
  const spansOf = operations.map(([service, name]) => {
    const key = JSON.stringify([service, name]);
    const own = spansByKey.get(key) ?? [];
    spansByKey.set(key, own);
    return own;
  });
  for (let span = 0; span < count; span++) spansOf[spans.operation[span] ?? 0]?.push(span);
  return [...spansByKey]
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

/** The smallest value that at least this share of the values does not exceed. @param sorted ascending, not empty */
function percentile(sorted: Float64Array, share: number): number {
  return sorted[Math.ceil(sorted.length * share) - 1] ?? 0;
}
