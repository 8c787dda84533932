import type { TraceModel } from '../trace/trace-model.ts';

/** The spans of one trace at a node of the tree. */
export interface PathStats {
  readonly count: number;
  readonly errors: number;
  readonly totalNs: number;
  readonly selfNs: number;
}

/**
 * A node of the merged tree of two traces: an operation with the same chain of callers in both. Children have the order of
 * their starts, those of the first trace first.
 */
export interface PathNode {
  /** Unique in the tree. */
  readonly id: number;
  readonly service: string;
  readonly name: string;
  readonly depth: number;
  /** For the first and the second trace; a count of 0 if the trace has no such span. */
  readonly sides: readonly [PathStats, PathStats];
  readonly children: readonly PathNode[];
  /** Whether the counts of calls or errors differ here or below. */
  readonly hasDifference: boolean;
}

interface MutableNode {
  readonly id: number;
  readonly service: string;
  readonly name: string;
  readonly depth: number;
  readonly sides: readonly [MutableStats, MutableStats];
  readonly children: Map<string, MutableNode>;
}
interface MutableStats {
  count: number;
  errors: number;
  totalNs: number;
  selfNs: number;
}

/** Merge two traces: spans with the same chain of services and operations become one node. */
export function pathTreeOf(left: TraceModel, right: TraceModel): readonly PathNode[] {
  const roots = new Map<string, MutableNode>();
  let nodes = 0;
  const nodeIn = (siblings: Map<string, MutableNode>, service: string, name: string, depth: number): MutableNode => {
    const key = JSON.stringify([service, name]);
    const known = siblings.get(key);
    if (known !== undefined) return known;
    const node: MutableNode = { id: nodes, service, name, depth, sides: [noStats(), noStats()], children: new Map() };
    nodes += 1;
    siblings.set(key, node);
    return node;
  };
  for (const [side, model] of [left, right].entries()) {
    const nodeOf: MutableNode[] = [];
    const { operations, spans } = model.waterfall;
    // Parents come before their children.
    for (const span of model.order) {
      const [service, name] = operations[spans.operation[span] ?? 0] ?? ['', ''];
      const up = nodeOf[model.parent[span] ?? -1];
      const node = nodeIn(up?.children ?? roots, service, name, up === undefined ? 0 : up.depth + 1);
      nodeOf[span] = node;
      const stats = node.sides[side];
      if (stats === undefined) continue;
      stats.count += 1;
      stats.errors += spans.status[span] === 2 ? 1 : 0;
      stats.totalNs += spans.durationNs[span] ?? 0;
      stats.selfNs += model.selfNs[span] ?? 0;
    }
  }
  return frozen(roots);
}

function noStats(): MutableStats {
  return { count: 0, errors: 0, totalNs: 0, selfNs: 0 };
}

/** Convert the nodes to their final form, without recursion because a trace may be deeper than the call stack. */
function frozen(roots: ReadonlyMap<string, MutableNode>): readonly PathNode[] {
  const inOrder: MutableNode[] = [];
  const stack = [...roots.values()];
  for (let node = stack.pop(); node !== undefined; node = stack.pop()) {
    inOrder.push(node);
    stack.push(...node.children.values());
  }
  const done = new Map<MutableNode, PathNode>();
  const doneOf = (nodes: Iterable<MutableNode>): readonly PathNode[] =>
    [...nodes].flatMap((node) => {
      const frozenNode = done.get(node);
      return frozenNode === undefined ? [] : [frozenNode];
    });
  for (const node of inOrder.toReversed()) {
    const children = doneOf(node.children.values());
    const [one, other] = node.sides;
    const differs = one.count !== other.count || one.errors !== other.errors;
    done.set(node, {
      ...node,
      children,
      hasDifference: differs || children.some(({ hasDifference }) => hasDifference),
    });
  }
  return doneOf(roots.values());
}

/** A node as a row of a tree. */
export interface PathRow {
  readonly node: PathNode;
  /** 1-based position among the visible siblings, and their number. */
  readonly position: number;
  readonly setSize: number;
}

/** The visible nodes from top to bottom. @param closed ids of the nodes whose children are hidden */
export function pathRowsOf(
  roots: readonly PathNode[],
  closed: ReadonlySet<number>,
  onlyDifferences: boolean,
): readonly PathRow[] {
  const rowsOf = (nodes: readonly PathNode[]): readonly PathRow[] => {
    const shown = onlyDifferences ? nodes.filter(({ hasDifference }) => hasDifference) : nodes;
    return shown.map((node, n) => ({ node, position: n + 1, setSize: shown.length }));
  };
  const rows: PathRow[] = [];
  const stack = rowsOf(roots).toReversed();
  for (let row = stack.pop(); row !== undefined; row = stack.pop()) {
    rows.push(row);
    if (!closed.has(row.node.id)) stack.push(...rowsOf(row.node.children).toReversed());
  }
  return rows;
}
