import { describe, expect, it } from 'vitest';
import type { CallGraph } from './call-graph.ts';
import {
  drawableGraph,
  filterGraph,
  type GraphFilter,
  groupByNamespace,
  groupId,
  maxDrawnEdges,
  maxDrawnNodes,
  neighbours,
  reachable,
  thresholdOf,
} from './graph-filter.ts';

/** `a>b:5` is five calls from a to b. */
function graphOf(edges: string, namespaces: ReadonlyMap<string, string> = new Map()): CallGraph {
  const read = edges.split(' ').map((text) => {
    const [, source = '', target = '', calls = '1'] = /^(\w+)>(\w+)(?::(\d+))?$/.exec(text) ?? [];
    return { id: `${source} ${target}`, source, target, calls: Number(calls), averageMs: 10, errorShare: 0.5 };
  });
  const names = [...new Set(read.flatMap(({ source, target }) => [source, target]))];
  return {
    nodes: names.map((id) => ({
      id,
      title: id,
      service: id,
      namespace: namespaces.get(id),
      calls: read.filter(({ target }) => target === id).reduce((sum, { calls }) => sum + calls, 0),
      averageMs: 10,
      errorShare: 0.5,
    })),
    edges: read,
  };
}

const whole: GraphFilter = { focus: undefined, depth: 0, side: 'both', threshold: undefined, seconds: 10 };
const namesOf = ({ nodes }: CallGraph): readonly string[] => nodes.map(({ title }) => title).toSorted();

describe('a focus', () => {
  const chain = graphOf('a>b b>c c>d d>e x>c');

  it.each([
    [1, 'both', 'b c d x'],
    [2, 'both', 'a b c d e x'],
    [1, 'callers', 'b c x'],
    [2, 'called', 'c d e'],
    [3, 'callers', 'a b c x'],
  ] as const)('has what is %i steps away, in the direction %s', (depth, side, names) => {
    expect([...reachable(chain, 'c', depth, side)].toSorted().join(' ')).toBe(names);
    const { graph, hiddenNodes } = filterGraph(chain, { ...whole, focus: 'c', depth, side });
    expect(namesOf(graph).join(' ')).toBe(names);
    expect(hiddenNodes).toBe(6 - names.split(' ').length);
  });

  it('does not go on from callers to what else they call', () => {
    expect([...reachable(graphOf('a>b a>z'), 'b', 3, 'both')].toSorted()).toEqual(['a', 'b']);
    expect([...neighbours(chain, 'b')].toSorted()).toEqual(['a', 'b', 'c']);
  });

  it('ends in a graph of cycles', () => {
    expect([...reachable(graphOf('a>b b>a b>b'), 'a', 3, 'both')].toSorted()).toEqual(['a', 'b']);
  });
});

describe('a threshold', () => {
  const graph = graphOf('a>b:100 b>c:10 c>d:1');

  it.each([
    ['1/s', 'a b c'],
    ['1.5/s', 'a b'],
    ['5%', 'a b c'],
    ['50%', 'a b'],
  ])('of %s hides edges below it, and the services that have no others', (text, names) => {
    const filtered = filterGraph(graph, { ...whole, threshold: thresholdOf(text) });
    expect(namesOf(filtered.graph).join(' ')).toBe(names);
    expect(filtered.rareEdges).toBe(3 - filtered.graph.edges.length);
    expect(filtered.hiddenNodes).toBe(4 - filtered.graph.nodes.length);
  });

  it.each(['', '0/s', '-1/s', '101%', '5', '5 /s', 'x%', '1e3/s', '0%'])('is none if it is written %j', (text) => {
    expect(thresholdOf(text)).toBeUndefined();
  });
});

describe('groups of namespaces', () => {
  const namespaces = new Map([
    ['web', 'shop'],
    ['cart', 'shop'],
    ['db', 'data'],
    ['cache', 'data'],
    ['mail', 'alone'],
  ]);
  const graph = graphOf('web>cart:4 web>db:2 cart>cache:3 cart>db:5 db>cache:7 web>mail:1 other>web:6', namespaces);

  it('stand for their services, and count the calls from outside', () => {
    const grouped = groupByNamespace(graph, new Set());
    expect(namesOf(grouped)).toEqual(['data', 'mail', 'other', 'shop']);
    const data = grouped.nodes.find(({ id }) => id === groupId('data'));
    expect(data).toMatchObject({ members: 2, calls: 10, averageMs: 10, errorShare: 0.5 });
    const edges = grouped.edges.map(({ source, target, calls }) => [source, target, calls]);
    expect(edges).toContainEqual([groupId('shop'), groupId('data'), 10]);
    expect(edges).toContainEqual([groupId('shop'), 'mail', 1]);
    expect(edges).toContainEqual(['other', groupId('shop'), 6]);
    expect(edges).toHaveLength(3);
  });

  it('show their services when they are open', () => {
    const grouped = groupByNamespace(graph, new Set(['data']));
    expect(namesOf(grouped)).toEqual(['cache', 'db', 'mail', 'other', 'shop']);
    expect(grouped.edges.find(({ target }) => target === 'db')).toMatchObject({ source: groupId('shop'), calls: 7 });
    expect(grouped.edges.find(({ id }) => id === 'db cache')).toBe(graph.edges.find(({ id }) => id === 'db cache'));
  });

  it('have any name', () => {
    const odd = new Map([
      ['a', '__proto__'],
      ['b', '__proto__'],
      ['c', 'constructor'],
      ['d', 'constructor'],
    ]);
    expect(namesOf(groupByNamespace(graphOf('a>b b>c c>d', odd), new Set()))).toEqual(['__proto__', 'constructor']);
    // Also that of a service that is not in it.
    const alike = groupByNamespace(graphOf('web>db:2 db>shop:3 web>cart', namespaces), new Set());
    expect(alike.nodes.map(({ id }) => id).toSorted()).toEqual([groupId('shop'), 'db', 'shop']);
  });
});

describe('a graph that is too large to draw', () => {
  it('has the nodes and edges with the most calls, and the selected node', () => {
    const count = maxDrawnNodes + 300;
    const graph = graphOf(
      Array.from({ length: count }, (_, n) => [1, 2, 3, 4, 5, 6].map((k) => `s${n}>s${(n + k) % count}:${n + 1}`))
        .flat()
        .join(' '),
    );
    const drawn = drawableGraph(graph, 's9');
    expect(drawn.nodes.length).toBeLessThanOrEqual(maxDrawnNodes + 1);
    expect(drawn.edges.length).toBeLessThanOrEqual(maxDrawnEdges);
    expect(drawn.edges.length).toBeGreaterThan(maxDrawnEdges - 100);
    const names = drawn.nodes.map(({ id }) => id);
    expect([names.includes('s9'), names.includes('s8')]).toEqual([true, false]);
    expect(drawn.nodes.at(-1)?.id).toBe(`s${count - 1}`);
    const small = graphOf('a>b');
    expect(drawableGraph(small, undefined)).toBe(small);
  });
});
