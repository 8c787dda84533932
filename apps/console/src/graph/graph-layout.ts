import type { CallGraph } from './call-graph.ts';

/*
 * A layered layout after Sugiyama: callers stand before the nodes they call, in layers from left to right or from top to
 * bottom. A layer has a bounded number of nodes (Coffman and Graham), so that a node with a hundred calls does not make the
 * drawing a hundred nodes high. The bound and the direction are those with which the drawing fits best into its frame.
 *
 * The time grows with the number of edges times the layers that each of them crosses: see `graph-layout.spec.ts` for what is
 * measured. `maxBends` bounds it; longer edges beyond it are straight lines.
 */

export const nodeWidth = 160;
export const nodeHeight = 54;
export const labelWidth = 126;
export const labelHeight = 18;

/** Space between neighbours of a layer, between layers, and around the drawing. */
const nodeGap = 22;
const bendGap = 10;
const labelGap = 6;
const layerGap = 60;
const labelledGap = 17;
const margin = 10;
/** The space across that an edge takes where it passes a layer. */
const bendSize = 4;

/** Places at which edges pass a layer, in all. */
const maxBends = 12_000;
const orderSweeps = 8;
const placeSweeps = 10;
/** Edges are kept straight rather than nodes near to their neighbours. */
const straightness = 4;
/** A drawing is not enlarged beyond this, so nothing is gained by fitting better. */
const comfortableScale = 1;

export interface Point {
  readonly x: number;
  readonly y: number;
}

export interface EdgeRoute {
  /** From the border of the caller to that of the called node. */
  readonly points: readonly Point[];
  /** The centre of the label. */
  readonly label: Point | undefined;
}

export interface GraphLayout {
  /** Which way calls go: from left to right, or from top to bottom. */
  readonly direction: Direction;
  readonly width: number;
  readonly height: number;
  /** Centres of the nodes, by ID. */
  readonly nodes: ReadonlyMap<string, Point>;
  /** By ID. */
  readonly edges: ReadonlyMap<string, EdgeRoute>;
}

export type Direction = 'LR' | 'TB';

/** Indices of the nodes of an edge, in the direction of the layers. */
interface Link {
  readonly edge: number;
  readonly from: number;
  readonly to: number;
  /** The called node is before its caller, because they are in a cycle. */
  readonly isReversed: boolean;
}

/** What stands in a layer: a node, a label, or the bend of an edge that passes. */
interface Item {
  readonly layer: number;
  readonly kind: 'node' | 'label' | 'bend';
  /** The space across. */
  readonly size: number;
  readonly before: Item[];
  readonly after: Item[];
  /** The position in its layer, and the centre across. */
  index: number;
  across: number;
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
  const indices = new Map(graph.nodes.map(({ id }, n) => [id, n]));
  const pairs = graph.edges.map(({ source, target }) => [indices.get(source) ?? 0, indices.get(target) ?? 0] as const);
  const { links, layers, direction } = bestLayers(graph.nodes.length, pairs, room, hasLabels);
  const loops = pairs.flatMap(([from, to]) => (from === to ? [from] : []));
  const drawing = new Drawing(layers, links, loops, direction, hasLabels);
  const own = new Map(links.map((link) => [link.edge, link]));
  return {
    ...drawing.size,
    direction,
    nodes: new Map(graph.nodes.map(({ id }, n) => [id, drawing.centreOf(n)])),
    edges: new Map(
      graph.edges.map(({ id }, n) => {
        const link = own.get(n);
        return [id, link === undefined ? drawing.loopAt(pairs[n]?.[0] ?? 0) : drawing.routeOf(link)];
      }),
    ),
  };
}

/** All edges between different nodes, with those reversed that close a cycle of a depth-first walk. */
function acyclicLinks(count: number, pairs: readonly (readonly [number, number])[]): readonly Link[] {
  const calls = Array.from({ length: count }, (): { readonly edge: number; readonly to: number }[] => []);
  const isCalled = new Uint8Array(count);
  for (const [edge, [from, to]] of pairs.entries()) {
    if (from === to) continue;
    calls[from]?.push({ edge, to });
    isCalled[to] = 1;
  }
  const links: Link[] = [];
  const [unseen, open, done] = [0, 1, 2];
  const state = new Uint8Array(count);
  const walk = (start: number): void => {
    if (state[start] !== unseen) return;
    const stack = [{ node: start, next: 0 }];
    state[start] = open;
    for (let top = stack.at(-1); top !== undefined; top = stack.at(-1)) {
      const call = calls[top.node]?.[top.next];
      top.next += 1;
      if (call === undefined) {
        state[top.node] = done;
        stack.pop();
        continue;
      }
      const { edge, to } = call;
      const isReversed = state[to] === open;
      links.push(isReversed ? { edge, from: to, to: top.node, isReversed } : { edge, from: top.node, to, isReversed });
      if (state[to] === unseen) {
        state[to] = open;
        stack.push({ node: to, next: 0 });
      }
    }
  };
  for (let node = 0; node < count; node++) if (isCalled[node] === 0) walk(node);
  for (let node = 0; node < count; node++) walk(node);
  return links;
}

