import './compare.css';
import '../trace/span-name.css';
import { useQueries } from '@tanstack/react-query';
import { defaultRangeExtractor, type Range, useVirtualizer } from '@tanstack/react-virtual';
import { type KeyboardEvent, memo, useCallback, useEffect, useMemo, useRef, useState } from 'react';
import { Link } from 'wouter';
import type { Waterfall } from '../api/types.ts';
import { get } from '../api/client.ts';
import { Failure } from '../failure.tsx';
import { formatDuration } from '../format/duration.ts';
import { formatNumber } from '../format/number.ts';
import { formatTime } from '../format/time.ts';
import { Loading } from '../loading.tsx';
import { runShortcut } from '../keys/shortcuts.ts';
import { OperationName, operationText } from '../operation-name.tsx';
import { serviceColour } from '../service-colour.ts';
import { treeKeys } from '../trace/trace-keys.ts';
import { type TraceModel, traceModelOf } from '../trace/trace-model.ts';
import { useAddress } from '../use-address.ts';
import { useIsPhone } from '../use-is-phone.ts';
import { type PathStats, type PathRow, pathRowsOf, type PathNode, pathTreeOf } from './path-tree.ts';

const rowHeightPx = 36;
/** On a phone the bars are below the name and the difference. */
const phoneRowHeightPx = 62;
const indentPx = 12;
const maxIndents = 24;
const sides = ['A', 'B'] as const;

/** Two traces side by side: operations in only one of them, and the durations of those in both. */
export function ComparePage({ traceIds }: { readonly traceIds: readonly [string, string] }) {
  const traces = useQueries({
    queries: traceIds.map((traceId) => ({
      queryKey: ['compared', traceId],
      queryFn: async ({ signal }: { readonly signal: AbortSignal }) =>
        traceModelOf(await get<Waterfall>(`traces/${traceId}`, signal)),
      staleTime: Infinity,
    })),
  });
  useEffect(() => {
    document.title = 'Compare · Spandrel';
  }, []);
  const failed = traces.find(({ isError }) => isError);
  const pending = traces.find(({ isPending }) => isPending);
  const [left, right] = traces.map(({ data }) => data);
  return (
    <div className="compare">
      <h1>Compare traces</h1>
      {failed?.error !== undefined && failed.error !== null && (
        <section aria-label="Trace that cannot be loaded">
          <p>
            Trace {sides[traces.indexOf(failed)]}: <code>{traceIds[traces.indexOf(failed)]}</code>
          </p>
          <Failure
            error={failed.error}
            retry={() => {
              for (const trace of traces) if (trace.isError) void trace.refetch();
            }}
          />
        </section>
      )}
      {failed === undefined && pending !== undefined && (
        <Loading
          what="Loading traces"
          queryKey={['compared']}
          isFetching={traces.some(({ isFetching }) => isFetching)}
          retry={() => {
            for (const trace of traces) if (trace.isPending) void trace.refetch();
          }}
        />
      )}
      {left !== undefined && right !== undefined && <Comparison models={[left, right]} />}
    </div>
  );
}

