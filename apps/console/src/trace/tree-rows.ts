import type { TraceModel } from './trace-model.ts';

/** The spans of a trace that are to be seen, as rows of a tree. */
export interface TreeRows {
  /** Spans, from the top. */
  readonly spans: readonly number[];
  /** By span; -1 for one that is not to be seen. */
  readonly rowOf: Int32Array;
  /** By span: which one it is among those to be seen that have its parent, from 1. */
  readonly position: Int32Array;
  /** How many of the spans to be seen have the parent of this one. */
  readonly setSize: (span: number) => number;
}

/**
 * @param collapsed spans whose children are hidden
 * @param wanted 1 for each span that is asked for; what is above one of them is to be seen too. Undefined for all
 */
export function treeRowsOf(
  { order, below, parent, count }: Pick<TraceModel, 'order' | 'below' | 'parent' | 'count'>,
  collapsed: ReadonlySet<number>,
  wanted: Uint8Array | undefined,
): TreeRows {
  const shown = wanted === undefined ? undefined : withAncestors(wanted, order, parent);
  const spans: number[] = [];
  const rowOf = new Int32Array(count).fill(-1);
  const position = new Int32Array(count);
  const shownChildren = new Int32Array(count);
  let shownRoots = 0;
  for (let n = 0; n < order.length; n++) {
    const span = order[n] ?? 0;
    if (shown !== undefined && shown[span] === 0) {
      // Nothing below it is asked for either.
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

function withAncestors(wanted: Uint8Array, order: readonly number[], parent: Int32Array): Uint8Array {
  const shown = wanted.slice();
  // Children come after their parents, so from the end each parent is marked before it is looked at.
  for (let n = order.length - 1; n >= 0; n--) {
    const span = order[n] ?? 0;
    const up = parent[span] ?? -1;
    if (shown[span] === 1 && up !== -1) shown[up] = 1;
  }
  return shown;
}
