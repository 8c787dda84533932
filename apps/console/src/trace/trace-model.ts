import type { Waterfall } from '../api/answers.ts';

/** A trace as it is drawn. Spans are numbers: places in the columns of the answer. */
export interface TraceModel {
  readonly answer: Waterfall;
  readonly count: number;
  /** Spans below each other as the tree has them, each before its children, children by their start. */
  readonly order: readonly number[];
  /** Where a span stands in `order`. */
  readonly place: Int32Array;
  /** -1 for a span that has no parent here. */
  readonly parent: Int32Array;
  readonly depth: Int32Array;
  /** How many spans are below a span, however deep. */
  readonly below: Int32Array;
  readonly childCount: Int32Array;
  /** Whether the parent is named, but not stored. */
  readonly isOrphan: Uint8Array;
  /** What a span takes while none of its children is at work; children count only inside of it. */
  readonly selfNs: Float64Array;
  /** How long the end of the trace waits for the span and for nothing below it. */
  readonly criticalNs: Float64Array;
  /** Pieces of the critical path, for each span: begin, end, begin, end, … */
  readonly critical: ReadonlyMap<number, readonly number[]>;
  /** In the order of their first spans. */
  readonly services: readonly string[];
}

/** Makes a tree of a trace, in time that grows with its spans (and their sorting), whatever is wrong with it. */
export function traceModelOf(answer: Waterfall): TraceModel {
  const { id, parentId, startNs, durationNs, operation } = answer.spans;
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
  cutCircles(parent);

  const children: number[][] = Array.from({ length: count }, () => []);
  const roots: number[] = [];
  // Spans come in the order of their starts, and so do children.
  for (let span = 0; span < count; span++) (parent[span] === -1 ? roots : children[parent[span] ?? 0])?.push(span);

  const order: number[] = [];
  const place = new Int32Array(count);
  const depth = new Int32Array(count);
  const below = new Int32Array(count);
  const stack = roots.toReversed();
  for (let span = stack.pop(); span !== undefined; span = stack.pop()) {
    place[span] = order.length;
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
    answer,
    count,
    order,
    place,
    parent,
    depth,
    below,
    childCount: Int32Array.from(children, (own) => own.length),
    isOrphan,
    selfNs,
    criticalNs,
    critical,
    services: [...new Set(operation.map((number) => answer.operations[number]?.[0] ?? ''))],
  };
}

/** A span that is its own ancestor loses its parent. */
function cutCircles(parent: Int32Array): void {
  // 0 is not seen yet, 1 is on the way, 2 is known to end.
  const state = new Uint8Array(parent.length);
  for (let first = 0; first < parent.length; first++) {
    const way: number[] = [];
    let span = first;
    while (span !== -1 && state[span] === 0) {
      state[span] = 1;
      way.push(span);
      span = parent[span] ?? -1;
    }
    if (span !== -1 && state[span] === 1) parent[span] = -1;
    for (const each of way) state[each] = 2;
  }
}

/**
 * From the end of the root that ends last back to its start: what the end waited for. At each moment it is the span that
 * ended last before, among the children of the span that was waiting.
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
  const note = (span: number, from: number, to: number): void => {
    if (to <= from) return;
    const known = pieces.get(span);
    if (known === undefined) pieces.set(span, [from, to]);
    else known.push(from, to);
  };
  interface Visit {
    readonly span: number;
    readonly byEnd: readonly number[];
    next: number;
    /** Before this moment nothing is known yet. */
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
      note(visit.span, start(visit.span), visit.until);
      stack.pop();
      continue;
    }
    visit.next += 1;
    // What goes on after its parent has waited for it is not what the parent waited for.
    const until = Math.min(end(child), end(visit.span));
    if (until > visit.until || start(child) >= until || until <= start(visit.span)) continue;
    note(visit.span, until, visit.until);
    visit.until = Math.max(start(child), start(visit.span));
    stack.push(visitOf(child, until));
  }
  return pieces;
}