/**
 * All edges between different nodes, from those near to an entry to those further away. In a graph of many cycles this gives
 * far fewer layers than a depth-first walk, but more edges point back.
 */
function linksByDistance(count: number, pairs: readonly (readonly [number, number])[]): readonly Link[] {
  const calls = Array.from({ length: count }, (): number[] => []);
  const isCalled = new Uint8Array(count);
  for (const [from, to] of pairs) {
    if (from === to) continue;
    calls[from]?.push(to);
    isCalled[to] = 1;
  }
  const order: number[] = [];
  const distance = new Int32Array(count).fill(-1);
  const reach = (node: number, at: number): void => {
    if (distance[node] !== -1) return;
    distance[node] = at;
    order.push(node);
  };
  let walked = 0;
  const walk = (): void => {
    for (let node = order[walked]; node !== undefined; node = order[walked]) {
      walked += 1;
      for (const next of calls[node] ?? []) reach(next, (distance[node] ?? 0) + 1);
    }
  };
  for (let node = 0; node < count; node++) if (isCalled[node] === 0) reach(node, 0);
  walk();
  for (let node = 0; node < count; node++) {
    reach(node, 0);
    walk();
  }
  const places = new Int32Array(count);
  for (const [place, node] of order.entries()) places[node] = place;
  return pairs.flatMap(([from, to], edge) => {
    if (from === to) return [];
    const isReversed = (places[to] ?? 0) < (places[from] ?? 0);
    return [isReversed ? { edge, from: to, to: from, isReversed } : { edge, from, to, isReversed }];
  });
}

/** Edges that point back are accepted for a drawing that is this many times as large. */
const worthReversing = 1.4;

/** Layers with the bound, and the direction, with which the drawing is largest in its frame. */
function bestLayers(
  count: number,
  pairs: readonly (readonly [number, number])[],
  room: { readonly width: number; readonly height: number },
  hasLabels: boolean,
): { readonly links: readonly Link[]; readonly layers: Int32Array; readonly direction: Direction } {
  const bounds = [count];
  for (let bound = 1; bound < count; bound = Math.ceil(bound * 1.25)) bounds.push(bound);
  const [first, second] = [acyclicLinks(count, pairs), linksByDistance(count, pairs)].map((links) => {
    const order = nodesByRank(count, links);
    let best = { links, layers: new Int32Array(), direction: 'LR' as Direction, scale: 0 };
    // The widest layers first: they have the fewest edges that pass a layer.
    for (const bound of bounds.toSorted((a, b) => b - a)) {
      const layers = boundedLayers(count, links, order, Math.max(bound, 1));
      for (const direction of ['LR', 'TB'] as const) {
        const { width, height } = sizeOf(layers, links, direction, hasLabels);
        const scale = Math.min(comfortableScale, room.width / width, room.height / height);
        if (scale > best.scale * 1.02) best = { links, layers, direction, scale };
      }
    }
    return best;
  });
  if (first === undefined || second === undefined) return { links: [], layers: new Int32Array(), direction: 'LR' };
  return second.scale > first.scale * worthReversing ? second : first;
}