function Comparison({ models }: { readonly models: readonly [TraceModel, TraceModel] }) {
  const { parameters, change } = useAddress();
  const [left, right] = models;
  const roots = useMemo(() => pathTreeOf(left, right), [left, right]);
  const [closed, setClosed] = useState<ReadonlySet<number>>(new Set());
  const onlyDifferences = parameters.get('only') === 'differences';
  const rows = useMemo(() => pathRowsOf(roots, closed, onlyDifferences), [roots, closed, onlyDifferences]);
  const toggle = useCallback((id: number) => {
    setClosed((before) => {
      const after = new Set(before);
      if (!after.delete(id)) after.add(id);
      return after;
    });
  }, []);
  return (
    <>
      <table className="compare-facts">
        <thead>
          <tr>
            <th scope="col">
              <span className="visually-hidden">Side</span>
            </th>
            <th scope="col">Trace</th>
            <th scope="col">Start</th>
            <th scope="col" className="number">
              Duration
            </th>
            <th scope="col" className="number">
              Spans
            </th>
            <th scope="col" className="number">
              Errors
            </th>
          </tr>
        </thead>
        <tbody>
          {models.map(({ waterfall, count }, side) => (
            <tr key={side}>
              <th scope="row" className={`side-${side}`}>
                {sides[side]}
              </th>
              <td>
                <Link className="code compared-id" href={`/trace/${waterfall.traceId}`} title={waterfall.traceId}>
                  {waterfall.traceId}
                </Link>
              </td>
              <td>{formatTime(waterfall.startTimeUnixNano)}</td>
              <td className="number">{formatDuration(waterfall.durationNs)}</td>
              <td className="number">{formatNumber(count)}</td>
              <td className="number">{formatNumber(waterfall.spans.status.filter((status) => status === 2).length)}</td>
            </tr>
          ))}
        </tbody>
      </table>
      <div className="row">
        <label>
          <input
            type="checkbox"
            checked={onlyDifferences}
            onChange={({ target }) => change({ only: target.checked ? 'differences' : undefined })}
          />{' '}
          Only differences in call or error counts
        </label>
        <Link className="button" href={`/compare/${right.waterfall.traceId}/${left.waterfall.traceId}`}>
          Swap
        </Link>
      </div>
      {rows.length === 0 ? (
        <p className="notice">No differences in call or error counts.</p>
      ) : (
        <PathRows rows={rows} closed={closed} onToggle={toggle} longestNs={longestOf(roots)} />
      )}
    </>
  );
}

interface RowsProps {
  readonly rows: readonly PathRow[];
  readonly closed: ReadonlySet<number>;
  readonly onToggle: (id: number) => void;
  /** The duration of the longest bar. */
  readonly longestNs: number;
}

function PathRows({ rows, closed, onToggle, longestNs }: RowsProps) {
  const scroller = useRef<HTMLDivElement>(null);
  const [at, setAt] = useState(-1);
  const row = rows.findIndex(({ node }) => node.id === at);
  const rangeExtractor = useCallback(
    (range: Range) => {
      const drawn = defaultRangeExtractor(range);
      return row === -1 || drawn.includes(row) ? drawn : [...drawn, row].toSorted((one, other) => one - other);
    },
    [row],
  );
  const height = useIsPhone() ? phoneRowHeightPx : rowHeightPx;
  const virtual = useVirtualizer({
    count: rows.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => height,
    overscan: 10,
    rangeExtractor,
  });
  useEffect(() => virtual.measure(), [height, virtual]);
  const goTo = (next: number): void => {
    const clamped = Math.max(0, Math.min(next, rows.length - 1));
    setAt(rows[clamped]?.node.id ?? -1);
    virtual.scrollToIndex(clamped, { align: 'auto' });
  };
  const onKeyDown = (event: KeyboardEvent): void => {
    const node = rows[row]?.node;
    const isOpen = node !== undefined && node.children.length > 0 && !closed.has(node.id);
    const page = Math.max(1, Math.floor((scroller.current?.clientHeight ?? 0) / height) - 1);
    const isHandled = runShortcut(treeKeys, event, {
      next: () => goTo(row + 1),
      previous: () => goTo(row - 1),
      pageDown: () => goTo(row + page),
      pageUp: () => goTo(row - page),
      first: () => goTo(0),
      last: () => goTo(rows.length - 1),
      open: () => {
        if (node === undefined || node.children.length === 0) return false;
        return isOpen ? goTo(row + 1) : onToggle(node.id);
      },
      close: () => {
        if (node === undefined) return false;
        return isOpen
          ? onToggle(node.id)
          : goTo(rows.findLastIndex((each, n) => n < row && each.node.depth < node.depth));
      },
    });
    if (isHandled) event.preventDefault();
  };
  return (
    <div
      ref={scroller}
      className="compare-rows"
      role="tree"
      tabIndex={0}
      aria-label="Operations of both traces"
      aria-activedescendant={row === -1 ? undefined : `path-${at}`}
      onKeyDown={onKeyDown}
    >
      <div role="presentation" style={{ height: virtual.getTotalSize(), position: 'relative' }}>
        {virtual.getVirtualItems().map(({ index, start }) => {
          const shown = rows[index];
          return (
            shown !== undefined && (
              <PathRowView
                key={shown.node.id}
                node={shown.node}
                position={shown.position}
                setSize={shown.setSize}
                top={start}
                longestNs={longestNs}
                isClosed={closed.has(shown.node.id)}
                isSelected={shown.node.id === at}
                onSelect={setAt}
                onToggle={onToggle}
              />
            )
          );
        })}
      </div>
    </div>
  );
}

