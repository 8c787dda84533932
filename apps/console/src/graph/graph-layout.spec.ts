import { describe, expect, it } from 'vitest';
import { callGraphOf } from './call-graph.ts';
import { labelHeight, labelWidth, layoutGraph, nodeHeight, nodeWidth, type Point, smoothPath } from './graph-layout.ts';

const stats = { calls: 1, averageMs: 1, errorShare: 0 };

/** Thirty services. One calls itself, and two call each other. */
function thirty() {
  const nodes = Array.from({ length: 30 }, (_, n) => ({ id: `s${n}`, title: `s${n}`, service: `s${n}`, ...stats }));
  const pairs = nodes.flatMap((_, n) => [2 * n + 1, 2 * n + 2].filter((to) => to < 30).map((to) => [n, to] as const));
  const edges = [...pairs, [4, 4] as const, [9, 4] as const].map(([from, to]) => ({
    id: `${from} ${to}`,
    source: `s${from}`,
    target: `s${to}`,
    ...stats,
  }));
  return { nodes, edges };
}

/** Places along the curve from left to right through points, as `smoothPath` draws it. */
function alongCurve(points: readonly Point[]): readonly Point[] {
  return points.slice(1).flatMap((to, n) => {
    const from = points[n] ?? to;
    return [0.05, 0.25, 0.5, 0.75, 0.95].map((t) => {
      const ease = t * t * (3 - 2 * t);
      const x = from.x + (to.x - from.x) * (1.5 * t - 1.5 * t * t + t ** 3);
      return { x, y: from.y + (to.y - from.y) * ease };
    });
  });
}

