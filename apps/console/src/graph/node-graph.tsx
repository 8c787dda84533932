import createPanzoom, { type PanzoomObject } from '@panzoom/panzoom';
import {
  type KeyboardEvent,
  memo,
  useCallback,
  useEffect,
  useEffectEvent,
  useId,
  useMemo,
  useRef,
  useState,
} from 'react';
import { formatValue } from '../charts/format-value.ts';
import { counted, formatNumber } from '../format/number.ts';
import { serviceColour } from '../service-colour.ts';
import { type CallEdge, type CallStats, type CallGraph, type CallNode, nameOf } from './call-graph.ts';
import { neighbours } from './graph-filter.ts';
import {
  type GraphLayout,
  labelHeight,
  labelWidth,
  layoutGraph,
  nodeHeight,
  nodeWidth,
  type Point,
  smoothPath,
} from './graph-layout.ts';
import './node-graph.css';

/** With more edges, only those of the highlighted node have labels. */
const maxLabelled = 30;
const maxScale = 3;
/** Below this scale a node has only its name, in larger letters. */
const compactScale = 0.6;
/** Below this scale no name can be read: nodes are blocks of colour, red as far as calls fail. */
const tinyScale = 0.25;
/** A node that is found is shown at least in this scale. */
const readableScale = 0.9;
/** An error rate from which a node or edge is shown as failing. */
const badShare = 0.01;

/**
 * A service graph. Nodes and edges show the number of calls, the error rate and the average duration. Drag to pan; the
 * buttons or Ctrl + wheel zoom. A click or Enter selects a node, a click selects an edge. The graph is one tab stop; the arrow
 * keys move between nodes. The find box centres the nodes with a text in their name.
 *
 * @param selected ID of a node; nodes without calls to or from it are faint
 * @param onSelect called with the clicked node; undefined if it was already selected
 * @param selectedEdge ID of an edge
 * @param zoomsWithWheel whether the wheel zooms without Ctrl, on a page that does not scroll
 */
