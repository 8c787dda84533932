import type { SqlResponse } from '../api/types.ts';
import { type TimeSeries, timeSeriesOf } from '../charts/time-series-data.ts';
import { isNumberType, isTimeType, traceIdOf } from './result-value.ts';

/** More series cannot be told apart. */
export const maxSeries = 50;
/** A result with more series is a table at first. */
const maxSeriesAtFirst = 20;

/** The series of a result: its numeric columns over the first timestamp column. With a text column, one series per text. */
export function seriesOf({ columns, rows }: SqlResponse): TimeSeries | undefined {
  const { timeAt, textAt, numbersAt } = columnsAt(columns);
  if (timeAt < 0 || numbersAt.length === 0) return undefined;
  const used = textAt >= 0 ? [timeAt, textAt, numbersAt[0] ?? 0] : [timeAt, ...numbersAt];
  const names = used.map((at, n) => (n === 0 ? 'time' : n === 1 && textAt >= 0 ? 'series' : (columns[at]?.name ?? '')));
  return timeSeriesOf({ columns: names, rows: rows.map((row) => used.map((at) => row[at])) }, null);
}

/**
 * Whether a result is a chart rather than a list: one column of times, one of numbers or several, and at most one of texts, with
 * one row for each time of a series. A list of traces or spans is none.
 */
export function isChart(result: SqlResponse): boolean {
  const { columns, rows } = result;
  const { timeAt, textAt, numbersAt } = columnsAt(columns);
  const others = columns.length - numbersAt.length - (textAt < 0 ? 1 : 2);
  if (timeAt < 0 || numbersAt.length === 0 || others > 0 || (textAt >= 0 && numbersAt.length > 1)) return false;
  if (columns.some((column, at) => traceIdOf(column, rows[0]?.[at]) !== undefined || /span_?id/i.test(column.name)))
    return false;
  const times = new Set(rows.map((row) => String(row[timeAt])));
  const series = new Set(textAt < 0 ? [] : rows.map((row) => String(row[textAt])));
  const points = new Set(rows.map((row) => JSON.stringify([row[timeAt], textAt < 0 ? null : String(row[textAt])])));
  return times.size >= 2 && series.size <= maxSeriesAtFirst && points.size === rows.length;
}

function columnsAt(columns: SqlResponse['columns']) {
  const timeAt = columns.findIndex(({ type }) => isTimeType(type));
  return {
    timeAt,
    textAt: columns.findIndex(({ type }, at) => at !== timeAt && !isNumberType(type) && !isTimeType(type)),
    numbersAt: columns.flatMap(({ type }, at) => (isNumberType(type) ? [at] : [])),
  };
}
