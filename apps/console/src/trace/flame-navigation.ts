import type { FlameLayout } from './flame-layout.ts';
import type { TraceModel } from './trace-model.ts';

/** The span that an arrow key moves to; undefined for any other key. @param selected -1 for none */
export function neighbourOf(model: TraceModel, layout: FlameLayout, selected: number, key: string): number | undefined {
  if (!key.startsWith('Arrow')) return undefined;
  if (selected === -1) return model.order[0];
  const { order, orderIndex, parent, childCount } = model;
  const up = parent[selected] ?? -1;
  if (key === 'ArrowUp') return up === -1 ? selected : up;
  if (key === 'ArrowDown') {
    // In the order of the tree, the first child follows its parent.
    return (childCount[selected] ?? 0) > 0 ? order[(orderIndex[selected] ?? 0) + 1] : selected;
  }
  const row = layout.rows[layout.row[selected] ?? 0] ?? [];
  return row[row.indexOf(selected) + (key === 'ArrowRight' ? 1 : -1)] ?? selected;
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