export function NodeGraph({
  title,
  graph,
  selected,
  onSelect,
  selectedEdge,
  onSelectEdge,
  zoomsWithWheel = false,
}: {
  readonly title: string;
  readonly graph: CallGraph;
  readonly selected: string | undefined;
  readonly onSelect: (node: CallNode | undefined) => void;
  readonly selectedEdge: string | undefined;
  readonly onSelectEdge: (edge: CallEdge) => void;
  readonly zoomsWithWheel?: boolean;
}) {
  const id = useId();
  const box = useRef<HTMLDivElement>(null);
  const stage = useRef<HTMLDivElement>(null);
  const panzoom = useRef<PanzoomObject>(undefined);
  const [room, setRoom] = useState<{ readonly width: number; readonly height: number }>();
  const [highlighted, setHighlighted] = useState<string>();
  const [detail, setDetail] = useState<'full' | 'compact' | 'tiny'>('full');
  const [stop, setStop] = useState<string>();
  const [sought, setSought] = useState('');
  useEffect(() => {
    if (box.current === null) return undefined;
    const element = box.current;
    const resized = new ResizeObserver(() =>
      setRoom((before) => {
        const next = { width: element.clientWidth, height: element.clientHeight };
        return before?.width === next.width && before.height === next.height ? before : next;
      }),
    );
    resized.observe(element);
    return () => resized.disconnect();
  }, []);
  const hasLabels = graph.edges.length <= maxLabelled;
  // A refresh changes the statistics but usually not the layout.
  const shape = JSON.stringify([graph.nodes.map(({ id }) => id), graph.edges.map((edge) => edge.id)]);
  // oxlint-disable-next-line react/exhaustive-deps
  const layout = useMemo(
    () => (room === undefined || room.width === 0 ? undefined : layoutGraph(graph, room, hasLabels)),
    [shape, room, hasLabels],
  );
  const paths = useMemo(
    () =>
      new Map(
        [...(layout?.edges ?? [])].map(([edge, { points }]) => [edge, smoothPath(points, layout?.direction ?? 'LR')]),
      ),
    [layout],
  );
  const show = useCallback((scale: number, x: number, y: number): void => {
    // Undo scrolling: browsers scroll to a focused element even if overflow is hidden.
    box.current?.scrollTo(0, 0);
    panzoom.current?.zoom(scale, { animate: false });
    panzoom.current?.pan(x, y, { animate: false });
  }, []);
  const fit = (): void => {
    if (layout === undefined || room === undefined) return;
    const { scale, x, y } = fitting(layout, room);
    show(scale, x, y);
  };
  const centre = useCallback(
    (node: string): void => {
      const at = layout?.nodes.get(node);
      if (layout === undefined || room === undefined || at === undefined || panzoom.current === undefined) return;
      const scale = Math.max(panzoom.current.getScale(), readableScale);
      const offset = (size: number, available: number, place: number): number =>
        (available - size) / 2 / scale + size / 2 - place;
      show(scale, offset(layout.width, room.width, at.x), offset(layout.height, room.height, at.y));
    },
    [layout, room, show],
  );
  const centreSelected = useEffectEvent(centre);
  const zoomed = useEffectEvent((scale: number) =>
    setDetail(scale < tinyScale ? 'tiny' : scale < compactScale ? 'compact' : 'full'),
  );
  useEffect(() => {
    if (stage.current === null || box.current === null || layout === undefined || room === undefined) return undefined;
    const element = box.current;
    const stageElement = stage.current;
    const { scale, x, y } = fitting(layout, room);
    zoomed(scale);
    const created = createPanzoom(stageElement, {
      canvas: true,
      cursor: 'grab',
      minScale: Math.min(0.1, scale),
      maxScale,
      step: 0.25,
      // A vertical swipe scrolls the page.
      touchAction: zoomsWithWheel ? 'none' : 'pan-y',
      excludeClass: 'node',
      startScale: scale,
      startX: x,
      startY: y,
    });
    panzoom.current = created;
    const zoomWheel = (event: WheelEvent): void => {
      if (zoomsWithWheel || event.ctrlKey || event.metaKey) created.zoomWithWheel(event);
    };
    const zoomChange = (event: Event): void => zoomed((event as CustomEvent<{ readonly scale: number }>).detail.scale);
    const startMoving = (): void => stageElement.classList.add('moving');
    const endMoving = (): void => stageElement.classList.remove('moving');
    element.addEventListener('wheel', zoomWheel, { passive: false });
    stageElement.addEventListener('panzoomzoom', zoomChange);
    stageElement.addEventListener('panzoomstart', startMoving);
    stageElement.addEventListener('panzoomend', endMoving);
    return () => {
      element.removeEventListener('wheel', zoomWheel);
      stageElement.removeEventListener('panzoomzoom', zoomChange);
      stageElement.removeEventListener('panzoomstart', startMoving);
      stageElement.removeEventListener('panzoomend', endMoving);
      endMoving();
      created.destroy();
      panzoom.current = undefined;
    };
  }, [layout, zoomsWithWheel]);
  // A node that was selected elsewhere may be out of sight.
  useEffect(() => {
    if (selected === undefined || layout === undefined || room === undefined) return undefined;
    // Panzoom moves to its start a moment after it was created.
    const timer = setTimeout(() => {
      const at = layout.nodes.get(selected);
      if (at !== undefined && !isInSight(at, layout, room, panzoom.current)) centreSelected(selected);
    });
    return () => clearTimeout(timer);
  }, [selected, layout, room]);

  const edgeOfSelection = graph.edges.find((edge) => edge.id === selectedEdge);
  const focus = highlighted ?? (edgeOfSelection === undefined ? selected : undefined);
  const near = useMemo(() => {
    if (focus !== undefined) return neighbours(graph, focus);
    if (edgeOfSelection !== undefined) return new Set([edgeOfSelection.source, edgeOfSelection.target]);
    return undefined;
  }, [graph, focus, edgeOfSelection]);
  const found = useMemo(() => {
    const text = sought.trim().toLowerCase();
    return text === '' ? [] : graph.nodes.filter((node) => nameOf(node).toLowerCase().includes(text));
  }, [graph, sought]);
  const foundIds = new Set(found.map((node) => node.id));
  const maxCalls = graph.edges.reduce((max, { calls }) => Math.max(max, calls), 1);
  const names = useMemo(() => new Map(graph.nodes.map((node) => [node.id, node])), [graph]);
  const focused = focus === undefined ? undefined : names.get(focus);
  // What is not near is faint, by one class of the drawing: the properties of most nodes and edges stay the same.
  const isNear = (edge: CallEdge): boolean =>
    focus === undefined ? edge === edgeOfSelection : edge.source === focus || edge.target === focus;
  const labelled = useMemo(() => {
    if (layout === undefined || hasLabels || near === undefined) return undefined;
    const own = graph.edges.filter(({ id: edge, source, target }) =>
      focus === undefined ? edge === selectedEdge : source === focus || target === focus,
    );
    return labelPlaces(own, near, layout);
  }, [graph, layout, hasLabels, near, focus, selectedEdge]);
  // The graph is one tab stop: the selected node, the last one that had the focus, or the first one.
  const tabStop = [stop, selected].find((each) => each !== undefined && names.has(each)) ?? graph.nodes[0]?.id;
  const move = useCallback(
    (from: string, key: string): boolean => {
      const next = layout === undefined ? undefined : nextNode(layout, from, key);
      if (next === undefined) return false;
      setStop(next);
      const at = graph.nodes.findIndex((node) => node.id === next);
      const element = stage.current?.querySelectorAll<SVGGElement>('.node')[at];
      element?.focus({ preventScroll: true });
      const place = layout?.nodes.get(next);
      if (layout !== undefined && room !== undefined && place !== undefined) {
        if (!isInSight(place, layout, room, panzoom.current)) centre(next);
      }
      return true;
    },
    [graph, layout, room, centre],
  );
  const toggle = useCallback(
    (node: CallNode) => onSelect(node.id === selected ? undefined : node),
    [onSelect, selected],
  );
  const seek = (): void => {
    const at = found.findIndex((node) => node.id === stop);
    const next = found[(at + 1) % found.length];
    if (next === undefined) return;
    setStop(next.id);
    setHighlighted(next.id);
    centre(next.id);
  };
  return (
    <div className={`graph graph-${detail}`} role="group" aria-label={title}>
      <div className="graph-box" ref={box}>
        <div className="graph-stage" ref={stage}>
          {layout !== undefined && (
            <svg
              width={layout.width}
              height={layout.height}
              viewBox={`0 0 ${layout.width} ${layout.height}`}
              className={near === undefined ? '' : 'graph-focused'}
              role="group"
              aria-label={`${counted(graph.nodes.length, 'node')}, ${counted(graph.edges.length, 'edge')}`}
            >
              <defs>
                {(['arrow', 'arrow-bad'] as const).map((name) => (
                  <marker
                    key={name}
                    id={`${id}-${name}`}
                    className={name}
                    viewBox="0 0 8 8"
                    refX="7"
                    refY="4"
                    markerWidth="8"
                    markerHeight="8"
                    markerUnits="userSpaceOnUse"
                    orient="auto-start-reverse"
                  >
                    <path d="M 0 0 L 8 4 L 0 8 Z" />
                  </marker>
                ))}
              </defs>
              {graph.edges.map((edge) => (
                <Edge
                  key={edge.id}
                  edge={edge}
                  path={paths.get(edge.id) ?? ''}
                  width={1 + 3 * Math.sqrt(edge.calls / maxCalls)}
                  isNear={isNear(edge)}
                  isSelected={edge.id === selectedEdge}
                  marker={`url(#${id}-${isBad(edge) ? 'arrow-bad' : 'arrow'})`}
                  from={names.get(edge.source)?.title ?? ''}
                  to={names.get(edge.target)?.title ?? ''}
                  onSelect={onSelectEdge}
                />
              ))}
              {graph.nodes.map((node) => (
                <Node
                  key={node.id}
                  node={node}
                  position={layout.nodes.get(node.id)}
                  isSelected={node.id === selected}
                  isTabStop={node.id === tabStop}
                  isNear={near?.has(node.id) === true}
                  isFound={foundIds.has(node.id)}
                  onHighlight={setHighlighted}
                  onSelect={toggle}
                  onMove={move}
                />
              ))}
              {/* After the nodes, so that no node covers a label. */}
              {graph.edges.map((edge) => {
                const at = hasLabels ? layout.edges.get(edge.id)?.label : labelled?.get(edge.id);
                return at === undefined ? null : <EdgeLabel key={edge.id} edge={edge} at={at} isNear={isNear(edge)} />;
              })}
            </svg>
          )}
        </div>
      </div>
      <p className="graph-status" role="status">
        {detail === 'tiny' && sought.trim() === '' && focused === undefined && (
          <span className="quiet">Zoom in, point at a service, or find one by its name</span>
        )}
        {sought.trim() !== '' && (
          <>
            {found.length === 0
              ? 'No match'
              : `${formatNumber(found.length)} of ${formatNumber(graph.nodes.length)} match`}
            {focused === undefined ? '' : ' · '}
          </>
        )}
        {focused !== undefined && (
          <>
            <bdi>{nameOf(focused)}</bdi>: {describeStats(focused)}
          </>
        )}
      </p>
      <form
        className="graph-find"
        role="search"
        onSubmit={(event) => {
          event.preventDefault();
          seek();
        }}
      >
        <input
          type="search"
          aria-label={`Find in ${title}`}
          placeholder="Find"
          title="Enter centres the next match"
          value={sought}
          onChange={(event) => setSought(event.target.value)}
          onBlur={() => setHighlighted(undefined)}
        />
      </form>
      <div className="graph-zoom" role="group" aria-label="Zoom">
        <button type="button" aria-label="Zoom in" title="Zoom in" onClick={() => panzoom.current?.zoomIn()}>
          +
        </button>
        <button type="button" aria-label="Zoom out" title="Zoom out" onClick={() => panzoom.current?.zoomOut()}>
          −
        </button>
        <button type="button" onClick={fit}>
          Fit
        </button>
      </div>
    </div>
  );
}

