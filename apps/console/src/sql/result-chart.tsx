import { useMemo } from 'react';
import type { SqlResponse } from '../api/types.ts';
import { TimeSeriesChart } from '../charts/time-series.tsx';
import { formatNumber } from '../format/number.ts';
import { maxSeries, seriesOf } from './result-series.ts';

const noServices: ReadonlySet<string> = new Set();

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
        The result has {formatNumber(data.series.length)} series; a chart shows at most {maxSeries}.
      </p>
    );
  }
  return (
    <div className="result-chart">
      <TimeSeriesChart
        title="Result rows"
        noData="No row has a value in a numeric column."
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
