import type { TraceProblem, Waterfall } from '../api/types.ts';
import type { TraceModel } from './trace-model.ts';

/** A trace with corrected times. */
export interface CorrectedTrace {
  readonly waterfall: Waterfall;
  /** The same spans in the same order, with the times that senders reported. */
  readonly reported: Waterfall;
}

/**
 * Correct the clocks of a trace. A span whose clock differs from that of its parent is moved by the difference, with all
 * spans below it: these were measured by the same clock, or relative to it. So the differences add up along the path from
 * the root. Durations do not change. Without differences, the trace is unchanged.
 *
 * @param problems of the trace; only those of kind `clock_skew` count. Spans that a problem does not list, because it has too
 *   many, are found by the services of caller and called span
 */
export function correctClocks(
  { waterfall, order, parent }: Pick<TraceModel, 'waterfall' | 'order' | 'parent'>,
  problems: readonly TraceProblem[],
): CorrectedTrace {
  const { spans } = waterfall;
  const correctionOf = correctionsBySpan(waterfall, problems);
  const movedNs = new Float64Array(spans.id.length);
  // Parents come before their children.
  for (const span of order) {
    const up = parent[span] ?? -1;
    if (up !== -1) movedNs[span] = (movedNs[up] ?? 0) + correctionOf(up, span);
  }
  const startNs = spans.startNs.map((start, span) => start + (movedNs[span] ?? 0));
  const byStart = [...startNs.keys()].toSorted((left, right) => (startNs[left] ?? 0) - (startNs[right] ?? 0));
  const firstNs = startNs[byStart[0] ?? 0] ?? 0;
  const columns = Object.entries(spans).map(([name, column]) => [
    name,
    byStart.map((span) => (column as readonly unknown[])[span]),
  ]);
  const reported = Object.fromEntries(columns) as Waterfall['spans'];
  const moved = { ...reported, startNs: byStart.map((span) => (startNs[span] ?? 0) - firstNs) };
  return {
    waterfall: {
      ...waterfall,
      startTimeUnixNano: String(BigInt(waterfall.startTimeUnixNano) + BigInt(firstNs)),
      durationNs: moved.startNs.reduce((last, start, span) => Math.max(last, start + (moved.durationNs[span] ?? 0)), 0),
      spans: moved,
    },
    reported: { ...waterfall, spans: reported },
  };
}

/** The nanoseconds by which each span is moved relative to its parent. */
function correctionsBySpan(
  { spans, operations }: Waterfall,
  problems: readonly TraceProblem[],
): (parent: number, span: number) => number {
  const bySpan = new Map<string, number>();
  const byServices = new Map<string, number>();
  for (const { kind, amount, spanIds, spanCount, services } of problems) {
    if (kind !== 'clock_skew' || amount === null) continue;
    for (const id of spanIds) bySpan.set(id, amount);
    if (spanCount > spanIds.length) byServices.set(JSON.stringify(services), amount);
  }
  const serviceOf = (span: number): string => operations[spans.operation[span] ?? 0]?.[0] ?? '';
  return (parent, span) => {
    const listed = bySpan.get(spans.id[span] ?? '');
    if (listed !== undefined || byServices.size === 0) return listed ?? 0;
    return byServices.get(JSON.stringify([serviceOf(parent), serviceOf(span)])) ?? 0;
  };
}