/** Fit the graph into the available space, in the middle. Panzoom scales around the centre. */
function fitting(
  { width, height }: Pick<GraphLayout, 'width' | 'height'>,
  room: { readonly width: number; readonly height: number },
): { readonly scale: number; readonly x: number; readonly y: number } {
  const scale = Math.min(room.width / width, room.height / height, 1.25);
  const moved = (size: number, available: number): number =>
    ((available - size * scale) / 2 - (size * (1 - scale)) / 2) / scale;
  return { scale, x: moved(width, room.width), y: moved(height, room.height) };
}

/** Whether a node is inside of the frame. */
function isInSight(
  { x, y }: Point,
  layout: GraphLayout,
  room: { readonly width: number; readonly height: number },
  panzoom: PanzoomObject | undefined,
): boolean {
  if (panzoom === undefined) return true;
  const scale = panzoom.getScale();
  const pan = panzoom.getPan();
  const placeOf = (at: number, by: number, size: number): number => scale * (at + by - size / 2) + size / 2;
  const [left, top] = [placeOf(x, pan.x, layout.width), placeOf(y, pan.y, layout.height)];
  return left >= 0 && top >= 0 && left <= room.width && top <= room.height;
}

const arrowKeys: ReadonlyMap<string, Point> = new Map([
  ['ArrowLeft', { x: -1, y: 0 }],
  ['ArrowRight', { x: 1, y: 0 }],
  ['ArrowUp', { x: 0, y: -1 }],
  ['ArrowDown', { x: 0, y: 1 }],
]);