/** Nodes in an order in which callers come first, with those last that have no edges. */
function nodesByRank(count: number, links: readonly Link[]): readonly number[] {
  const rank = new Int32Array(count);
  const missing = new Int32Array(count);
  const after = Array.from({ length: count }, (): number[] => []);
  const degree = new Int32Array(count);
  for (const { from, to } of links) {
    after[from]?.push(to);
    missing[to] = (missing[to] ?? 0) + 1;
    for (const end of [from, to]) degree[end] = (degree[end] ?? 0) + 1;
  }
  const ready = [...missing.keys()].filter((node) => missing[node] === 0);
  for (let n = 0; n < ready.length; n++) {
    const node = ready[n] ?? 0;
    for (const next of after[node] ?? []) {
      rank[next] = Math.max(rank[next] ?? 0, (rank[node] ?? 0) + 1);
      missing[next] = (missing[next] ?? 0) - 1;
      if (missing[next] === 0) ready.push(next);
    }
  }
  const places = new Map(ready.map((node, n) => [node, n]));
  const keyOf = (node: number): number => (degree[node] === 0 ? count : (rank[node] ?? 0));
  return ready.toSorted((a, b) => keyOf(a) - keyOf(b) || (places.get(a) ?? 0) - (places.get(b) ?? 0));
}

/** The layer of each node: after those of its callers, with at most `bound` nodes in each. */
function boundedLayers(
  count: number,
  links: readonly Link[],
  order: readonly number[],
  bound: number,
): Int32Array<ArrayBuffer> {
  const layers = new Int32Array(count);
  const first = new Int32Array(count);
  const after = Array.from({ length: count }, (): number[] => []);
  for (const { from, to } of links) after[from]?.push(to);
  const sizes: number[] = [];
  // Layers before this one are full.
  let open = 0;
  for (const node of order) {
    let layer = Math.max(first[node] ?? 0, open);
    while ((sizes[layer] ?? 0) >= bound) layer += 1;
    while ((sizes[open] ?? 0) >= bound) open += 1;
    sizes[layer] = (sizes[layer] ?? 0) + 1;
    layers[node] = layer;
    for (const next of after[node] ?? []) first[next] = Math.max(first[next] ?? 0, layer + 1);
  }
  // A node that nothing calls stands before the first node that it calls, if there is room.
  const isCalled = new Uint8Array(count);
  for (const { to } of links) isCalled[to] = 1;
  for (const node of order) {
    const called = after[node] ?? [];
    if (isCalled[node] === 1 || called.length === 0) continue;
    const last = called.reduce((min, next) => Math.min(min, layers[next] ?? 0), Infinity) - 1;
    const layer = layers[node] ?? 0;
    if (last <= layer || (sizes[last] ?? 0) >= bound || sizes[layer] === 1) continue;
    sizes[layer] = (sizes[layer] ?? 1) - 1;
    sizes[last] = (sizes[last] ?? 0) + 1;
    layers[node] = last;
  }
  return layers;
}

/** The size of the drawing, without drawing it. */
function sizeOf(
  layers: Int32Array,
  links: readonly Link[],
  direction: Direction,
  hasLabels: boolean,
): { readonly width: number; readonly height: number } {
  const count = layers.reduce((max, layer) => Math.max(max, layer), 0) + 1;
  const node = direction === 'LR' ? nodeHeight : nodeWidth;
  const label = direction === 'LR' ? labelHeight : labelWidth;
  const across = new Float64Array(count);
  const labels = new Float64Array(count);
  for (const layer of layers) across[layer] = (across[layer] ?? 0) + node + nodeGap;
  const passing = new Int32Array(count + 1);
  for (const { from, to } of links) {
    const start = layers[from] ?? 0;
    labels[start] = (labels[start] ?? 0) + label + labelGap;
    passing[start + 1] = (passing[start + 1] ?? 0) + 1;
    passing[layers[to] ?? 0] = (passing[layers[to] ?? 0] ?? 0) - 1;
  }
  let passed = 0;
  let widest = 0;
  for (let layer = 0; layer < count; layer++) {
    passed += passing[layer] ?? 0;
    const bends = passed * (bendSize + bendGap);
    widest = Math.max(widest, (across[layer] ?? 0) + bends, hasLabels ? (labels[layer] ?? 0) + bends : 0);
  }
  const along = alongOf(count, direction, hasLabels).end;
  return direction === 'LR'
    ? { width: along, height: widest + 2 * margin }
    : { width: widest + 2 * margin, height: along };
}

/** Where layers of nodes and, between them, of labels are, along the direction. */
function alongOf(count: number, direction: Direction, hasLabels: boolean) {
  const node = direction === 'LR' ? nodeWidth : nodeHeight;
  const label = direction === 'LR' ? labelWidth : labelHeight;
  const between = hasLabels ? 2 * labelledGap + label : layerGap;
  return {
    end: 2 * margin + count * node + (count - 1) * between,
    nodeAt: (layer: number): number => margin + node / 2 + layer * (node + between),
    labelAt: (layer: number): number => margin + node + between / 2 + layer * (node + between),
    halfNode: node / 2,
    halfLabel: label / 2,
  };
}

