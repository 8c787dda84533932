import { Graph, layout } from '@dagrejs/dagre';
import type { CallGraph } from './call-graph.ts';

export const nodeWidth = 160;
export const nodeHeight = 54;
export const labelWidth = 126;
export const labelHeight = 18;

export interface Point {
  readonly x: number;
  readonly y: number;
}

export interface GraphLayout {
  readonly width: number;
  readonly height: number;
  /** Centres of the nodes, by ID. */
  readonly nodes: ReadonlyMap<string, Point>;
  /** Paths from the border of the caller to that of the called node, and the centre of the label. */
  readonly edges: ReadonlyMap<string, { readonly points: readonly Point[]; readonly label: Point | undefined }>;
}

/**
 * Lay out a graph with callers before the nodes they call, from left to right or from top to bottom, whichever fits better.
 *
 * @param room the available size in px
 * @param hasLabels whether to reserve space for a label on each edge
 */
export function layoutGraph(
  graph: CallGraph,
  room: { readonly width: number; readonly height: number },
  hasLabels: boolean,
): GraphLayout {
  const layouts = (['LR', 'TB'] as const).map((direction) => layoutIn(graph, direction, hasLabels));
  const scales = layouts.map(({ width, height }) => Math.min(room.width / width, room.height / height));
  const best = layouts[(scales[1] ?? 0) > (scales[0] ?? 0) ? 1 : 0];
  return best ?? { width: 1, height: 1, nodes: new Map(), edges: new Map() };
}

function layoutIn({ nodes, edges }: CallGraph, rankdir: 'LR' | 'TB', hasLabels: boolean): GraphLayout {
  const drawn = new Graph({ multigraph: true });
  drawn.setGraph({ rankdir, nodesep: 22, edgesep: 14, ranksep: hasLabels ? 34 : 60, marginx: 10, marginy: 10 });
  // dagre uses names as keys of plain objects. Node IDs come from senders, so pass generated names instead.
  const nodeNames = new Map(nodes.map(({ id }, n) => [id, `n${n}`]));
  const nameOf = (id: string): string => nodeNames.get(id) ?? '';
  for (const name of nodeNames.values()) drawn.setNode(name, { width: nodeWidth, height: nodeHeight });
  for (const [n, { source, target }] of edges.entries()) {
    const label = hasLabels ? { width: labelWidth, height: labelHeight, labelpos: 'c' } : { width: 0, height: 0 };
    drawn.setEdge(nameOf(source), nameOf(target), label, `e${n}`);
  }
  layout(drawn);
  const { width = 1, height = 1 } = drawn.graph() as { readonly width?: number; readonly height?: number };
  return {
    width: Math.max(width, 1),
    height: Math.max(height, 1),
    nodes: new Map(
      nodes.map(({ id }) => {
        const { x = 0, y = 0 } = drawn.node(nameOf(id)) as Partial<Point>;
        return [id, { x, y }];
      }),
    ),
    edges: new Map(
      edges.map(({ id, source, target }, n) => {
        const {
          points = [],
          x,
          y,
        } = drawn.edge({ v: nameOf(source), w: nameOf(target), name: `e${n}` }) as Partial<Point> & {
          readonly points?: readonly Point[];
        };
        return [id, { points, label: hasLabels && x !== undefined && y !== undefined ? { x, y } : undefined }];
      }),
    ),
  };
}

/** A smooth curve through points, as the `d` of an SVG path. */
export function smoothPath(points: readonly Point[]): string {
  const [first, ...rest] = points;
  const last = points.at(-1);
  if (first === undefined || last === undefined) return '';
  const curves = rest.slice(0, -1).map((point, n) => {
    const next = rest[n + 1] ?? last;
    const isLast = n === rest.length - 2;
    const end = isLast ? next : { x: (point.x + next.x) / 2, y: (point.y + next.y) / 2 };
    return `Q ${round(point.x)} ${round(point.y)} ${round(end.x)} ${round(end.y)}`;
  });
  const straight = curves.length === 0 ? [`L ${round(last.x)} ${round(last.y)}`] : curves;
  return [`M ${round(first.x)} ${round(first.y)}`, ...straight].join(' ');
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}