/** The nearest node in the direction of an arrow key. */
function nextNode({ nodes }: GraphLayout, from: string, key: string): string | undefined {
  const start = nodes.get(from);
  const direction = arrowKeys.get(key);
  if (start === undefined || direction === undefined) return undefined;
  let best: { readonly id: string; readonly distance: number } | undefined;
  for (const [id, { x, y }] of nodes) {
    const along = (x - start.x) * direction.x + (y - start.y) * direction.y;
    const aside = Math.abs((x - start.x) * direction.y) + Math.abs((y - start.y) * direction.x);
    if (along <= 1) continue;
    const distance = along + 2 * aside;
    if (best === undefined || distance < best.distance) best = { id, distance };
  }
  return best?.id;
}

/** The most labels of the edges of one node. */
const maxHighlightedLabels = 24;

/**
 * Places for labels of some edges in a layout without space for labels: on their edges, not on each other and not on the nodes
 * that they belong to, as far as that is possible.
 */
function labelPlaces(
  edges: readonly CallEdge[],
  near: ReadonlySet<string>,
  layout: GraphLayout,
): ReadonlyMap<string, Point> {
  const taken: { readonly at: Point; readonly width: number; readonly height: number }[] = [...near].flatMap((id) => {
    const at = layout.nodes.get(id);
    return at === undefined ? [] : [{ at, width: nodeWidth, height: nodeHeight }];
  });
  const isFree = ({ x, y }: Point): boolean =>
    taken.every(
      ({ at, width, height }) =>
        Math.abs(at.x - x) >= (width + labelWidth) / 2 || Math.abs(at.y - y) >= (height + labelHeight) / 2,
    );
  const places = new Map<string, Point>();
  for (const edge of edges.toSorted((a, b) => b.calls - a.calls).slice(0, maxHighlightedLabels)) {
    const points = layout.edges.get(edge.id)?.points ?? [];
    const between = points.slice(1).flatMap((point, n) => {
      const last = points[n] ?? point;
      return [0.5, 0.25, 0.75].map((share) => ({
        x: last.x + (point.x - last.x) * share,
        y: last.y + (point.y - last.y) * share,
      }));
    });
    const candidates = [
      ...between,
      ...between.flatMap(({ x, y }) => [20, -20, 40, -40].map((by) => ({ x, y: y + by }))),
    ];
    const at = candidates.find(isFree) ?? between[Math.floor(between.length / 2)];
    if (at === undefined) continue;
    places.set(edge.id, at);
    taken.push({ at, width: labelWidth, height: labelHeight });
  }
  return places;
}

