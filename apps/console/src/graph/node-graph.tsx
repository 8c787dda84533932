import createPanzoom, { type PanzoomObject } from '@panzoom/panzoom';
import { type KeyboardEvent, useEffect, useId, useMemo, useRef, useState } from 'react';
import { formatValue } from '../charts/format-value.ts';
import { serviceColour } from '../service-colour.ts';
import { type CallEdge, type CallStats, type CallGraph, type CallNode, neighbours } from './call-graph.ts';
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

/** With more edges, only those of the highlighted node have labels. */
const maxLabelled = 30;
/** A smaller scale is unreadable; the graph can be panned instead. */
const minScale = 0.6;
const maxScale = 3;
/** An error rate from which a node or edge is shown as failing. */
const badShare = 0.01;

/**
 * A service graph. Nodes and edges show the number of calls, the error rate and the average duration. Drag to pan; the
 * buttons or Ctrl + wheel zoom. A click or Enter selects a node.
 *
 * @param selected ID of a node; nodes without calls to or from it are faint
 * @param onSelect called with the clicked node; undefined if it was already selected
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
  const [highlighted, setHighlighted] = useState<string>();
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
    () => (room === undefined ? undefined : layoutGraph(graph, room, hasLabels)),
    [shape, room, hasLabels],
  );
  const fit = (): void => {
    if (layout === undefined || room === undefined) return;
    const { scale, x, y } = fitting(layout, room);
    // Undo scrolling: browsers scroll to a focused element even if overflow is hidden.
    box.current?.scrollTo(0, 0);
    panzoom.current?.zoom(scale, { animate: false });
    panzoom.current?.pan(x, y, { animate: false });
  };
  useEffect(() => {
    if (stage.current === null || box.current === null || layout === undefined || room === undefined) return undefined;
    const element = box.current;
    const { scale, x, y } = fitting(layout, room);
    const created = createPanzoom(stage.current, {
      canvas: true,
      cursor: 'grab',
      minScale: 0.1,
      maxScale,
      step: 0.25,
      // A vertical swipe scrolls the page.
      touchAction: 'pan-y',
      excludeClass: 'node',
      startScale: scale,
      startX: x,
      startY: y,
    });
    panzoom.current = created;
    const zoomWheel = (event: WheelEvent): void => {
      if (event.ctrlKey || event.metaKey) created.zoomWithWheel(event);
    };
    element.addEventListener('wheel', zoomWheel, { passive: false });
    return () => {
      element.removeEventListener('wheel', zoomWheel);
      created.destroy();
      panzoom.current = undefined;
    };
  }, [layout]);
  const focus = highlighted ?? selected;
  const near = useMemo(() => (focus === undefined ? undefined : neighbours(graph, focus)), [graph, focus]);
  const maxCalls = Math.max(1, ...graph.edges.map(({ calls }) => calls));
  const names = new Map(graph.nodes.map((node) => [node.id, node]));
  const focused = focus === undefined ? undefined : names.get(focus);
  const isFaint = (edge: CallEdge): boolean => focus !== undefined && edge.source !== focus && edge.target !== focus;
  return (
    <div className="graph" role="group" aria-label={title}>
      <div className="graph-box" ref={box}>
        <div className="graph-stage" ref={stage}>
          {layout !== undefined && (
            <svg
              width={layout.width}
              height={layout.height}
              viewBox={`0 0 ${layout.width} ${layout.height}`}
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
                  route={layout.edges.get(edge.id)}
                  width={1 + 3 * Math.sqrt(edge.calls / maxCalls)}
                  isFaint={isFaint(edge)}
                  hasLabel={hasLabels || (focus !== undefined && !isFaint(edge))}
                  marker={`url(#${id}-${isBad(edge) ? 'arrow-bad' : 'arrow'})`}
                  description={`${names.get(edge.source)?.title ?? ''} calls ${names.get(edge.target)?.title ?? ''}: ${describeStats(edge)}`}
                />
              ))}
              {graph.nodes.map((node) => (
                <Node
                  key={node.id}
                  node={node}
                  position={layout.nodes.get(node.id)}
                  isSelected={node.id === selected}
                  isFaint={near !== undefined && !near.has(node.id)}
                  onHighlight={setHighlighted}
                  onSelect={() => onSelect(node.id === selected ? undefined : node)}
                />
              ))}
            </svg>
          )}
        </div>
      </div>
      <p className="graph-status" role="status">
        {focused !== undefined && (
          <>
            <bdi>{nameOf(focused)}</bdi>: {describeStats(focused)}
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

/** Fit the graph into the available space, or show its start if it would be too small. Panzoom scales around the centre. */
function fitting(
  { width, height }: Pick<GraphLayout, 'width' | 'height'>,
  room: { readonly width: number; readonly height: number },
): { readonly scale: number; readonly x: number; readonly y: number } {
  const scale = Math.max(minScale, Math.min(room.width / width, room.height / height, 1.25));
  const moved = (size: number, available: number): number =>
    (Math.max(available - size * scale, 0) / 2 - (size * (1 - scale)) / 2) / scale;
  return { scale, x: moved(width, room.width), y: moved(height, room.height) };
}

