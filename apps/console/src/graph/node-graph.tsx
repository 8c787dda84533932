import createPanzoom, { type PanzoomObject } from '@panzoom/panzoom';
import { type KeyboardEvent, useEffect, useId, useMemo, useRef, useState } from 'react';
import { formatValue } from '../charts/format-value.ts';
import { serviceColour } from '../service-colour.ts';
import { type CallEdge, type CallFigures, type CallGraph, type CallNode, neighbours } from './call-graph.ts';
import {
  type GraphLayout,
  labelHeight,
  labelWidth,
  layoutGraph,
  nodeHeight,
  nodeWidth,
  smoothPath,
} from './graph-layout.ts';
import './node-graph.css';

/** With more edges, each shows its figures only where it is looked at. */
const maxLabelled = 30;
/** Smaller, nobody can read it: there is panning instead. */
const leastScale = 0.6;
const mostScale = 3;
/** What fails more often than this is drawn as failing. */
const badShare = 0.01;

/**
 * Who calls whom: nodes with how often they are called, what share fails and how long it takes; edges with the same of the
 * calls between two. Dragging pans, the buttons and Ctrl with the wheel zoom. A click on a node, or Enter, selects it.
 *
 * @param selected id of a node; what it has no calls with is drawn fainter
 * @param onSelect the node that was clicked; undefined when it was the selected one
 */
export function NodeGraph({
  title,
  graph,
  selected,
  onSelect,
}: {
  readonly title: string;
  readonly graph: CallGraph;
  readonly selected: string | undefined;
  readonly onSelect: (node: CallNode | undefined) => void;
}) {
  const id = useId();
  const box = useRef<HTMLDivElement>(null);
  const stage = useRef<HTMLDivElement>(null);
  const panzoom = useRef<PanzoomObject>(undefined);
  const [room, setRoom] = useState<{ readonly width: number; readonly height: number }>();
  const [looked, setLooked] = useState<string>();
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
  // Figures change with each refresh, places do not.
  const shape = JSON.stringify([graph.nodes.map(({ id }) => id), graph.edges.map((edge) => edge.id)]);
  // oxlint-disable-next-line react/exhaustive-deps
  const places = useMemo(
    () => (room === undefined ? undefined : layoutGraph(graph, room, hasLabels)),
    [shape, room, hasLabels],
  );
  const fit = (): void => {
    if (places === undefined || room === undefined) return;
    const { scale, x, y } = fitting(places, room);
    // A browser scrolls to what has the focus, even where nothing can be scrolled.
    box.current?.scrollTo(0, 0);
    panzoom.current?.zoom(scale, { animate: false });
    panzoom.current?.pan(x, y, { animate: false });
  };
  useEffect(() => {
    if (stage.current === null || box.current === null || places === undefined || room === undefined) return undefined;
    const element = box.current;
    const { scale, x, y } = fitting(places, room);
    const made = createPanzoom(stage.current, {
      canvas: true,
      cursor: 'grab',
      minScale: 0.1,
      maxScale: mostScale,
      step: 0.25,
      // One finger that moves up and down scrolls the page.
      touchAction: 'pan-y',
      excludeClass: 'node',
      startScale: scale,
      startX: x,
      startY: y,
    });
    panzoom.current = made;
    const zoomWheel = (event: WheelEvent): void => {
      if (event.ctrlKey || event.metaKey) made.zoomWithWheel(event);
    };
    element.addEventListener('wheel', zoomWheel, { passive: false });
    return () => {
      element.removeEventListener('wheel', zoomWheel);
      made.destroy();
      panzoom.current = undefined;
    };
  }, [places]);
  const focus = looked ?? selected;
  const near = useMemo(() => (focus === undefined ? undefined : neighbours(graph, focus)), [graph, focus]);
  const most = Math.max(1, ...graph.edges.map(({ calls }) => calls));
  const names = new Map(graph.nodes.map((node) => [node.id, node]));
  const focused = focus === undefined ? undefined : names.get(focus);
  const isFaint = (edge: CallEdge): boolean => focus !== undefined && edge.source !== focus && edge.target !== focus;
  return (
    <div className="graph" role="group" aria-label={title}>
      <div className="graph-box" ref={box}>
        <div className="graph-stage" ref={stage}>
          {places !== undefined && (
            <svg
              width={places.width}
              height={places.height}
              viewBox={`0 0 ${places.width} ${places.height}`}
              role="group"
              aria-label={`${graph.nodes.length} nodes, ${graph.edges.length} edges`}
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
                  place={places.edges.get(edge.id)}
                  width={1 + 3 * Math.sqrt(edge.calls / most)}
                  isFaint={isFaint(edge)}
                  hasLabel={hasLabels || (focus !== undefined && !isFaint(edge))}
                  marker={`url(#${id}-${isBad(edge) ? 'arrow-bad' : 'arrow'})`}
                  words={`${names.get(edge.source)?.title ?? ''} calls ${names.get(edge.target)?.title ?? ''}: ${wordsOf(edge)}`}
                />
              ))}
              {graph.nodes.map((node) => (
                <Node
                  key={node.id}
                  node={node}
                  place={places.nodes.get(node.id)}
                  isSelected={node.id === selected}
                  isFaint={near !== undefined && !near.has(node.id)}
                  onLook={setLooked}
                  onSelect={() => onSelect(node.id === selected ? undefined : node)}
                />
              ))}
            </svg>
          )}
        </div>
      </div>
      <p className="graph-words" role="status">
        {focused !== undefined && (
          <>
            <bdi>{nameOf(focused)}</bdi>: {wordsOf(focused)}
          </>
        )}
      </p>
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