const Node = memo(function Node({
  node,
  position,
  isSelected,
  isTabStop,
  isNear,
  isFound,
  onHighlight,
  onSelect,
  onMove,
}: {
  readonly node: CallNode;
  readonly position: Point | undefined;
  readonly isSelected: boolean;
  readonly isTabStop: boolean;
  /** Whether it is not faint while another node or edge is highlighted. */
  readonly isNear: boolean;
  readonly isFound: boolean;
  readonly onHighlight: (id: string | undefined) => void;
  readonly onSelect: (node: CallNode) => void;
  /** @returns whether there is a node in the direction of the key */
  readonly onMove: (from: string, key: string) => boolean;
}) {
  if (position === undefined) return null;
  const onKeyDown = (event: KeyboardEvent): void => {
    // Alt+← is the previous page of the browser.
    if (event.altKey || event.metaKey) return;
    if (event.key === 'Enter' || event.key === ' ') {
      event.preventDefault();
      onSelect(node);
    } else if (onMove(node.id, event.key)) {
      event.preventDefault();
    }
  };
  const { members } = node;
  const isService = node.service === node.title;
  const title = shortened(node.title, 19);
  const service = isService ? '' : members === undefined ? shortened(node.service, 24) : `${members} services`;
  const stats = statsText(node);
  const states = [
    isSelected ? 'selected' : '',
    isNear ? 'near' : '',
    isBad(node) ? 'failing' : '',
    isFound ? 'found' : '',
    members === undefined ? '' : 'node-group',
  ];
  return (
    <g
      className={`node ${states.join(' ')} ${serviceColour(members === undefined ? node.service : node.title)}`}
      transform={`translate(${position.x - nodeWidth / 2} ${position.y - nodeHeight / 2})`}
      role="button"
      tabIndex={isTabStop ? 0 : -1}
      aria-pressed={isSelected}
      // The visible text, so that voice control finds it. The status line below has the full text.
      aria-label={[title, service, stats].filter((text) => text !== '').join(' ')}
      onClick={() => onSelect(node)}
      onKeyDown={onKeyDown}
      onFocus={() => onHighlight(node.id)}
      onBlur={() => onHighlight(undefined)}
      onMouseEnter={() => onHighlight(node.id)}
      onMouseLeave={() => onHighlight(undefined)}
    >
      <title>{nameOf(node)}</title>
      {members !== undefined && <rect className="node-box" x="4" y="4" width={nodeWidth} height={nodeHeight} rx="6" />}
      <rect className="node-box" width={nodeWidth} height={nodeHeight} rx="6" />
      <path className="node-stripe" d={`M 6 0 a 6 6 0 0 0 -6 6 v ${nodeHeight - 12} a 6 6 0 0 0 6 6 Z`} />
      {/* The spaces separate the words for screen readers. */}
      <text className="node-title" x="14" y={isService ? 22 : 19}>
        {title}
      </text>{' '}
      {!isService && (
        <text className="node-service" x="14" y="33">
          {service}
        </text>
      )}{' '}
      <text className={isBad(node) ? 'node-stats bad' : 'node-stats'} x="14" y={isService ? 41 : 47}>
        {stats}
      </text>
      <text className="node-large" x="14" y="35" aria-hidden="true">
        {shortened(node.title, 12)}
      </text>
      {/* The error rate as a share of the width. */}
      <rect
        className="node-failed"
        x="1"
        y={nodeHeight - 4}
        height="3"
        width={(nodeWidth - 2) * (node.errorShare ?? 0)}
      />
    </g>
  );
});

