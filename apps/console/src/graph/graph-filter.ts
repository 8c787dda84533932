import type { CallEdge, CallGraph, CallNode, CallStats } from './call-graph.ts';

/** Which way a focus follows calls: to the callers of a node, to the nodes it calls, or both. */
export const sides = ['both', 'callers', 'called'] as const;
export type Side = (typeof sides)[number];

/** The steps that a focus may go from its node. */
export const maxDepth = 3;

/** Edges with fewer calls are hidden. */
export interface Threshold {
  readonly value: number;
  /** Calls per second, or per cent of the calls on the map. */
  readonly unit: '/s' | '%';
}

/** More nodes and edges than these are not drawn: the browser would be slow, and nobody could read them. */
export const maxDrawnNodes = 600;
export const maxDrawnEdges = 2_400;

/** A part of a graph. */
export interface FilteredGraph {
  readonly graph: CallGraph;
  /** How many edges are below the threshold. */
  readonly rareEdges: number;
  /** How many nodes are outside of the focus, or have all their edges below the threshold. */
  readonly hiddenNodes: number;
}

/** What a map shows of its graph. */
export interface GraphFilter {
  /** The ID of the node in focus; undefined for the whole graph. */
  readonly focus: string | undefined;
  /** From 1 to `maxDepth`; 0 for the whole graph. */
  readonly depth: number;
  readonly side: Side;
  readonly threshold: Threshold | undefined;
  /** The length of the time range, for calls per second. */
  readonly seconds: number;
}

/** The nodes that can be reached from a node in so many steps, and the node itself. */
export function reachable({ edges }: CallGraph, id: string, depth: number, side: Side): ReadonlySet<string> {
  const callers = side === 'called' ? undefined : Map.groupBy(edges, ({ target }) => target);
  const called = side === 'callers' ? undefined : Map.groupBy(edges, ({ source }) => source);
  const found = new Set([id]);
  // Each way is followed on its own: the callers of what a node calls are not near to it.
  const walk = (next: (from: string) => readonly string[]): void => {
    const seen = new Set([id]);
    let ring: readonly string[] = [id];
    for (let step = 0; step < depth && ring.length > 0; step++) {
      ring = [...new Set(ring.flatMap(next))].filter((each) => !seen.has(each));
      for (const each of ring) {
        seen.add(each);
        found.add(each);
      }
    }
  };
  walk((from) => callers?.get(from)?.map(({ source }) => source) ?? []);
  walk((from) => called?.get(from)?.map(({ target }) => target) ?? []);
  return found;
}

/** The nodes that call a node or are called by it, and the node itself. */
export function neighbours(graph: CallGraph, id: string): ReadonlySet<string> {
  return reachable(graph, id, 1, 'both');
}

/** Leave out rare edges, and what is outside of the focus. */
export function filterGraph(whole: CallGraph, { focus, depth, side, threshold, seconds }: GraphFilter): FilteredGraph {
  const minCalls = minCallsOf(whole, threshold, seconds);
  const edges = whole.edges.filter(({ calls }) => calls >= minCalls);
  const had = endsOf(whole.edges);
  const has = endsOf(edges);
  const connected: CallGraph = {
    nodes: whole.nodes.filter(({ id }) => has.has(id) || !had.has(id) || id === focus),
    edges,
  };
  const isFocused = focus !== undefined && depth > 0 && whole.nodes.some(({ id }) => id === focus);
  const graph = isFocused ? partOf(connected, reachable(connected, focus, depth, side)) : connected;
  return {
    graph,
    rareEdges: whole.edges.length - edges.length,
    hiddenNodes: whole.nodes.length - graph.nodes.length,
  };
}

/** Leave out the nodes and edges with the fewest calls, if there are more than can be drawn. @param kept ID of a node to keep */
export function drawableGraph(graph: CallGraph, kept: string | undefined): CallGraph {
  const { nodes, edges } = graph;
  if (nodes.length <= maxDrawnNodes && edges.length <= maxDrawnEdges) return graph;
  const most = mostCalled(nodes, maxDrawnNodes);
  const own = nodes.find(({ id }) => id === kept);
  const part = partOf(graph, new Set([...most, ...(own === undefined ? [] : [own])].map(({ id }) => id)));
  return { nodes: part.nodes, edges: mostCalled(part.edges, maxDrawnEdges) };
}

/** The least number of calls of an edge that is shown. */
function minCallsOf({ edges }: CallGraph, threshold: Threshold | undefined, seconds: number): number {
  if (threshold === undefined) return 0;
  if (threshold.unit === '/s') return threshold.value * seconds;
  return (edges.reduce((sum, { calls }) => sum + calls, 0) * threshold.value) / 100;
}

