import { useMemo } from 'react';
import type { SqlResponse } from '../api/types.ts';
import { TimeSeriesChart } from '../charts/time-series.tsx';
import { timeSeriesOf } from '../charts/time-series-data.ts';
import { isNumberType, isTimeType } from './result-value.ts';

const noServices: ReadonlySet<string> = new Set();
/** More series cannot be told apart. */
const maxSeries = 50;

/** The numeric columns over the first timestamp column. With a text column, there is one series per text. */
export function ResultChart({ result }: { readonly result: SqlResponse }) {
  const data = useMemo(() => seriesOf(result), [result]);
  if (data === undefined || data.timesMs.length < 2) {
    return (
      <p className="notice quiet">
        A chart needs a timestamp column with at least two different times, and a numeric column. For example:{' '}
        <code>date_bin('1 minute', start_time, 'epoch') AS time, count(*)</code>
      </p>
    );
  }
  if (data.series.length > maxSeries) {
    return (
      <p className="notice quiet">
        The result has {data.series.length.toLocaleString()} series; a chart shows at most {maxSeries}.
      </p>
    );
  }
  return (
    <div className="result-chart">
      <TimeSeriesChart
        title="Result rows"
        data={data}
        unit={undefined}
        bounds={{ fromMs: data.timesMs[0] ?? 0, toMs: data.timesMs.at(-1) ?? 0 }}
        services={noServices}
        onZoom={() => undefined}
        onPick={() => undefined}
      />
    </div>
  );
}

function seriesOf({ columns, rows }: SqlResponse) {
  const timeAt = columns.findIndex(({ type }) => isTimeType(type));
  const numbersAt = columns.flatMap(({ type }, at) => (isNumberType(type) ? [at] : []));
  if (timeAt < 0 || numbersAt.length === 0) return undefined;
  const textAt = columns.findIndex(({ type }, at) => at !== timeAt && !isNumberType(type) && !isTimeType(type));
  const used = textAt >= 0 ? [timeAt, textAt, numbersAt[0] ?? 0] : [timeAt, ...numbersAt];
  const names = used.map((at, n) => (n === 0 ? 'time' : n === 1 && textAt >= 0 ? 'series' : (columns[at]?.name ?? '')));
  return timeSeriesOf({ columns: names, rows: rows.map((row) => used.map((at) => row[at])) }, null);
}