const Edge = memo(function Edge({
  edge,
  path,
  width,
  isNear,
  isSelected,
  marker,
  from,
  to,
  onSelect,
}: {
  readonly edge: CallEdge;
  readonly path: string;
  readonly width: number;
  readonly isNear: boolean;
  readonly isSelected: boolean;
  readonly marker: string;
  /** The titles of its nodes. */
  readonly from: string;
  readonly to: string;
  readonly onSelect: (edge: CallEdge) => void;
}) {
  const description = `${from} calls ${to}: ${describeStats(edge)}`;
  return (
    // oxlint-disable-next-line jsx-a11y/click-events-have-key-events, jsx-a11y/no-noninteractive-element-interactions -- the table of the graph and the details of a node have a button for each edge
    <g
      className={`edge ${isNear ? 'near' : ''} ${isBad(edge) ? 'bad-edge' : ''} ${isSelected ? 'selected' : ''}`}
      role="img"
      aria-label={description}
      onClick={() => onSelect(edge)}
    >
      <title>{description}</title>
      {/* A wider line to click on. */}
      <path className="edge-target" d={path} />
      <path className="edge-line" d={path} strokeWidth={width} markerEnd={marker} />
    </g>
  );
});

function EdgeLabel({ edge, at, isNear }: { readonly edge: CallEdge; readonly at: Point; readonly isNear: boolean }) {
  return (
    <g
      className={`edge-label ${isNear ? 'near' : ''} ${isBad(edge) ? 'bad-edge' : ''}`}
      transform={`translate(${at.x} ${at.y})`}
      aria-hidden="true"
    >
      <rect x={-labelWidth / 2} y={-labelHeight / 2} width={labelWidth} height={labelHeight} rx="3" />
      <text y="4">{statsText(edge)}</text>
    </g>
  );
}

function isBad({ errorShare = 0 }: CallStats): boolean {
  return errorShare >= badShare;
}

function statsText({ calls, errorShare = 0, averageMs }: CallStats): string {
  if (calls === 0) return 'no calls received';
  const parts = [`${formatValue(calls, 'count')}×`];
  if (errorShare > 0) parts.push(formatValue(Number(errorShare.toPrecision(2)), 'share'));
  if (averageMs !== undefined) parts.push(formatValue(averageMs, 'milliseconds'));
  return parts.join(' · ');
}

function describeStats({ calls, errorShare, averageMs }: CallStats): string {
  if (calls === 0) return 'no calls received in this time range';
  const parts = [counted(calls, 'call')];
  if (errorShare !== undefined) parts.push(`${formatValue(errorShare, 'share')} failed`);
  if (averageMs !== undefined) parts.push(`${formatValue(averageMs, 'milliseconds')} on average`);
  return parts.join(', ');
}

function shortened(text: string, maxLength: number): string {
  return text.length <= maxLength ? text : `${text.slice(0, maxLength - 1)}…`;
}
