import './span-name.css';
import { defaultRangeExtractor, type Range, useVirtualizer } from '@tanstack/react-virtual';
import { type CSSProperties, type KeyboardEvent, memo, useCallback, useEffect, useMemo, useRef } from 'react';
import { formatDuration } from '../format/duration.ts';
import { formatNumber } from '../format/number.ts';
import { runShortcut } from '../keys/shortcuts.ts';
import { OperationName, operationText } from '../operation-name.tsx';
import { serviceColour } from '../service-colour.ts';
import { useIsPhone } from '../use-is-phone.ts';
import { useRemembered } from '../use-remembered.ts';
import { type EventMark, eventMarksOf } from './event-marks.ts';
import { Legend } from './key-sheet.tsx';
import { percentOf, Separator } from './separator.tsx';
import { GenAiTag } from './gen-ai/gen-ai-facts.tsx';
import { ProblemMark } from './problems/problem-mark.tsx';
import { failedStatus } from './trace-filter.ts';
import { treeKeys } from './trace-keys.ts';
import type { TraceModel } from './trace-model.ts';
import type { TreeRows } from './tree-rows.ts';

/** From and to, in ns after the start of the trace. */
export type TimeWindow = readonly [fromNs: number, toNs: number];

const rowHeightPx = 24;
/** On a phone the name is above the bar. */
const phoneRowHeightPx = 44;
const indentPx = 12;
/** Deeper spans are not indented further, so that their names stay visible. */
const maxIndents = 24;
const ticks = [0, 0.25, 0.5, 0.75, 1] as const;
/** The width of the column of names, in percent. */
const names = { min: 12, max: 75, fallback: 36 } as const;

interface Props {
  readonly model: TraceModel;
  readonly rows: TreeRows;
  /** 1 for each span that matches the filter; their ancestors are pale. Undefined without a filter. */
  readonly matching: Uint8Array | undefined;
  readonly collapsed: ReadonlySet<number>;
  readonly found: ReadonlySet<number>;
  /** -1 for none. */
  readonly selected: number;
  readonly zoom: TimeWindow;
  readonly onSelect: (span: number) => void;
  readonly onToggle: (span: number) => void;
  /** Move the zoomed range to a span that it does not contain. */
  readonly onReveal: (span: number) => void;
}

