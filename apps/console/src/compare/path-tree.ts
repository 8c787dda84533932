import type { TraceModel } from '../trace/trace-model.ts';

/** What one of the traces did at a place. */
export interface PathFigures {
  readonly count: number;
  readonly errors: number;
  readonly totalNs: number;
  readonly selfNs: number;
}

/**
 * The same place of two traces: an operation, called by the same operations. Children stand in the order in which they
 * start, those of the first trace first.
 */
export interface PathNode {
  /** Other for each node of a tree. */
  readonly id: number;
  readonly service: string;
  readonly name: string;
  readonly depth: number;
  /** Of the one and the other trace; a count of 0 where it has nothing there. */
  readonly sides: readonly [PathFigures, PathFigures];
  readonly children: readonly PathNode[];
  /** Whether it or anything below it has another count of calls or of errors. */
  readonly hasDifference: boolean;
}

interface Growing {
  readonly id: number;
  readonly service: string;
  readonly name: string;
  readonly depth: number;
  readonly sides: readonly [Sum, Sum];
  readonly children: Map<string, Growing>;
}
interface Sum {
  count: number;
  errors: number;
  totalNs: number;
  selfNs: number;
}

/** Puts two traces upon each other: spans with the same way of services and operations to them become one place. */
export function pathTreeOf(left: TraceModel, right: TraceModel): readonly PathNode[] {
  const roots = new Map<string, Growing>();
  let nodes = 0;
  const nodeIn = (among: Map<string, Growing>, service: string, name: string, depth: number): Growing => {
    const key = JSON.stringify([service, name]);
    const known = among.get(key);
    if (known !== undefined) return known;
    const node: Growing = { id: nodes, service, name, depth, sides: [noSum(), noSum()], children: new Map() };
    nodes += 1;
    among.set(key, node);
    return node;
  };
  for (const [side, model] of [left, right].entries()) {
    const nodeOf: Growing[] = [];
    const { operations, spans } = model.answer;
    // Parents come before their children.
    for (const span of model.order) {
      const [service, name] = operations[spans.operation[span] ?? 0] ?? ['', ''];
      const up = nodeOf[model.parent[span] ?? -1];
      const node = nodeIn(up?.children ?? roots, service, name, up === undefined ? 0 : up.depth + 1);
      nodeOf[span] = node;
      const sum = node.sides[side];
      if (sum === undefined) continue;
      sum.count += 1;
      sum.errors += spans.status[span] === 2 ? 1 : 0;
      sum.totalNs += spans.durationNs[span] ?? 0;
      sum.selfNs += model.selfNs[span] ?? 0;
    }
  }
  return finished(roots);
}

function noSum(): Sum {
  return { count: 0, errors: 0, totalNs: 0, selfNs: 0 };
}

/** Without recursion, as a trace may be deeper than a stack. */
function finished(roots: ReadonlyMap<string, Growing>): readonly PathNode[] {
  const inOrder: Growing[] = [];
  const stack = [...roots.values()];
  for (let node = stack.pop(); node !== undefined; node = stack.pop()) {
    inOrder.push(node);
    stack.push(...node.children.values());
  }
  const done = new Map<Growing, PathNode>();
  const doneOf = (nodes: Iterable<Growing>): readonly PathNode[] =>
    [...nodes].flatMap((node) => {
      const finishedNode = done.get(node);
      return finishedNode === undefined ? [] : [finishedNode];
    });
  for (const node of inOrder.toReversed()) {
    const children = doneOf(node.children.values());
    const [one, other] = node.sides;
    const isOther = one.count !== other.count || one.errors !== other.errors;
    done.set(node, {
      ...node,
      children,
      hasDifference: isOther || children.some(({ hasDifference }) => hasDifference),
    });
  }
  return doneOf(roots.values());
}

/** A node as a row of a tree. */
export interface PathRow {
  readonly node: PathNode;
  /** Which one it is among those to be seen with the same parent, from 1, and of how many. */
  readonly position: number;
  readonly setSize: number;
}

/** The nodes to be seen, from the top. @param closed ids of those whose children are hidden */
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