/** A drawing with given layers. */
class Drawing {
  readonly size: { readonly width: number; readonly height: number };
  private readonly nodes: readonly Item[];
  private readonly rows: Item[][];
  /** The items that each edge passes, by edge. */
  private readonly paths = new Map<number, readonly Item[]>();
  private readonly along: ReturnType<typeof alongOf>;
  private readonly direction: Direction;
  private readonly hasLabels: boolean;

  constructor(
    layers: Int32Array,
    links: readonly Link[],
    /** Nodes with an edge to themselves. */
    loops: readonly number[],
    direction: Direction,
    hasLabels: boolean,
  ) {
    this.direction = direction;
    this.hasLabels = hasLabels;
    const count = layers.reduce((max, layer) => Math.max(max, layer), 0) + 1;
    this.along = alongOf(count, direction, hasLabels);
    // With labels, layers of nodes have even numbers and layers of labels odd ones.
    this.rows = Array.from({ length: hasLabels ? 2 * count : count }, () => []);
    const size = direction === 'LR' ? nodeHeight : nodeWidth;
    this.nodes = [...layers].map((layer) => this.add(this.rowOf(layer), 'node', size));
    let bends = 0;
    for (const link of links) bends += Math.max((layers[link.to] ?? 0) - (layers[link.from] ?? 0) - 1, 0);
    const shortest = links.toSorted(
      (a, b) => (layers[a.to] ?? 0) - (layers[a.from] ?? 0) - (layers[b.to] ?? 0) + (layers[b.from] ?? 0),
    );
    let left = bends > maxBends ? maxBends : Infinity;
    for (const link of shortest) {
      left -= (layers[link.to] ?? 0) - (layers[link.from] ?? 0) - 1;
      this.connect(link, left < 0);
    }
    if (hasLabels) for (const node of loops) this.addLoop(node);
    this.arrange();
    const extent = this.place();
    const across = extent + 2 * margin;
    // A loop at a node of the last layer needs space.
    const end = this.along.end + (hasLabels ? this.overhang() : 0);
    this.size = direction === 'LR' ? { width: end, height: across } : { width: across, height: end };
  }

  /** The centre of a node. */
  centreOf(node: number): Point {
    const item = this.nodes[node];
    return item === undefined ? { x: 0, y: 0 } : this.pointOf(item);
  }

  /** The route of an edge between two nodes. */
  routeOf({ edge, from, to, isReversed }: Link): EdgeRoute {
    const [start, end] = [this.nodes[from], this.nodes[to]];
    if (start === undefined || end === undefined) return { points: [], label: undefined };
    const path = this.paths.get(edge) ?? [];
    const half = this.along.halfNode;
    const points = [
      this.at(this.alongAt(start) + half, start.across),
      ...path.flatMap((item) => {
        const middle = this.alongAt(item);
        const reach = item.kind === 'label' || this.isLabelRow(item.layer) ? this.along.halfLabel : half;
        return [this.at(middle - reach, item.across), this.at(middle + reach, item.across)];
      }),
      this.at(this.alongAt(end) - half, end.across),
    ];
    const label = path.find(({ kind }) => kind === 'label');
    // Calls in both directions between two nodes would otherwise be one line.
    if (isReversed && path.length === 0) {
      const bow = (start.across + end.across) / 2 + 16;
      points.splice(1, 0, this.at((this.alongAt(start) + this.alongAt(end)) / 2, bow));
    }
    return {
      points: isReversed ? points.toReversed() : points,
      label: label === undefined ? undefined : this.pointOf(label),
    };
  }

  /** The route of an edge from a node to itself. */
  loopAt(node: number): EdgeRoute {
    const item = this.nodes[node];
    if (item === undefined) return { points: [], label: undefined };
    const border = this.alongAt(item) + this.along.halfNode;
    const label = item.after.find((next) => next.kind === 'label' && next.after.length === 0);
    const reach = label === undefined ? border + 24 : this.alongAt(label);
    const across = label?.across ?? item.across;
    return {
      points: [
        this.at(border, item.across - 9),
        this.at(reach, across - 7),
        this.at(reach, across + 7),
        this.at(border, item.across + 9),
      ],
      label: label === undefined ? undefined : this.pointOf(label),
    };
  }

