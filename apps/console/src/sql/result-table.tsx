import { useVirtualizer } from '@tanstack/react-virtual';
import { type KeyboardEvent, useId, useMemo, useRef, useState } from 'react';
import { Link, useLocation } from 'wouter';
import type { SqlResponse } from '../api/types.ts';
import { copyText } from '../clipboard.ts';
import { isNumberType, kindOf, prettyTextOf, textOf, traceIdOf } from './result-value.ts';

const rowHeightPx = 26;
const headHeightPx = 42;
/** A cell shows at most this much; the value panel shows the whole value. */
const cellCharacters = 300;
const sampleRows = 200;
const minWidthCh = 6;
const maxWidthCh = 60;

interface Cell {
  readonly row: number;
  readonly column: number;
}

/** A virtualized grid of result rows. The arrow keys move between cells. */
export function ResultTable({ result }: { readonly result: SqlResponse }) {
  const { columns, rows } = result;
  const id = useId();
  const [, navigate] = useLocation();
  const scroll = useRef<HTMLDivElement>(null);
  const [cell, setCell] = useState<Cell>();
  const [isOpen, setOpen] = useState(false);
  const widthsCh = useMemo(() => columns.map((_, n) => widthOf(result, n)), [result, columns]);
  const virtual = useVirtualizer({
    count: rows.length,
    getScrollElement: () => scroll.current,
    estimateSize: () => rowHeightPx,
    overscan: 20,
    scrollMargin: headHeightPx,
    scrollPaddingStart: headHeightPx,
  });
  const template = `5ch ${widthsCh.map((width) => `${width}ch`).join(' ')}`;
  const valueOf = ({ row, column }: Cell): unknown => rows[row]?.[column];
  const traceOf = (at: Cell): string | undefined => {
    const column = columns[at.column];
    return column === undefined ? undefined : traceIdOf(column, valueOf(at));
  };

  const keys = (event: KeyboardEvent): void => {
    const here = cell ?? { row: -1, column: 0 };
    const page = Math.max(1, Math.floor((scroll.current?.clientHeight ?? 0) / rowHeightPx) - 2);
    const to = {
      ArrowDown: { ...here, row: here.row + 1 },
      ArrowUp: { ...here, row: here.row - 1 },
      ArrowRight: { ...here, column: here.column + 1 },
      ArrowLeft: { ...here, column: here.column - 1 },
      PageDown: { ...here, row: here.row + page },
      PageUp: { ...here, row: here.row - page },
      Home: event.ctrlKey ? { row: 0, column: 0 } : { ...here, column: 0 },
      End: event.ctrlKey
        ? { row: rows.length - 1, column: columns.length - 1 }
        : { ...here, column: columns.length - 1 },
    }[event.key];
    if (to !== undefined) {
      event.preventDefault();
      const next = {
        row: Math.min(Math.max(to.row, 0), rows.length - 1),
        column: Math.min(Math.max(to.column, 0), columns.length - 1),
      };
      setCell(next);
      virtual.scrollToIndex(next.row);
    } else if (event.key === 'Enter' && cell !== undefined) {
      const traceId = traceOf(cell);
      if (traceId === undefined) setOpen((before) => !before);
      else navigate(`/trace/${traceId}`);
    } else if (event.key === ' ' && cell !== undefined) {
      event.preventDefault();
      setOpen((before) => !before);
    } else if (event.key === 'Escape') {
      setOpen(false);
    } else if (event.key === 'c' && (event.ctrlKey || event.metaKey) && cell !== undefined) {
      if (String(getSelection()) === '') void copyText(traceOf(cell) ?? textOf(valueOf(cell)));
    }
  };

  return (
    <div className={isOpen && cell !== undefined ? 'result-table with-value' : 'result-table'}>
      <div
        ref={scroll}
        className="result-scroll"
        role="grid"
        tabIndex={0}
        aria-label="Result rows"
        aria-rowcount={rows.length + 1}
        aria-colcount={columns.length + 1}
        aria-activedescendant={cell === undefined ? undefined : `${id}-${cell.row}-${cell.column}`}
        onKeyDown={keys}
      >
        <div role="row" aria-rowindex={1} className="grid-head" style={{ gridTemplateColumns: template }}>
          <span role="columnheader" className="result-number" aria-label="Row" />
          {columns.map(({ name, type }, n) => (
            <span key={n} role="columnheader" title={`${name}\n${type}`} className={isNumberType(type) ? 'right' : ''}>
              <bdi>{name}</bdi>
              <small>{type}</small>
            </span>
          ))}
        </div>
        <div role="rowgroup" style={{ height: virtual.getTotalSize(), position: 'relative' }}>
          {virtual.getVirtualItems().map(({ index, start }) => (
            <div
              key={index}
              role="row"
              aria-rowindex={index + 2}
              className="grid-row"
              style={{ gridTemplateColumns: template, transform: `translateY(${start - headHeightPx}px)` }}
            >
              <span role="rowheader" className="result-number">
                {index + 1}
              </span>
              {columns.map((column, n) => {
                const at = { row: index, column: n };
                const isActive = cell?.row === index && cell.column === n;
                const traceId = traceOf(at);
                return (
                  // oxlint-disable-next-line jsx-a11y/click-events-have-key-events -- the grid handles the keys of its cells
                  <span
                    key={n}
                    id={`${id}-${index}-${n}`}
                    role="gridcell"
                    aria-selected={isActive}
                    className={`${kindOf(valueOf(at))} ${isNumberType(column.type) ? 'right' : ''} ${isActive ? 'active' : ''}`}
                    onClick={() => setCell(at)}
                    onDoubleClick={() => {
                      setCell(at);
                      setOpen(true);
                    }}
                  >
                    {traceId === undefined ? (
                      <CellText value={valueOf(at)} />
                    ) : (
                      <Link href={`/trace/${traceId}`} tabIndex={-1}>
                        {traceId}
                      </Link>
                    )}
                  </span>
                );
              })}
            </div>
          ))}
        </div>
      </div>
      {isOpen && cell !== undefined && (
        <aside className="result-value" aria-label="Value">
          <div className="row spread">
            <h2>
              <bdi>{columns[cell.column]?.name}</bdi>{' '}
              <small className="quiet">
                {columns[cell.column]?.type}, row {cell.row + 1}
              </small>
            </h2>
            <button type="button" aria-label="Close value" onClick={() => setOpen(false)}>
              ×
            </button>
          </div>
          <pre tabIndex={0}>
            {valueOf(cell) === null ? <em className="quiet">NULL</em> : <bdi>{prettyTextOf(valueOf(cell))}</bdi>}
          </pre>
        </aside>
      )}
    </div>
  );
}

function CellText({ value }: { readonly value: unknown }) {
  if (value === null || value === undefined) return <em>NULL</em>;
  const text = textOf(value);
  if (text === '') return <em aria-label="empty string">''</em>;
  return <bdi>{text.length > cellCharacters ? `${text.slice(0, cellCharacters)}…` : text}</bdi>;
}

/** The width of a column in characters, from the longest of its first values. */
function widthOf({ columns, rows }: SqlResponse, n: number): number {
  const { name, type } = columns[n] ?? { name: '', type: '' };
  const longest = rows
    .slice(0, sampleRows)
    .reduce((max, row) => Math.max(max, textOf(row[n]).length), Math.max(name.length, type.length * 0.8));
  return Math.min(Math.max(Math.ceil(longest) + 3, minWidthCh), maxWidthCh);
}