/** A virtualized waterfall. It is an ARIA tree for the keyboard and for screen readers. */
export function WaterfallRows(props: Props) {
  const { model, rows, matching, collapsed, selected, zoom, onSelect, onToggle, onReveal } = props;
  const visible = rows.spans;
  const isPhone = useIsPhone();
  const height = isPhone ? phoneRowHeightPx : rowHeightPx;
  const [namesPercent, setNamesPercent] = useRemembered('spandrel-trace-names', (saved) =>
    percentOf(saved, names.min, names.max, names.fallback),
  );
  const marks = useMemo(() => eventMarksOf(model.waterfall), [model]);
  const scroller = useRef<HTMLDivElement>(null);
  const row = selected === -1 ? -1 : (rows.rowOf[selected] ?? -1);
  // Keep the selected row rendered while it is scrolled out of view, because screen readers are at it.
  const rangeExtractor = useCallback(
    (range: Range) => {
      const drawn = defaultRangeExtractor(range);
      if (row === -1 || row >= range.count || (row >= (drawn[0] ?? 0) && row <= (drawn.at(-1) ?? 0))) return drawn;
      return row < (drawn[0] ?? 0) ? [row, ...drawn] : [...drawn, row];
    },
    [row],
  );
  const virtual = useVirtualizer({
    count: visible.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => height,
    overscan: 20,
    rangeExtractor,
  });
  useEffect(() => virtual.measure(), [height, virtual]);
  useEffect(() => {
    if (row !== -1) virtual.scrollToIndex(row, { align: 'auto' });
  }, [row, virtual]);

  const onKeyDown = (event: KeyboardEvent): void => {
    const page = Math.max(1, Math.floor((scroller.current?.clientHeight ?? 0) / height) - 1);
    const goTo = (index: number): void => {
      const span = visible[Math.max(0, Math.min(index, visible.length - 1))];
      if (span !== undefined) onSelect(span);
    };
    const hasChildren = selected !== -1 && (model.childCount[selected] ?? 0) > 0;
    const isHandled = runShortcut(treeKeys, event, {
      next: () => goTo(row + 1),
      previous: () => goTo(row - 1),
      pageDown: () => goTo(row + page),
      pageUp: () => goTo(row - page),
      first: () => goTo(0),
      last: () => goTo(visible.length - 1),
      open: () => {
        if (!hasChildren) return false;
        return collapsed.has(selected) ? onToggle(selected) : goTo(row + 1);
      },
      close: () => {
        if (selected === -1) return false;
        const parent = model.parent[selected] ?? -1;
        if (hasChildren && !collapsed.has(selected)) return onToggle(selected);
        return parent === -1 ? undefined : onSelect(parent);
      },
    });
    if (isHandled) event.preventDefault();
  };

  return (
    <div className="waterfall" style={{ '--names': `${namesPercent}%` } as CSSProperties}>
      <div className="waterfall-ticks" aria-hidden="true">
        <span>Service and operation</span>
        <div>
          {ticks.map((tick) => (
            <span key={tick} className={`tick-${tick * 100}`}>
              {formatDuration(zoom[0] + (zoom[1] - zoom[0]) * tick)}
            </span>
          ))}
        </div>
      </div>
      <div
        ref={scroller}
        className="waterfall-scroll"
        role="tree"
        tabIndex={0}
        aria-label="Spans"
        aria-activedescendant={row === -1 ? undefined : `span-${selected}`}
        onKeyDown={onKeyDown}
      >
        <div role="presentation" style={{ height: virtual.getTotalSize(), position: 'relative' }}>
          {virtual.getVirtualItems().map(({ index, start }) => {
            const span = visible[index] ?? 0;
            return (
              <SpanRow
                key={span}
                model={model}
                marks={marks.get(span)}
                span={span}
                top={start}
                position={rows.position[span] ?? 1}
                setSize={rows.setSize(span)}
                isPale={matching !== undefined && matching[span] === 0}
                fromNs={zoom[0]}
                toNs={zoom[1]}
                isSelected={span === selected}
                isCollapsed={collapsed.has(span)}
                isFound={props.found.has(span)}
                onSelect={onSelect}
                onToggle={onToggle}
                onReveal={onReveal}
              />
            );
          })}
        </div>
      </div>
      <div className="waterfall-legend" aria-hidden="true">
        <Legend />
      </div>
      {!isPhone && (
        <Separator
          label="Width of the names"
          side="start"
          percent={namesPercent}
          {...names}
          onChange={setNamesPercent}
        />
      )}
    </div>
  );
}

interface RowProps {
  readonly model: TraceModel;
  readonly marks: readonly EventMark[] | undefined;
  readonly span: number;
  readonly top: number;
  readonly position: number;
  readonly setSize: number;
  readonly isPale: boolean;
  readonly fromNs: number;
  readonly toNs: number;
  readonly isSelected: boolean;
  readonly isCollapsed: boolean;
  readonly isFound: boolean;
  readonly onSelect: (span: number) => void;
  readonly onToggle: (span: number) => void;
  readonly onReveal: (span: number) => void;
}