function Node({
  node,
  position,
  isSelected,
  isFaint,
  onHighlight,
  onSelect,
}: {
  readonly node: CallNode;
  readonly position: { readonly x: number; readonly y: number } | undefined;
  readonly isSelected: boolean;
  readonly isFaint: boolean;
  readonly onHighlight: (id: string | undefined) => void;
  readonly onSelect: () => void;
}) {
  if (position === undefined) return null;
  const onKeyDown = (event: KeyboardEvent): void => {
    if (event.key !== 'Enter' && event.key !== ' ') return;
    event.preventDefault();
    onSelect();
  };
  const isService = node.service === node.title;
  const title = shortened(node.title, 19);
  const service = isService ? '' : shortened(node.service, 24);
  const stats = statsText(node);
  return (
    <g
      className={`node ${isSelected ? 'selected' : ''} ${isFaint ? 'faint' : ''} ${serviceColour(node.service)}`}
      transform={`translate(${position.x - nodeWidth / 2} ${position.y - nodeHeight / 2})`}
      role="button"
      tabIndex={0}
      aria-pressed={isSelected}
      // The visible text, so that voice control finds it. The status line below has the full text.
      aria-label={[title, service, stats].filter((text) => text !== '').join(' ')}
      onClick={onSelect}
      onKeyDown={onKeyDown}
      onFocus={() => onHighlight(node.id)}
      onBlur={() => onHighlight(undefined)}
      onMouseEnter={() => onHighlight(node.id)}
      onMouseLeave={() => onHighlight(undefined)}
    >
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
}

function Edge({
  edge,
  route,
  width,
  isFaint,
  hasLabel,
  marker,
  description,
}: {
  readonly edge: CallEdge;
  readonly route:
    | {
        readonly points: readonly { readonly x: number; readonly y: number }[];
        readonly label: { readonly x: number; readonly y: number } | undefined;
      }
    | undefined;
  readonly width: number;
  readonly isFaint: boolean;
  readonly hasLabel: boolean;
  readonly marker: string;
  readonly description: string;
}) {
  if (route === undefined) return null;
  const at = route.label ?? route.points[Math.floor(route.points.length / 2)];
  return (
    <g
      className={`edge ${isFaint ? 'faint' : ''} ${isBad(edge) ? 'bad-edge' : ''}`}
      role="img"
      aria-label={description}
    >
      <title>{description}</title>
      <path d={smoothPath(route.points)} strokeWidth={width} markerEnd={marker} />
      {hasLabel && at !== undefined && (
        <g transform={`translate(${at.x} ${at.y})`}>
          <rect x={-labelWidth / 2} y={-labelHeight / 2} width={labelWidth} height={labelHeight} rx="3" />
          <text y="4">{statsText(edge)}</text>
        </g>
      )}
    </g>
  );
}

function nameOf({ service, title }: CallNode): string {
  return service === title ? title : `${service} ${title}`;
}

function isBad({ errorShare = 0 }: CallStats): boolean {
  return errorShare >= badShare;
}

function statsText({ calls, errorShare = 0, averageMs }: CallStats): string {
  const parts = [`${formatValue(calls, 'count')}×`];
  if (errorShare > 0) parts.push(formatValue(Number(errorShare.toPrecision(2)), 'share'));
  if (averageMs !== undefined) parts.push(formatValue(averageMs, 'milliseconds'));
  return parts.join(' · ');
}

function describeStats({ calls, errorShare, averageMs }: CallStats): string {
  const parts = [`${calls.toLocaleString()} calls`];
  if (errorShare !== undefined) parts.push(`${formatValue(errorShare, 'share')} failed`);
  if (averageMs !== undefined) parts.push(`${formatValue(averageMs, 'milliseconds')} on average`);
  return parts.join(', ');
}

function shortened(text: string, maxLength: number): string {
  return text.length <= maxLength ? text : `${text.slice(0, maxLength - 1)}…`;
}
