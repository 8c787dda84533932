import type { FlameLayout } from './flame-layout.ts';
import type { TraceModel } from './trace-model.ts';

/** Where the arrow keys lead to. */
export type FlameDirection = 'parent' | 'child' | 'before' | 'after';

/** The span in a direction; the same span if there is none. @param selected -1 for none */
export function neighbourOf(
  model: TraceModel,
  layout: FlameLayout,
  selected: number,
  direction: FlameDirection,
): number {
  const { order, orderIndex, parent, childCount } = model;
  if (selected === -1) return order[0] ?? -1;
  const up = parent[selected] ?? -1;
  if (direction === 'parent') return up === -1 ? selected : up;
  if (direction === 'child') {
    // In the order of the tree, the first child follows its parent.
    const first = (childCount[selected] ?? 0) > 0 ? order[(orderIndex[selected] ?? 0) + 1] : undefined;
    return first ?? selected;
  }
  const row = layout.rows[layout.row[selected] ?? 0] ?? [];
  return row[row.indexOf(selected) + (direction === 'after' ? 1 : -1)] ?? selected;
}

/** The index of the first span of a row that ends at a time or later. Both the starts and the ends of a row are sorted. */
export function firstEndingFrom({ waterfall: { spans } }: TraceModel, row: readonly number[], ns: number): number {
  let low = 0;
  let high = row.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    const span = row[middle] ?? 0;
    if ((spans.startNs[span] ?? 0) + (spans.durationNs[span] ?? 0) < ns) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** The span of a row at a time, or one that is at most a pixel away; -1 for none. Short spans are drawn one pixel wide. */
export function spanAround(model: TraceModel, row: readonly number[], ns: number, nsPerPx: number): number {
  const span = row[firstEndingFrom(model, row, ns - nsPerPx)];
  if (span === undefined || (model.waterfall.spans.startNs[span] ?? 0) > ns + nsPerPx) return -1;
  return span;
}