describe('a service graph', () => {
  it.each([
    [{ width: 1200, height: 400 }, true],
    [{ width: 300, height: 900 }, false],
  ])('of thirty services has no overlapping nodes or labels in %j', (room, hasLabels) => {
    const graph = thirty();
    const { nodes, edges, width, height } = layoutGraph(graph, room, hasLabels);
    const places = [...nodes.values()];
    expect(places).toHaveLength(30);
    places.forEach((a, n) => {
      expect(a.x).toBeGreaterThanOrEqual(nodeWidth / 2);
      expect(a.x).toBeLessThanOrEqual(width - nodeWidth / 2);
      expect(a.y).toBeLessThanOrEqual(height - nodeHeight / 2);
      for (const b of places.slice(n + 1)) {
        expect(Math.abs(a.x - b.x) >= nodeWidth || Math.abs(a.y - b.y) >= nodeHeight).toBe(true);
      }
    });
    const labels = [...edges.values()].flatMap(({ label }) => label ?? []);
    expect(labels).toHaveLength(hasLabels ? graph.edges.length : 0);
    labels.forEach((a, n) => {
      for (const b of labels.slice(n + 1)) {
        expect(Math.abs(a.x - b.x) >= labelWidth || Math.abs(a.y - b.y) >= labelHeight).toBe(true);
      }
    });
    for (const { points } of edges.values()) expect(points.length).toBeGreaterThan(1);
  });

  it('accepts any node ID, and does not change Object.prototype', () => {
    const names = ['polluted', '__proto__', 'isAdmin', 'constructor', 'toString', 'hasOwnProperty', '', 'n0', 'e0'];
    const nodes = names.map((name) => ({ id: name, title: name, service: name, ...stats }));
    const edges = names.flatMap((source, n) =>
      [names[(n + 1) % names.length] ?? '', '__proto__'].map((target) => ({
        id: `${source} → ${target}`,
        source,
        target,
        ...stats,
      })),
    );
    const before = Object.getOwnPropertyNames(Object.prototype);
    const drawn = layoutGraph({ nodes, edges }, { width: 900, height: 300 }, true);
    expect(Object.getOwnPropertyNames(Object.prototype)).toEqual(before);
    expect([...drawn.nodes.keys()]).toEqual(names);
    expect(new Set([...drawn.nodes.values()].map(({ x, y }) => `${x} ${y}`)).size).toBe(names.length);
    for (const { points } of drawn.edges.values()) expect(points.length).toBeGreaterThan(1);
  });

  it('extends along the longer side of the available space', () => {
    const graph = {
      nodes: thirty().nodes.slice(0, 3),
      edges: thirty().edges.filter(({ id }) => id === '0 1' || id === '0 2'),
    };
    const chain = {
      ...graph,
      edges: [
        { ...stats, id: 'a', source: 's0', target: 's1' },
        { ...stats, id: 'b', source: 's1', target: 's2' },
      ],
    };
    const wide = layoutGraph(chain, { width: 900, height: 200 }, true);
    const high = layoutGraph(chain, { width: 200, height: 900 }, true);
    expect(wide.width).toBeGreaterThan(wide.height);
    expect(high.height).toBeGreaterThan(high.width);
  });

  it('has no place under a node where an edge passes, and labels are not under nodes', () => {
    const graph = thirty();
    const { nodes, edges } = layoutGraph(graph, { width: 1200, height: 400 }, true);
    const places = graph.edges.flatMap(({ source, target, id }) => {
      const { points = [], label } = edges.get(id) ?? {};
      return [...nodes].flatMap(([node, { x, y }]) => {
        const isUnder = (at: { readonly x: number; readonly y: number }, w: number, h: number): boolean =>
          Math.abs(at.x - x) < (nodeWidth + w) / 2 && Math.abs(at.y - y) < (nodeHeight + h) / 2;
        const passing = node === source || node === target ? [] : alongCurve(points).filter((at) => isUnder(at, 0, 0));
        return [...passing, ...(label !== undefined && isUnder(label, labelWidth, labelHeight) ? [label] : [])];
      });
    });
    expect(places).toEqual([]);
  });

  it('leads long edges around the nodes between', () => {
    const nodes = thirty().nodes.slice(0, 6);
    // A chain, and calls that skip some of it.
    const edges = [
      ...[0, 1, 2, 3, 4].map((n) => [n, n + 1] as const),
      [0, 3] as const,
      [1, 5] as const,
      [0, 5] as const,
    ].map(([from, to]) => ({ id: `${from} ${to}`, source: `s${from}`, target: `s${to}`, ...stats }));
    const drawn = layoutGraph({ nodes, edges }, { width: 1350, height: 300 }, false);
    for (const { id, source, target } of edges) {
      const under = alongCurve(drawn.edges.get(id)?.points ?? []).filter(({ x, y }) =>
        [...drawn.nodes].some(
          ([node, at]) =>
            node !== source &&
            node !== target &&
            Math.abs(at.x - x) < nodeWidth / 2 &&
            Math.abs(at.y - y) < nodeHeight / 2,
        ),
      );
      expect([id, under]).toEqual([id, []]);
    }
  });

  it.each([
    ['one that calls a hundred', (n: number) => (n === 0 ? Array.from({ length: 99 }, (_, k) => k + 1) : []), 0.4],
    // A chain can only be a line, for which the width is all there is.
    ['a chain of a hundred', (n: number) => (n < 99 ? [n + 1] : []), 0],
    ['a hundred without calls', () => [], 0.4],
    ['sixty with three calls each', (n: number) => (n < 60 ? [7, 11, 13].map((k) => (n * k + 1) % 60) : []), 0.4],
  ])('uses the width and the height of its frame: %s', (_, callsOf, least) => {
    const nodes = Array.from({ length: 100 }, (_, n) => ({ id: `s${n}`, title: `s${n}`, service: `s${n}`, ...stats }));
    const edges = nodes.flatMap(({ id: source }, n) =>
      callsOf(n).map((to) => ({ id: `${n} ${to}`, source, target: `s${to}`, ...stats })),
    );
    const { width, height } = layoutGraph({ nodes, edges }, { width: 1350, height: 700 }, false);
    const scale = Math.min(1350 / width, 700 / height);
    const used = Math.max((scale * width) / 1350, (scale * height) / 700);
    expect(used).toBeCloseTo(1, 5);
    expect(Math.min((scale * width) / 1350, (scale * height) / 700)).toBeGreaterThan(least);
  });

  it.each([
    [60, 179],
    [200, 598],
    [500, 1498],
  ])('of %i services has few layers and bends, whatever cycles it has', (count, minEdges) => {
    const nodes = Array.from({ length: count }, (_, n) => ({
      id: `s${n}`,
      title: `s${n}`,
      service: `s${n}`,
      ...stats,
    }));
    let seed = 1;
    const below = (max: number): number => {
      seed = (Math.imul(seed, 1_103_515_245) + 12_345) & 0x7fffffff;
      return (seed >>> 8) % max;
    };
    const edges = nodes.flatMap(({ id: source }, n) =>
      [0, 1, 2].map((k) => ({ id: `${n} ${k}`, source, target: `s${below(count)}`, ...stats })),
    );
    expect(edges.length).toBeGreaterThanOrEqual(minEdges);
    const drawn = layoutGraph({ nodes, edges }, { width: 1350, height: 700 }, false);
    expect(Math.min(1350 / drawn.width, 700 / drawn.height)).toBeGreaterThan(10 / (count + 20));
    const points = [...drawn.edges.values()].reduce((sum, edge) => sum + edge.points.length, 0);
    // The time of the layout grows with these: 0.3 s for 500 services.
    expect(points).toBeLessThan(2 * 12_000 + 3 * edges.length + 1);
  });

  it('is converted from rows of nodes and edges', () => {
    const graph = callGraphOf(
      {
        columns: [
          'id',
          'title',
          'subTitle',
          'mainStat',
          'secondaryStat',
          'arc__failed',
          'arc__passed',
          'detail__namespace',
        ],
        rows: [
          ['1', 'GET /', 'web', 10, 5, 0.25, 0.75, 'shop'],
          ['2', 'query', 'search', 20, null, 0, 1, null],
        ],
      },
      {
        columns: ['id', 'source', 'target', 'mainStat', 'secondaryStat', 'detail__failed', 'detail__p95'],
        rows: [
          ['a', '1', '2', 7, 3, 0.5, 9],
          ['b', '1', 'gone', 7, 3, 0.5, 9],
        ],
      },
    );
    expect(graph).toEqual({
      nodes: [
        { id: '1', title: 'GET /', service: 'web', namespace: 'shop', calls: 10, averageMs: 5, errorShare: 0.25 },
        { id: '2', title: 'query', service: 'search', calls: 20, averageMs: undefined, errorShare: 0 },
      ],
      edges: [{ id: 'a', source: '1', target: '2', calls: 7, averageMs: 3, errorShare: 0.5, p95Ms: 9 }],
    });
  });

  it('has curves that leave and reach each point in the direction of the layout', () => {
    const start = { x: 0, y: 0 };
    const corner = { x: 10, y: 4 };
    expect(smoothPath([start, { x: 10, y: 0 }], 'LR')).toBe('M 0 0 L 10 0');
    expect(smoothPath([start, corner], 'LR')).toBe('M 0 0 C 5 0 5 4 10 4');
    expect(smoothPath([start, corner], 'TB')).toBe('M 0 0 C 0 2 10 2 10 4');
    expect(smoothPath([start, corner, { x: 20, y: 4 }], 'LR')).toBe('M 0 0 C 5 0 5 4 10 4 L 20 4');
    expect(smoothPath([], 'LR')).toBe('');
  });
});