const PathRowView = memo(function PathRowView(props: {
  readonly node: PathNode;
  readonly position: number;
  readonly setSize: number;
  readonly top: number;
  readonly longestNs: number;
  readonly isClosed: boolean;
  readonly isSelected: boolean;
  readonly onSelect: (id: number) => void;
  readonly onToggle: (id: number) => void;
}) {
  const { node, position, setSize, top, longestNs, isClosed, isSelected, onSelect, onToggle } = props;
  const [one, other] = node.sides;
  const difference = differenceOf(one, other);
  const hasChildren = node.children.length > 0;
  return (
    <div
      id={`path-${node.id}`}
      className={`path-row ${isSelected ? 'selected' : ''}`}
      role="treeitem"
      aria-level={node.depth + 1}
      aria-posinset={position}
      aria-setsize={setSize}
      aria-selected={isSelected}
      {...(hasChildren ? { 'aria-expanded': !isClosed } : {})}
      style={{ transform: `translateY(${top}px)` }}
      onClick={() => onSelect(node.id)}
    >
      {/* The accessible name of the row repeats this. */}
      <div
        className="span-name"
        aria-hidden="true"
        title={`${node.service}: ${operationText(node.name)}`}
        style={{ paddingLeft: Math.min(node.depth, maxIndents) * indentPx }}
      >
        <span
          className="twist"
          aria-hidden="true"
          onClick={(event) => {
            event.stopPropagation();
            if (hasChildren) onToggle(node.id);
          }}
        >
          {!hasChildren ? '' : isClosed ? '▸' : '▾'}
        </span>
        <span className={`dot ${serviceColour(node.service)}`} aria-hidden="true" />
        <bdi className="service">{node.service}</bdi>
        <OperationName name={node.name} />
      </div>
      <div className="path-verdict">{difference}</div>
      <div className="path-bars">
        {node.sides.map((stats, side) => (
          <div key={side} className={stats.count === 0 ? 'quiet' : ''}>
            <div className={`path-bar side-${side}`} style={{ width: `${(stats.totalNs / longestNs) * 60}%` }} />
            <span className="visually-hidden">{sides[side]}</span>
            <span>{stats.count === 0 ? 'missing' : formatDuration(stats.totalNs)}</span>
            {stats.count > 1 && <span className="quiet">{formatNumber(stats.count)}×</span>}
            {stats.errors > 0 && <span className="bad">{formatNumber(stats.errors)} failed</span>}
          </div>
        ))}
      </div>
    </div>
  );
});

/** How B differs from A, for a row. */
function differenceOf(one: PathStats, other: PathStats): string {
  if (one.count === 0) return 'only B';
  if (other.count === 0) return 'only A';
  const difference = other.totalNs - one.totalNs;
  if (difference === 0) return '';
  return `${difference > 0 ? '+' : '−'}${formatDuration(Math.abs(difference))}`;
}

function longestOf(roots: readonly PathNode[]): number {
  return roots.reduce((longest, node) => Math.max(longest, ...node.sides.map(({ totalNs }) => totalNs)), 1);
}