function endsOf(edges: readonly CallEdge[]): ReadonlySet<string> {
  return new Set(edges.flatMap(({ source, target }) => [source, target]));
}

function partOf({ nodes, edges }: CallGraph, ids: ReadonlySet<string>): CallGraph {
  return {
    nodes: nodes.filter(({ id }) => ids.has(id)),
    edges: edges.filter(({ source, target }) => ids.has(source) && ids.has(target)),
  };
}

/** The parts with the most calls, in their own order. */
function mostCalled<Part extends CallStats>(parts: readonly Part[], count: number): readonly Part[] {
  const kept = new Set(parts.toSorted((a, b) => b.calls - a.calls).slice(0, count));
  return parts.filter((part) => kept.has(part));
}

/** Read a threshold such as `0.5/s` or `1%`; undefined if the text is none. */
export function thresholdOf(text: string): Threshold | undefined {
  const [, number = '', unit = ''] = /^(\d{1,9}(?:\.\d{1,9})?)(\/s|%)$/.exec(text) ?? [];
  const value = Number(number);
  if (number === '' || value === 0 || (unit === '%' && value > 100)) return undefined;
  return { value, unit: unit === '%' ? '%' : '/s' };
}

/** The ID of the group of a namespace. No ID of a service has U+0000, which PostgreSQL does not store. */
export function groupId(namespace: string): string {
  return `\0${namespace}`;
}

/** The namespace of a group; undefined if the node is none. */
export function namespaceOfGroup({ id }: CallNode): string | undefined {
  return id.startsWith('\0') ? id.slice(1) : undefined;
}

/**
 * Replace the services of each namespace by one node, and their calls by those between the groups. Services without a
 * namespace, or alone in theirs, stay as they are.
 *
 * @param open namespaces whose services are shown
 */
export function groupByNamespace({ nodes, edges }: CallGraph, open: ReadonlySet<string>): CallGraph {
  const members = Map.groupBy(nodes, ({ namespace }) => namespace);
  const groupOf = (node: CallNode): string => {
    const { id, namespace } = node;
    const isGrouped = namespace !== undefined && !open.has(namespace) && (members.get(namespace)?.length ?? 0) > 1;
    return isGrouped ? groupId(namespace) : id;
  };
  const groups = new Map(nodes.map((node) => [node.id, groupOf(node)]));
  const inside = Map.groupBy(
    edges.filter(({ source, target }) => groups.get(source) === groups.get(target)),
    ({ target }) => groups.get(target),
  );
  const grouped = [...Map.groupBy(nodes, groupOf)].map(([id, own]): CallNode => {
    const [only] = own;
    if (own.length === 1 && only !== undefined) return only;
    const namespace = only?.namespace ?? '';
    // Calls between members do not come from outside.
    return {
      id,
      title: namespace,
      service: '',
      namespace,
      members: own.length,
      ...statsOfAll(own, inside.get(id) ?? []),
    };
  });
  const between = edges.filter(({ source, target }) => groups.get(source) !== groups.get(target));
  const pairs = Map.groupBy(between, ({ source, target }) => JSON.stringify([groups.get(source), groups.get(target)]));
  return {
    nodes: grouped,
    edges: [...pairs].map(([id, own]): CallEdge => {
      const [first] = own;
      const isAlone = own.length === 1 && first !== undefined;
      const [source, target] = [groups.get(first?.source ?? '') ?? '', groups.get(first?.target ?? '') ?? ''];
      if (isAlone && first.source === source && first.target === target) return first;
      return { id, source, target, ...statsOfAll(own, []) };
    }),
  };
}

/** The sums of some calls, without others that they contain. */
function statsOfAll(parts: readonly CallStats[], without: readonly CallStats[]): CallStats {
  const total = (each: readonly CallStats[], of: (stats: CallStats) => number): number =>
    each.reduce((sum, stats) => sum + of(stats), 0);
  const sumOf = (of: (stats: CallStats) => number): number => Math.max(total(parts, of) - total(without, of), 0);
  const calls = sumOf((stats) => stats.calls);
  if (calls === 0) return { calls, averageMs: undefined, errorShare: 0 };
  return {
    calls,
    averageMs: sumOf((stats) => stats.calls * (stats.averageMs ?? 0)) / calls,
    errorShare: Math.min(sumOf((stats) => stats.calls * (stats.errorShare ?? 0)) / calls, 1),
  };
}
