import { Link } from 'wouter';
import type { QueryResponse } from '../api/types.ts';
import { columnsOf, type TableColumn } from '../charts/data-table.tsx';
import { formatValue, numberOf } from '../charts/format-value.ts';
import { formatMoment } from '../format/time.ts';
import type { TimeRangeState } from '../range/use-time-range.ts';
import type { PanelDefinition } from './panel-definition.ts';
import { type TracesFilter, tracesAddress } from './traces-address.ts';

/** The columns of a table panel. Columns with a link lead to a trace or to a search for traces. */
export function tableColumns(
  panel: PanelDefinition,
  result: QueryResponse,
  time: TimeRangeState,
): readonly TableColumn[] {
  const at = (name: string): number => result.columns.indexOf(name);
  const text = (row: readonly unknown[], name: string): string => {
    const value = row[at(name)];
    return typeof value === 'string' ? value : '';
  };
  const filterOf = (row: readonly unknown[], isFailed: boolean): TracesFilter => ({
    service: text(row, at('service_name') < 0 ? 'target' : 'service_name'),
    operation: text(row, at('span_name') < 0 ? 'operation' : 'span_name'),
    isFailed,
  });
  const errorColumn = panel.columns.find(({ name }) => name === 'errors' || name === 'error_rate')?.name;
  return panel.columns.map(({ name, title, unit, link }): TableColumn => {
    const common = { name, title, unit };
    if (link === 'trace') {
      return {
        ...common,
        cell: (value) => (
          <Link href={`/trace/${String(value)}`} className="code" title={String(value)}>
            {String(value).slice(0, 8)}
          </Link>
        ),
      };
    }
    // The operation of a dependency has no link in its definition, because Grafana has no page for it.
    if (link === 'operation' || name === 'operation') {
      return {
        ...common,
        cell: (value, row) => (
          <Link href={tracesAddress(filterOf(row, false), time.range)}>
            <bdi>{String(value)}</bdi>
          </Link>
        ),
      };
    }
    if (name === errorColumn) {
      return {
        ...common,
        cell: (value, row) => {
          const errors = numberOf(value) ?? 0;
          if (errors === 0) return undefined;
          return (
            <Link className="colour-bad" href={tracesAddress(filterOf(row, true), time.range)}>
              {formatValue(errors, unit)}
            </Link>
          );
        },
      };
    }
    return common;
  });
}

/** The columns of the table that replaces a chart. Times link to the same traces as the points of the chart. */
export function chartColumns(
  panel: PanelDefinition,
  result: QueryResponse,
  stepMs: number,
  addressAt: (timeMs: number, stepMs: number, name: string) => string,
): readonly TableColumn[] {
  const isHeatmap = panel.kind === 'heatmap';
  const unit = isHeatmap ? 'count' : panel.unit;
  const seriesAt = result.columns.indexOf('series');
  return columnsOf(result, unit)
    .filter(({ name }) => !isHeatmap || name === 'time' || hasValue(result, name))
    .toSorted((a, b) =>
      isHeatmap ? Number(b.name === 'time') - Number(a.name === 'time') || Number(a.name) - Number(b.name) : 0,
    )
    .map((column) => {
      if (panel.kind === 'histogram' && !column.name.startsWith('x')) return { ...column, unit: 'count' as const };
      if (isHeatmap && column.name !== 'time') {
        return { ...column, title: `< ${formatValue(Number(column.name), panel.unit)}` };
      }
      if (column.name !== 'time') return column;
      return {
        ...column,
        cell: (value: unknown, row: readonly unknown[]) => (
          <Link href={addressAt(Date.parse(String(value)), stepMs, seriesAt < 0 ? '' : String(row[seriesAt]))}>
            {formatMoment(Date.parse(String(value)))}
          </Link>
        ),
      };
    });
}

function hasValue({ columns, rows }: QueryResponse, name: string): boolean {
  const at = columns.indexOf(name);
  return rows.some((row) => (numberOf(row[at]) ?? 0) > 0);
}
