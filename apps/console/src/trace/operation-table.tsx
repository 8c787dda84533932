import { useMemo } from 'react';
import { formatDuration } from '../format/duration.ts';
import { formatNumber } from '../format/number.ts';
import { OperationName } from '../operation-name.tsx';
import { serviceColour } from '../service-colour.ts';
import { type OperationStats, operationStatsOf } from './operation-stats.ts';
import type { TraceModel } from './trace-model.ts';

const columns = [
  ['operation', 'Operation'],
  ['count', 'Spans'],
  ['errors', 'Errors'],
  ['totalNs', 'Total'],
  ['selfNs', 'Self'],
  ['p50Ns', 'p50'],
  ['p95Ns', 'p95'],
  ['maxNs', 'Max'],
] as const;
type Column = (typeof columns)[number][0];
/** More rows would slow the page down. */
const maxRows = 1_000;

/**
 * The statistics of a trace by operation.
 *
 * @param sort a column as in the URL, with the prefix `-` for descending order
 * @param onOperation called with an operation to show the spans of
 */
export function OperationTable(props: {
  readonly model: TraceModel;
  readonly sort: string | null;
  readonly onSort: (sort: string) => void;
  readonly onOperation: (service: string, name: string) => void;
}) {
  const { model, onSort, onOperation } = props;
  const { column, isDescending } = sortOf(props.sort);
  const stats = useMemo(() => operationStatsOf(model), [model]);
  const rows = useMemo(
    () => stats.toSorted((left, right) => (isDescending ? -1 : 1) * compare(left, right, column)),
    [stats, column, isDescending],
  );
  const allSelfNs = useMemo(
    () =>
      Math.max(
        1,
        model.selfNs.reduce((sum, ns) => sum + ns, 0),
      ),
    [model],
  );
  return (
    <div className="operations" tabIndex={0} role="region" aria-label="Operations">
      <table>
        <thead>
          <tr>
            {columns.map(([each, title]) => (
              <th
                key={each}
                scope="col"
                aria-sort={each === column ? (isDescending ? 'descending' : 'ascending') : 'none'}
                className={each === 'operation' ? '' : 'number'}
              >
                <button type="button" onClick={() => onSort(nextSort(each, column, isDescending))}>
                  {title}
                  <span aria-hidden="true">{each === column ? (isDescending ? ' ↓' : ' ↑') : ''}</span>
                </button>
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.slice(0, maxRows).map((row) => (
            <tr key={JSON.stringify([row.service, row.name])}>
              <th scope="row">
                <button
                  type="button"
                  className="plain"
                  title="Show its spans"
                  onClick={() => onOperation(row.service, row.name)}
                >
                  <span className={`dot ${serviceColour(row.service)}`} aria-hidden="true" />
                  <bdi className="quiet">{row.service}</bdi> <OperationName name={row.name} />
                </button>
              </th>
              <td className="number">{formatNumber(row.count)}</td>
              <td className={row.errors > 0 ? 'number bad' : 'number quiet'}>{formatNumber(row.errors)}</td>
              <td className="number">{formatDuration(row.totalNs)}</td>
              <td className="number share">
                {formatDuration(row.selfNs)}
                <span
                  aria-hidden="true"
                  className={serviceColour(row.service)}
                  style={{ width: `${(row.selfNs / allSelfNs) * 100}%` }}
                />
              </td>
              <td className="number">{formatDuration(row.p50Ns)}</td>
              <td className="number">{formatDuration(row.p95Ns)}</td>
              <td className="number">{formatDuration(row.maxNs)}</td>
            </tr>
          ))}
        </tbody>
      </table>
      {rows.length > maxRows && (
        <p className="quiet">{formatNumber(rows.length - maxRows)} more operations are not shown</p>
      )}
    </div>
  );
}

function sortOf(text: string | null): { readonly column: Column; readonly isDescending: boolean } {
  const name = (text ?? '').replace(/^-/, '');
  const column = columns.find(([each]) => each === name)?.[0];
  return column === undefined
    ? { column: 'selfNs', isDescending: true }
    : { column, isDescending: text?.startsWith('-') === true };
}

/** The first click sorts numbers in descending and names in ascending order, the second click reverses the order. */
function nextSort(clicked: Column, column: Column, isDescending: boolean): string {
  const descending = clicked === column ? !isDescending : clicked !== 'operation';
  return `${descending ? '-' : ''}${clicked}`;
}

function compare(left: OperationStats, right: OperationStats, column: Column): number {
  if (column !== 'operation') return left[column] - right[column];
  return left.service.localeCompare(right.service) || left.name.localeCompare(right.name);
}