  /** Reserve the space of the label of an edge from a node to itself. */
  private addLoop(node: number): void {
    const item = this.nodes[node];
    if (item === undefined) return;
    const label = this.add(item.layer + 1, 'label', this.labelSize);
    item.after.push(label);
    label.before.push(item);
  }

  private get labelSize(): number {
    return this.direction === 'LR' ? labelHeight : labelWidth;
  }

  private add(layer: number, kind: Item['kind'], size: number): Item {
    const row = this.rows[layer] ?? [];
    const item: Item = { layer, kind, size, before: [], after: [], index: row.length, across: 0 };
    row.push(item);
    return item;
  }

  private connect({ edge, from, to }: Link, isStraight: boolean): void {
    const [start, end] = [this.nodes[from], this.nodes[to]];
    if (start === undefined || end === undefined) return;
    const path: Item[] = [];
    let last = start;
    for (let layer = start.layer + 1; layer < end.layer; layer++) {
      const isLabel = this.hasLabels && path.length === 0;
      if (isStraight && !isLabel) continue;
      const size = isLabel ? this.labelSize : bendSize;
      const item = this.add(layer, isLabel ? 'label' : 'bend', size);
      last.after.push(item);
      item.before.push(last);
      path.push(item);
      last = item;
    }
    last.after.push(end);
    end.before.push(last);
    this.paths.set(edge, path);
  }

  /** Order each layer by the middle of its neighbours, back and forth. The order with the fewest crossings stays. */
  private arrange(): void {
    let best = this.rows;
    let fewest = Infinity;
    for (let sweep = 0; sweep <= orderSweeps; sweep++) {
      const crossings = this.crossings();
      if (crossings < fewest) {
        fewest = crossings;
        best = this.rows.map((row) => [...row]);
      }
      if (fewest === 0 || sweep === orderSweeps) break;
      const isForward = sweep % 2 === 0;
      const rows = isForward ? this.rows : this.rows.toReversed();
      for (const row of rows) {
        const keys = new Map(
          row.map((item) => {
            const near = isForward ? item.before : item.after;
            const sum = near.reduce((total, each) => total + each.index, 0);
            return [item, near.length === 0 ? item.index : sum / near.length];
          }),
        );
        row.sort((a, b) => (keys.get(a) ?? 0) - (keys.get(b) ?? 0) || a.index - b.index);
        for (const [n, item] of row.entries()) item.index = n;
      }
    }
    for (const [n, row] of best.entries()) {
      this.rows[n] = row;
      for (const [index, item] of row.entries()) item.index = index;
    }
  }

  private crossings(): number {
    let crossings = 0;
    for (const [n, row] of this.rows.entries()) {
      const length = this.rows[n + 1]?.length ?? 0;
      // A Fenwick tree counts the ends before that are further on.
      const tree = new Int32Array(length + 1);
      let seen = 0;
      for (const item of row) {
        const ends = item.after.map(({ index }) => index).toSorted((a, b) => a - b);
        for (const end of ends) {
          let upTo = 0;
          for (let at = end + 1; at > 0; at -= at & -at) upTo += tree[at] ?? 0;
          crossings += seen - upTo;
        }
        for (const end of ends) {
          for (let at = end + 1; at <= length; at += at & -at) tree[at] = (tree[at] ?? 0) + 1;
          seen += 1;
        }
      }
    }
    return crossings;
  }

  /** Move items near to their neighbours, without overlaps and not beyond the longest layer. @returns its length */
  private place(): number {
    const offsets = this.rows.map((row) => {
      let at = 0;
      return row.map((item, n) => {
        const previous = row[n - 1];
        if (previous !== undefined) at += (previous.size + item.size) / 2 + gapBetween(previous, item);
        return at;
      });
    });
    const extents = this.rows.map(
      (row, n) => (offsets[n]?.at(-1) ?? 0) + ((row[0]?.size ?? 0) + (row.at(-1)?.size ?? 0)) / 2,
    );
    const extent = Math.max(nodeHeight, ...extents);
    for (const [n, row] of this.rows.entries()) {
      const start = margin + (extent - (extents[n] ?? 0)) / 2 + (row[0]?.size ?? 0) / 2;
      for (const [index, item] of row.entries()) item.across = start + (offsets[n]?.[index] ?? 0);
    }
    for (let sweep = 0; sweep < placeSweeps; sweep++) {
      const isForward = sweep % 2 === 0;
      const numbers = [...this.rows.keys()];
      for (const n of isForward ? numbers : numbers.toReversed()) {
        const row = this.rows[n] ?? [];
        const isLast = sweep >= placeSweeps - 2;
        const targets = row.map((item, index) => {
          const near = isLast ? [...item.before, ...item.after] : isForward ? item.before : item.after;
          return { ...wished(item, near), offset: offsets[n]?.[index] ?? 0 };
        });
        const first = margin + (row[0]?.size ?? 0) / 2;
        const starts = monotone(targets.map(({ at, weight, offset }) => ({ value: at - offset, weight })));
        for (const [index, item] of row.entries()) {
          const start = Math.min(Math.max(starts[index] ?? 0, first), first + extent - (extents[n] ?? 0));
          item.across = start + (offsets[n]?.[index] ?? 0);
        }
      }
    }
    return extent;
  }

