import type { Waterfall } from '../api/types.ts';

/** A trace as a tree. Spans are indexes into the columns of the response. */
export interface TraceModel {
  readonly waterfall: Waterfall;
  readonly count: number;
  /** Spans in the order of the tree: parents before their children, children sorted by start. */
  readonly order: readonly number[];
  /** The index of each span in `order`. */
  readonly orderIndex: Int32Array;
  /** The parent of each span; -1 for a root. */
  readonly parent: Int32Array;
  readonly depth: Int32Array;
  /** The number of descendants of each span. */
  readonly below: Int32Array;
  readonly childCount: Int32Array;
  /** 1 for a span whose parent is not stored. */
  readonly isOrphan: Uint8Array;
  /** Self time: the time without an active child. Children count only within their parent. */
  readonly selfNs: Float64Array;
  /** Time of each span on the critical path. */
  readonly criticalNs: Float64Array;
  /** Sections of the critical path per span: start, end, start, end, … */
  readonly critical: ReadonlyMap<number, readonly number[]>;
  /** Services in the order of their first spans. */
  readonly services: readonly string[];
}

/** Build the tree of a trace in O(n log n). It accepts duplicate IDs, missing parents and cycles. */
export function traceModelOf(waterfall: Waterfall): TraceModel {
  const { id, parentId, startNs, durationNs, operation } = waterfall.spans;
  const count = id.length;
  const byId = new Map<string, number>();
  for (let span = 0; span < count; span++) if (!byId.has(id[span] ?? '')) byId.set(id[span] ?? '', span);

  const parent = new Int32Array(count).fill(-1);
  const isOrphan = new Uint8Array(count);
  for (let span = 0; span < count; span++) {
    const named = parentId[span];
    if (named === null || named === undefined) continue;
    const found = byId.get(named);
    if (found === undefined) isOrphan[span] = 1;
    else parent[span] = found;
  }
  breakCycles(parent);

  const children: number[][] = Array.from({ length: count }, () => []);
  const roots: number[] = [];
  // Spans are sorted by start, so children are as well.
  for (let span = 0; span < count; span++) (parent[span] === -1 ? roots : children[parent[span] ?? 0])?.push(span);

  const order: number[] = [];
  const orderIndex = new Int32Array(count);
  const depth = new Int32Array(count);
  const below = new Int32Array(count);
  const stack = roots.toReversed();
  for (let span = stack.pop(); span !== undefined; span = stack.pop()) {
    orderIndex[span] = order.length;
    order.push(span);
    const up = parent[span] ?? -1;
    depth[span] = up === -1 ? 0 : (depth[up] ?? 0) + 1;
    const own = children[span] ?? [];
    for (let n = own.length - 1; n >= 0; n--) stack.push(own[n] ?? 0);
  }
  for (let n = count - 1; n >= 0; n--) {
    const span = order[n] ?? 0;
    const up = parent[span] ?? -1;
    if (up !== -1) below[up] = (below[up] ?? 0) + (below[span] ?? 0) + 1;
  }

  const start = (span: number): number => startNs[span] ?? 0;
  const end = (span: number): number => start(span) + (durationNs[span] ?? 0);
  const selfNs = new Float64Array(count);
  for (let span = 0; span < count; span++) {
    let covered = 0;
    let until = start(span);
    for (const child of children[span] ?? []) {
      const from = Math.max(start(child), until);
      const to = Math.min(end(child), end(span));
      if (to > from) {
        covered += to - from;
        until = to;
      }
    }
    selfNs[span] = end(span) - start(span) - covered;
  }

  const critical = criticalPath(roots, children, start, end);
  const criticalNs = new Float64Array(count);
  for (const [span, pieces] of critical) {
    for (let n = 0; n < pieces.length; n += 2) {
      criticalNs[span] = (criticalNs[span] ?? 0) + (pieces[n + 1] ?? 0) - (pieces[n] ?? 0);
    }
  }

  return {
    waterfall,
    count,
    order,
    orderIndex,
    parent,
    depth,
    below,
    childCount: Int32Array.from(children, (own) => own.length),
    isOrphan,
    selfNs,
    criticalNs,
    critical,
    services: [...new Set(operation.map((number) => waterfall.operations[number]?.[0] ?? ''))],
  };
}

/** Break cycles: a span that is its own ancestor becomes a root. */
function breakCycles(parent: Int32Array): void {
  // 0: not visited, 1: on the current path, 2: known to reach a root.
  const state = new Uint8Array(parent.length);
  for (let first = 0; first < parent.length; first++) {
    const path: number[] = [];
    let span = first;
    while (span !== -1 && state[span] === 0) {
      state[span] = 1;
      path.push(span);
      span = parent[span] ?? -1;
    }
    if (span !== -1 && state[span] === 1) parent[span] = -1;
    for (const each of path) state[each] = 2;
  }
}

/**
 * The critical path, from the end of the root that ends last back to its start. A parent waits for the child that ends last;
 * before the start of this child it waits for the child that ended last before.
 */
function criticalPath(
  roots: readonly number[],
  children: readonly (readonly number[])[],
  start: (span: number) => number,
  end: (span: number) => number,
): ReadonlyMap<number, readonly number[]> {
  const pieces = new Map<number, number[]>();
  const [firstRoot] = roots;
  if (firstRoot === undefined) return pieces;
  const root = roots.reduce((last, each) => (end(each) > end(last) ? each : last), firstRoot);
  const add = (span: number, from: number, to: number): void => {
    if (to <= from) return;
    const known = pieces.get(span);
    if (known === undefined) pieces.set(span, [from, to]);
    else known.push(from, to);
  };
  interface Visit {
    readonly span: number;
    readonly byEnd: readonly number[];
    next: number;
    /** The path is known from this time to the end. */
    until: number;
  }
  const visitOf = (span: number, until: number): Visit => ({
    span,
    byEnd: (children[span] ?? []).toSorted((left, right) => end(right) - end(left)),
    next: 0,
    until,
  });
  const stack: Visit[] = [visitOf(root, end(root))];
  for (let visit = stack.at(-1); visit !== undefined; visit = stack.at(-1)) {
    const child = visit.byEnd[visit.next];
    if (child === undefined) {
      add(visit.span, start(visit.span), visit.until);
      stack.pop();
      continue;
    }
    visit.next += 1;
    // Skip children that overlap the known part of the path or lie outside their parent.
    const until = Math.min(end(child), end(visit.span));
    if (until > visit.until || start(child) >= until || until <= start(visit.span)) continue;
    add(visit.span, until, visit.until);
    visit.until = Math.max(start(child), start(visit.span));
    stack.push(visitOf(child, until));
  }
  return pieces;
}
