import type { TrafficResponse } from '../api/types.ts';
import { type TimeSeries, timeSeriesOf } from '../charts/time-series-data.ts';

/** Services with an area of their own in the chart. */
const maxAreas = 8;
const nsPerMs = 1_000_000n;
const others = 'others';

/** Spans per second of the services with the most spans, and of all others, over time. */
export function trafficSeriesOf({ services }: TrafficResponse): TimeSeries {
  const rateAt = new Map<string, Map<string, number>>();
  services.forEach(({ service, steps }, n) => {
    const name = service === null || n >= maxAreas ? others : service;
    const own = rateAt.get(name) ?? new Map<string, number>();
    // The last step may not be over.
    for (const { timeUnixNano, seconds, spans } of steps)
      own.set(timeUnixNano, (own.get(timeUnixNano) ?? 0) + spans / seconds);
    rateAt.set(name, own);
  });
  return timeSeriesOf(
    {
      columns: ['time', 'series', 'spans_per_second'],
      rows: [...rateAt].flatMap(([name, own]) =>
        [...own].map(([timeUnixNano, rate]) => [
          new Date(Number(BigInt(timeUnixNano) / nsPerMs)).toISOString(),
          name,
          rate,
        ]),
      ),
    },
    0,
  );
}
