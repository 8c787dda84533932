import { type ReactNode, useMemo, useState } from 'react';
import './charts.css';
import { formatNumber } from '../format/number.ts';
import { formatValue, nameOfSeries, numberOf, type Unit } from './format-value.ts';
import { formatMoment } from '../format/time.ts';

export interface TableColumn {
  /** The name of the column in the result. */
  readonly name: string;
  readonly title: string;
  readonly unit: Unit | undefined;
  /** Custom content of a cell. @returns undefined for the formatted value */
  readonly cell?: (value: unknown, row: readonly unknown[]) => ReactNode;
}

const firstRows = 100;

/** Rows as a table that can be sorted by any column. Long tables show their first rows only, until a button is clicked. */
export function DataTable({
  label,
  result,
  columns,
}: {
  readonly label: string;
  readonly result: { readonly columns: readonly string[]; readonly rows: readonly (readonly unknown[])[] };
  readonly columns: readonly TableColumn[];
}) {
  const [order, setOrder] = useState<{ readonly name: string; readonly isAscending: boolean }>();
  const [showsAll, setShowsAll] = useState(false);
  const sorted = useMemo(() => {
    if (order === undefined) return result.rows;
    const at = result.columns.indexOf(order.name);
    const ascending = result.rows.toSorted((a, b) => compare(a[at], b[at]));
    return order.isAscending ? ascending : ascending.toReversed();
  }, [result, order]);
  const isNumeric = useMemo(
    () =>
      columns.map(({ name, unit }) => {
        const at = result.columns.indexOf(name);
        return (
          unit !== undefined || (result.rows.length > 0 && result.rows.every((row) => typeof row[at] === 'number'))
        );
      }),
    [result, columns],
  );
  const sort = (name: string, isNumber: boolean): void =>
    setOrder((before) => ({ name, isAscending: before?.name === name ? !before.isAscending : !isNumber }));
  const rows = showsAll ? sorted : sorted.slice(0, firstRows);
  return (
    <div className="data-table-scroll">
      <table className="data-table" aria-label={label}>
        <thead>
          <tr>
            {columns.map(({ name, title }, n) => (
              <th
                key={name}
                scope="col"
                className={isNumeric[n] === true ? 'right' : ''}
                {...(order?.name === name ? { 'aria-sort': order.isAscending ? 'ascending' : 'descending' } : {})}
              >
                {result.columns.includes(name) ? (
                  <button type="button" onClick={() => sort(name, isNumeric[n] === true)}>
                    {title}
                    <span aria-hidden="true">{order?.name === name ? (order.isAscending ? ' ↑' : ' ↓') : ''}</span>
                  </button>
                ) : (
                  title
                )}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map((row, index) => (
            <tr key={index}>
              {columns.map(({ name, unit, cell }, n) => {
                const value = row[result.columns.indexOf(name)];
                return (
                  <td key={name} className={isNumeric[n] === true ? 'right' : ''}>
                    {cell?.(value, row) ?? <bdi>{textOf(value, unit, name)}</bdi>}
                  </td>
                );
              })}
            </tr>
          ))}
        </tbody>
      </table>
      {rows.length < sorted.length && (
        <button type="button" onClick={() => setShowsAll(true)}>
          Show all {formatNumber(sorted.length)} rows
        </button>
      )}
    </div>
  );
}

/** All columns of a result. The unit applies to columns of numbers. */
export function columnsOf(
  result: { readonly columns: readonly string[] },
  unit: Unit | undefined,
): readonly TableColumn[] {
  const textColumns: ReadonlySet<string> = new Set(['time', 'series', 'service_name', 'operation']);
  return result.columns.map((name) => ({
    name,
    title: nameOfSeries(name),
    unit: textColumns.has(name) ? undefined : unit,
  }));
}

/** Format a value: numbers with their unit, times as local times. @param name of the column */
export function textOf(value: unknown, unit: Unit | undefined, name = ''): string {
  if (value === null || value === undefined) return '–';
  const number = unit === undefined && typeof value === 'string' ? undefined : numberOf(value);
  if (number !== undefined) return formatValue(number, unit, name);
  if (typeof value === 'string')
    return /^\d{4}-\d\d-\d\dT[\d:.]+Z$/.test(value) ? formatMoment(Date.parse(value)) : value;
  return JSON.stringify(value);
}

function compare(a: unknown, b: unknown): number {
  const [x, y] = [numberOf(a), numberOf(b)];
  if (x !== undefined && y !== undefined) return x - y;
  // NULL sorts last.
  if (a === null || b === null) return Number(a === null) - Number(b === null);
  return String(a).localeCompare(String(b));
}