  /** The space that labels of loops need beyond the last layer of nodes. */
  private overhang(): number {
    return (this.rows.at(-1)?.length ?? 0) > 0 ? 2 * labelledGap + 2 * this.along.halfLabel : 0;
  }

  private rowOf(layer: number): number {
    return this.hasLabels ? 2 * layer : layer;
  }

  private isLabelRow(row: number): boolean {
    return this.hasLabels && row % 2 === 1;
  }

  private alongAt({ layer }: Item): number {
    if (!this.hasLabels) return this.along.nodeAt(layer);
    return this.isLabelRow(layer) ? this.along.labelAt((layer - 1) / 2) : this.along.nodeAt(layer / 2);
  }

  private pointOf(item: Item): Point {
    return this.at(this.alongAt(item), item.across);
  }

  private at(along: number, across: number): Point {
    return this.direction === 'LR' ? { x: along, y: across } : { x: across, y: along };
  }
}

function gapBetween(a: Item, b: Item): number {
  if (a.kind === 'node' && b.kind === 'node') return nodeGap;
  return a.kind === 'label' && b.kind === 'label' ? labelGap : bendGap;
}

/** Where an item would be without the others of its layer. */
function wished(item: Item, near: readonly Item[]): { readonly at: number; readonly weight: number } {
  let [sum, weight] = [0, 0];
  for (const each of near) {
    const own = each.kind === 'node' || item.kind === 'node' ? 1 : straightness;
    sum += own * each.across;
    weight += own;
  }
  return weight === 0 ? { at: item.across, weight: 0.1 } : { at: sum / weight, weight };
}

/** The ascending values that are nearest to given ones, by weighted squares (pool adjacent violators). */
function monotone(wishes: readonly { readonly value: number; readonly weight: number }[]): readonly number[] {
  const pools: { value: number; weight: number; count: number }[] = [];
  for (const { value, weight } of wishes) {
    let pool = { value, weight, count: 1 };
    for (let last = pools.at(-1); last !== undefined && last.value >= pool.value; last = pools.at(-1)) {
      pools.pop();
      const sum = last.weight + pool.weight;
      pool = {
        value: (last.value * last.weight + pool.value * pool.weight) / sum,
        weight: sum,
        count: last.count + pool.count,
      };
    }
    pools.push(pool);
  }
  return pools.flatMap(({ value, count }) => Array.from({ length: count }, () => value));
}

/**
 * A smooth curve through the points of an edge, as the `d` of an SVG path. It leaves and reaches each point in the direction of
 * the layout, so that it bends between layers only, where no nodes are.
 */
export function smoothPath(points: readonly Point[], direction: Direction): string {
  const [first] = points;
  if (first === undefined) return '';
  const curves = points.slice(1).map((point, n) => {
    const last = points[n] ?? point;
    const middle = { x: (last.x + point.x) / 2, y: (last.y + point.y) / 2 };
    if (last.x === point.x || last.y === point.y) return `L ${textOf(point)}`;
    return direction === 'LR'
      ? `C ${textOf({ x: middle.x, y: last.y })} ${textOf({ x: middle.x, y: point.y })} ${textOf(point)}`
      : `C ${textOf({ x: last.x, y: middle.y })} ${textOf({ x: point.x, y: middle.y })} ${textOf(point)}`;
  });
  return [`M ${textOf(first)}`, ...curves].join(' ');
}

function textOf({ x, y }: Point): string {
  return `${Math.round(x * 10) / 10} ${Math.round(y * 10) / 10}`;
}
