import { useVirtualizer } from '@tanstack/react-virtual';
import {
  type CSSProperties,
  type KeyboardEvent,
  type ReactNode,
  useEffect,
  useLayoutEffect,
  useRef,
  useState,
} from 'react';
import { Link } from 'wouter';
import type { SearchOrder } from './search-parameters.ts';

/** A column of a result. */
export interface ResultColumn<Row> {
  readonly id: string;
  readonly title: string;
  /** As a track of a CSS grid. */
  readonly width: string;
  readonly isNumber?: boolean;
  /** The order of the search that sorts by this column, over the whole range. */
  readonly order?: SearchOrder;
  readonly cell: (row: Row) => ReactNode;
}

/** The height of a row must be known, as most rows are not rendered. On a phone a row has two lines. */
const rowHeightPx = 32;
const phoneRowHeightPx = 58;
const gapPx = 12;
const phone = '(max-width: 800px)';

/** More rows are loaded when as few as these are left below. */
const rowsAhead = 30;

/**
 * A virtualized table of results in the scroll area of the page. The first column links to the row's page; the arrow keys move
 * between rows.
 *
 * @param lead of a row, before its columns, such as a checkbox
 * @param onEnd called when the last rows come near
 */
export function ResultTable<Row>(props: {
  readonly label: string;
  readonly rows: readonly Row[];
  readonly keyOf: (row: Row) => string;
  readonly hrefOf: (row: Row) => string;
  /** A tooltip. */
  readonly titleOf?: (row: Row) => string;
  readonly columns: readonly ResultColumn<Row>[];
  readonly order: SearchOrder;
  readonly onOrder: (order: SearchOrder) => void;
  readonly lead?: (row: Row) => ReactNode;
  readonly onEnd: () => void;
}) {
  const { label, rows, keyOf, hrefOf, titleOf, columns, order, onOrder, lead, onEnd } = props;
  const body = useRef<HTMLDivElement>(null);
  const [top, setTop] = useState(0);
  const isPhone = useMedia(phone);
  const virtual = useVirtualizer({
    count: rows.length,
    getScrollElement: () => document.querySelector('main'),
    estimateSize: () => (isPhone ? phoneRowHeightPx : rowHeightPx),
    scrollMargin: top,
    overscan: 12,
  });
  useLayoutEffect(() => {
    const main = document.querySelector('main');
    if (main === null || body.current === null) return;
    // What is above the table may change its height.
    setTop(body.current.getBoundingClientRect().top - main.getBoundingClientRect().top + main.scrollTop);
  });
  useEffect(() => virtual.measure(), [virtual, isPhone]);
  const items = virtual.getVirtualItems();
  const lastShown = items.at(-1)?.index ?? 0;
  useEffect(() => {
    if (lastShown >= rows.length - rowsAhead) onEnd();
  }, [lastShown, rows.length, onEnd]);
  const onKeyDown = (event: KeyboardEvent): void => {
    const step = event.key === 'ArrowDown' ? 1 : event.key === 'ArrowUp' ? -1 : 0;
    const here =
      event.target instanceof Element ? event.target.closest('[data-index]')?.getAttribute('data-index') : null;
    const next = Number(here) + step;
    if (step === 0 || here == null || next < 0 || next >= rows.length) return;
    event.preventDefault();
    virtual.scrollToIndex(next, { align: 'auto' });
    body.current?.querySelector<HTMLElement>(`[data-index="${next}"] a`)?.focus();
  };
  const tracks = [...(lead === undefined ? [] : ['3.4em']), ...columns.map(({ width }) => width)].join(' ');
  // A narrower page scrolls the table sideways.
  const leastEm = [...tracks.matchAll(/([\d.]+)em/g)].reduce((sum, [, em]) => sum + Number(em), 0);
  const minWidth = `calc(${leastEm}em + ${gapPx * columns.length + 16}px)`;
  const [first, ...others] = columns;
  return (
    <div
      className="results"
      role="table"
      aria-label={label}
      aria-rowcount={rows.length + 1}
      style={{ '--columns': tracks, '--least': minWidth } as CSSProperties}
      onKeyDown={onKeyDown}
    >
      <div role="row" aria-rowindex={1} className="result-head">
        {lead !== undefined && (
          <span role="columnheader">
            <span className="visually-hidden">Selected</span>
          </span>
        )}
        {columns.map((column) => (
          <ColumnHead key={column.id} column={column} order={order} onOrder={onOrder} />
        ))}
      </div>
      <div ref={body} role="rowgroup" className="result-body" style={{ height: virtual.getTotalSize() }}>
        {items.map(({ index, start }) => {
          const row = rows[index];
          if (row === undefined) return undefined;
          return (
            <div
              key={keyOf(row)}
              role="row"
              aria-rowindex={index + 2}
              data-index={index}
              className="result"
              style={{ transform: `translateY(${start - top}px)` }}
            >
              {lead !== undefined && (
                <span role="cell" className="lead">
                  {lead(row)}
                </span>
              )}
              {first !== undefined && (
                <span role="cell" className="cell main-cell">
                  <Link href={hrefOf(row)} title={titleOf?.(row)}>
                    {first.cell(row)}
                  </Link>
                </span>
              )}
              {others.map(({ id, isNumber = false, cell }) => (
                <span key={id} role="cell" data-column={id} className={isNumber ? 'cell number' : 'cell'}>
                  {cell(row)}
                </span>
              ))}
            </div>
          );
        })}
      </div>
    </div>
  );
}

function ColumnHead<Row>({
  column,
  order,
  onOrder,
}: {
  readonly column: ResultColumn<Row>;
  readonly order: SearchOrder;
  readonly onOrder: (order: SearchOrder) => void;
}) {
  const { title, isNumber = false, order: own } = column;
  const isSorted = own !== undefined && own === order;
  return (
    <span
      role="columnheader"
      aria-sort={isSorted ? 'descending' : undefined}
      className={isNumber ? 'cell number' : 'cell'}
    >
      {own === undefined ? (
        title
      ) : (
        <button
          type="button"
          className="plain"
          title={`Sort all results of the time range: ${own} first`}
          onClick={() => onOrder(own)}
        >
          {title}
          <span aria-hidden="true">{isSorted ? ' ↓' : ''}</span>
        </button>
      )}
    </span>
  );
}

/** Whether a media query applies. */
function useMedia(query: string): boolean {
  const [isMatch, setMatch] = useState(() => matchMedia(query).matches);
  useEffect(() => {
    const media = matchMedia(query);
    const listener = (): void => setMatch(media.matches);
    media.addEventListener('change', listener);
    return () => media.removeEventListener('change', listener);
  }, [query]);
  return isMatch;
}