/** All of it in the middle; of what would be too small, the beginning. Panzoom scales around the middle, then moves. */
function fitting(
  { width, height }: Pick<GraphLayout, 'width' | 'height'>,
  room: { readonly width: number; readonly height: number },
): { readonly scale: number; readonly x: number; readonly y: number } {
  const scale = Math.max(leastScale, Math.min(room.width / width, room.height / height, 1.25));
  const moved = (size: number, available: number): number =>
    (Math.max(available - size * scale, 0) / 2 - (size * (1 - scale)) / 2) / scale;
  return { scale, x: moved(width, room.width), y: moved(height, room.height) };
}

function Node({
  node,
  place,
  isSelected,
  isFaint,
  onLook,
  onSelect,
}: {
  readonly node: CallNode;
  readonly place: { readonly x: number; readonly y: number } | undefined;
  readonly isSelected: boolean;
  readonly isFaint: boolean;
  readonly onLook: (id: string | undefined) => void;
  readonly onSelect: () => void;
}) {
  if (place === undefined) return null;
  const onKeyDown = (event: KeyboardEvent): void => {
    if (event.key !== 'Enter' && event.key !== ' ') return;
    event.preventDefault();
    onSelect();
  };
  const isService = node.service === node.title;
  const title = shortened(node.title, 19);
  const service = isService ? '' : shortened(node.service, 24);
  const figures = figuresOf(node);
  return (
    <g
      className={`node ${isSelected ? 'selected' : ''} ${isFaint ? 'faint' : ''} ${serviceColour(node.service)}`}
      transform={`translate(${place.x - nodeWidth / 2} ${place.y - nodeHeight / 2})`}
      role="button"
      tabIndex={0}
      aria-pressed={isSelected}
      // What is to be seen, so that it can be called by that; below, it is said in full.
      aria-label={[title, service, figures].filter((text) => text !== '').join(' ')}
      onClick={onSelect}
      onKeyDown={onKeyDown}
      onFocus={() => onLook(node.id)}
      onBlur={() => onLook(undefined)}
      onMouseEnter={() => onLook(node.id)}
      onMouseLeave={() => onLook(undefined)}
    >
      <rect className="node-box" width={nodeWidth} height={nodeHeight} rx="6" />
      <path className="node-stripe" d={`M 6 0 a 6 6 0 0 0 -6 6 v ${nodeHeight - 12} a 6 6 0 0 0 6 6 Z`} />
      {/* The spaces part the words for those who do not see where they stand. */}
      <text className="node-title" x="14" y={isService ? 22 : 19}>
        {title}
      </text>{' '}
      {!isService && (
        <text className="node-service" x="14" y="33">
          {service}
        </text>
      )}{' '}
      <text className={isBad(node) ? 'node-figures bad' : 'node-figures'} x="14" y={isService ? 41 : 47}>
        {figures}
      </text>
      {/* What fails, as a part of the whole. */}
      <rect
        className="node-failed"
        x="1"
        y={nodeHeight - 4}
        height="3"
        width={(nodeWidth - 2) * (node.errorShare ?? 0)}
      />
    </g>
  );
}

function Edge({
  edge,
  place,
  width,
  isFaint,
  hasLabel,
  marker,
  words,
}: {
  readonly edge: CallEdge;
  readonly place:
    | {
        readonly points: readonly { readonly x: number; readonly y: number }[];
        readonly label: { readonly x: number; readonly y: number } | undefined;
      }
    | undefined;
  readonly width: number;
  readonly isFaint: boolean;
  readonly hasLabel: boolean;
  readonly marker: string;
  readonly words: string;
}) {
  if (place === undefined) return null;
  const at = place.label ?? place.points[Math.floor(place.points.length / 2)];
  return (
    <g className={`edge ${isFaint ? 'faint' : ''} ${isBad(edge) ? 'bad-edge' : ''}`} role="img" aria-label={words}>
      <title>{words}</title>
      <path d={smoothPath(place.points)} strokeWidth={width} markerEnd={marker} />
      {hasLabel && at !== undefined && (
        <g transform={`translate(${at.x} ${at.y})`}>
          <rect x={-labelWidth / 2} y={-labelHeight / 2} width={labelWidth} height={labelHeight} rx="3" />
          <text y="4">{figuresOf(edge)}</text>
        </g>
      )}
    </g>
  );
}

function nameOf({ service, title }: CallNode): string {
  return service === title ? title : `${service} ${title}`;
}

function isBad({ errorShare = 0 }: CallFigures): boolean {
  return errorShare >= badShare;
}

function figuresOf({ calls, errorShare = 0, averageMs }: CallFigures): string {
  const parts = [`${formatValue(calls, 'count')}×`];
  if (errorShare > 0) parts.push(formatValue(Number(errorShare.toPrecision(2)), 'share'));
  if (averageMs !== undefined) parts.push(formatValue(averageMs, 'milliseconds'));
  return parts.join(' · ');
}

function wordsOf({ calls, errorShare, averageMs }: CallFigures): string {
  const parts = [`${calls.toLocaleString()} calls`];
  if (errorShare !== undefined) parts.push(`${formatValue(errorShare, 'share')} failed`);
  if (averageMs !== undefined) parts.push(`${formatValue(averageMs, 'milliseconds')} on average`);
  return parts.join(', ');
}

function shortened(text: string, most: number): string {
  return text.length <= most ? text : `${text.slice(0, most - 1)}…`;
}