const SpanRow = memo(function SpanRow({
  model,
  marks,
  span,
  top,
  position,
  setSize,
  isPale,
  fromNs,
  toNs,
  isSelected,
  isCollapsed,
  isFound,
  onSelect,
  onToggle,
  onReveal,
}: RowProps) {
  const { spans, operations } = model.waterfall;
  const [service, name] = operations[spans.operation[span] ?? 0] ?? ['', ''];
  const startNs = spans.startNs[span] ?? 0;
  const durationNs = spans.durationNs[span] ?? 0;
  const depth = model.depth[span] ?? 0;
  const isError = spans.status[span] === failedStatus;
  const children = model.childCount[span] ?? 0;
  const share = (ns: number): number => Math.max(0, Math.min(1, (ns - fromNs) / (toNs - fromNs))) * 100;
  const left = share(startNs);
  const right = share(startNs + durationNs);
  const isOutside = startNs > toNs || startNs + durationNs < fromNs;
  const classes = ['span-row', isSelected ? 'selected' : '', isFound ? 'found' : '', isPale ? 'pale' : ''].join(' ');
  return (
    <div
      id={`span-${span}`}
      className={classes}
      role="treeitem"
      aria-level={depth + 1}
      aria-posinset={position}
      aria-setsize={setSize}
      aria-selected={isSelected}
      {...(children > 0 ? { 'aria-expanded': !isCollapsed } : {})}
      style={{ transform: `translateY(${top}px)` }}
      onClick={() => onSelect(span)}
    >
      <div
        className="span-name"
        title={`${service}: ${operationText(name)}`}
        style={{ paddingLeft: Math.min(depth, maxIndents) * indentPx }}
      >
        <span
          className={`twist ${children > 0 ? '' : 'leaf'}`}
          aria-hidden="true"
          onClick={(event) => {
            event.stopPropagation();
            if (children > 0) onToggle(span);
          }}
        >
          {children === 0 ? '' : isCollapsed ? '▸' : '▾'}
        </span>
        <span className={`dot ${serviceColour(service)}`} aria-hidden="true" />
        {isError && (
          <span className="bad" aria-hidden="true">
            !
          </span>
        )}
        {model.isOrphan[span] === 1 && (
          <span title="Parent span is not stored" aria-hidden="true">
            ⤴
          </span>
        )}
        <ProblemMark spanId={spans.id[span] ?? ''} />
        <bdi className="service">{service}</bdi>
        <OperationName name={name} />
        <GenAiTag spanId={spans.id[span] ?? ''} />
        {isCollapsed && <span className="below">+{formatNumber(model.below[span] ?? 0)}</span>}
      </div>
      <div className="span-time">
        {isOutside ? (
          <>
            <span className="visually-hidden">{formatDuration(durationNs)}</span>
            <span
              className={startNs > toNs ? 'elsewhere later' : 'elsewhere'}
              aria-hidden="true"
              title="The span is outside the zoomed range. Click to show it."
              onClick={(event) => {
                event.stopPropagation();
                onReveal(span);
              }}
            >
              {startNs > toNs
                ? `${formatDuration(startNs - toNs)} later →`
                : `← ${formatDuration(fromNs - startNs - durationNs)} earlier`}
            </span>
          </>
        ) : (
          <div className="span-bars">
            <div
              className={`bar ${serviceColour(service)}${isError ? ' failed' : ''}`}
              style={{ left: `${left}%`, width: `max(2px, ${right - left}%)` }}
            />
            {(model.critical.get(span) ?? []).map((from, n, sections) => {
              if (n % 2 === 1) return undefined;
              const start = share(from);
              const end = share(sections[n + 1] ?? from);
              return end > start ? (
                <div
                  key={from}
                  className="critical"
                  style={{ left: `${start}%`, width: `max(1px, ${end - start}%)` }}
                />
              ) : undefined;
            })}
            {marks?.map((mark, n) =>
              mark.timeNs < fromNs || mark.timeNs > toNs ? undefined : (
                <div
                  key={n}
                  className={mark.name === 'exception' ? 'event-mark exception-mark' : 'event-mark'}
                  aria-hidden="true"
                  title={`Event ${mark.name} at ${formatDuration(mark.timeNs)}`}
                  style={{ left: `${share(mark.timeNs)}%` }}
                />
              ),
            )}
            {/* The column has room for it after the longest bar. */}
            <span className="took" style={{ left: `${right}%` }}>
              {formatDuration(durationNs)}
            </span>
          </div>
        )}
        {isError && <span className="visually-hidden">failed</span>}
      </div>
    </div>
  );
});
