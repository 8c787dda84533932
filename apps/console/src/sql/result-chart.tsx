import { useMemo } from 'react';
import type { SqlAnswer } from '../api/answers.ts';
import { TimeSeriesChart } from '../charts/time-series.tsx';
import { timeSeriesOf } from '../charts/time-series-data.ts';
import { isNumberType, isTimeType } from './result-value.ts';

const noServices: ReadonlySet<string> = new Set();
/** More lines than that nobody tells apart. */
const maxSeries = 50;

/** The first column of time against all of numbers; with a column of text and one of numbers, a line for each text. */
export function ResultChart({ answer }: { readonly answer: SqlAnswer }) {
  const data = useMemo(() => seriesOf(answer), [answer]);
  if (data === undefined || data.timesMs.length < 2) {
    return (
      <p className="notice quiet">
        A chart needs rows of at least two times, in a column of a timestamp, and a column of numbers: for example{' '}
        <code>date_bin('1 minute', start_time, 'epoch') AS time, count(*)</code>
      </p>
    );
  }
  if (data.series.length > maxSeries) {
    return (
      <p className="notice quiet">
        That would be {data.series.length.toLocaleString()} lines; {maxSeries} can be drawn. Ask for fewer of them.
      </p>
    );
  }
  return (
    <div className="result-chart">
      <TimeSeriesChart
        title="Rows of the answer"
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

function seriesOf({ columns, rows }: SqlAnswer) {
  const timeAt = columns.findIndex(({ type }) => isTimeType(type));
  const numbersAt = columns.flatMap(({ type }, at) => (isNumberType(type) ? [at] : []));
  if (timeAt < 0 || numbersAt.length === 0) return undefined;
  const textAt = columns.findIndex(({ type }, at) => at !== timeAt && !isNumberType(type) && !isTimeType(type));
  const taken = textAt >= 0 ? [timeAt, textAt, numbersAt[0] ?? 0] : [timeAt, ...numbersAt];
  const names = taken.map((at, n) =>
    n === 0 ? 'time' : n === 1 && textAt >= 0 ? 'series' : (columns[at]?.name ?? ''),
  );
  return timeSeriesOf({ columns: names, rows: rows.map((row) => taken.map((at) => row[at])) }, null);
}
