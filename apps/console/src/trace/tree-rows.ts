import type { TraceModel } from './trace-model.ts';

/** The visible spans of a trace as rows of a tree. */
export interface TreeRows {
  /** Visible spans from top to bottom. */
  readonly spans: readonly number[];
  /** The row of each span; -1 for a hidden span. */
  readonly rowOf: Int32Array;
  /** The 1-based position of each span among its visible siblings. */
  readonly position: Int32Array;
  /** The number of visible siblings of a span, itself included. */
  readonly setSize: (span: number) => number;
}

/**
 * Compute the visible rows of a trace.
 *
 * @param collapsed spans whose children are hidden
 * @param matching 1 for each span that matches the filter; their ancestors are visible too. Undefined without a filter
 */
export function treeRowsOf(
  { order, below, parent, count }: Pick<TraceModel, 'order' | 'below' | 'parent' | 'count'>,
  collapsed: ReadonlySet<number>,
  matching: Uint8Array | undefined,
): TreeRows {
  const shown = matching === undefined ? undefined : withAncestors(matching, order, parent);
  const spans: number[] = [];
  const rowOf = new Int32Array(count).fill(-1);
  const position = new Int32Array(count);
  const shownChildren = new Int32Array(count);
  let shownRoots = 0;
  for (let n = 0; n < order.length; n++) {
    const span = order[n] ?? 0;
    if (shown !== undefined && shown[span] === 0) {
      // No descendant matches either.
      n += below[span] ?? 0;
      continue;
    }
    rowOf[span] = spans.length;
    spans.push(span);
    const up = parent[span] ?? -1;
    if (up === -1) position[span] = ++shownRoots;
    else position[span] = shownChildren[up] = (shownChildren[up] ?? 0) + 1;
    if (collapsed.has(span)) n += below[span] ?? 0;
  }
  const setSize = (span: number): number => {
    const up = parent[span] ?? -1;
    return up === -1 ? shownRoots : (shownChildren[up] ?? 0);
  };
  return { spans, rowOf, position, setSize };
}

function withAncestors(matching: Uint8Array, order: readonly number[], parent: Int32Array): Uint8Array {
  const shown = matching.slice();
  // Children follow their parents. Going backwards, each parent is marked before it is visited.
  for (let n = order.length - 1; n >= 0; n--) {
    const span = order[n] ?? 0;
    const up = parent[span] ?? -1;
    if (shown[span] === 1 && up !== -1) shown[up] = 1;
  }
  return shown;
}
