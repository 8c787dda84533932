import type { TrafficResponse } from '../api/types.ts';
import { type TimeSeries, timeSeriesOf } from '../charts/time-series-data.ts';

/** Services with an area of their own in the chart. */
const maxAreas = 8;
const nsPerMs = 1_000_000n;
const others = 'others';

/** Spans per second of the services with the most spans, and of all others, over time. */
export function trafficSeriesOf({ stepMs, services }: TrafficResponse): TimeSeries {
  const spansAt = new Map<string, Map<string, number>>();
  services.forEach(({ service, steps }, n) => {
    const name = service === null || n >= maxAreas ? others : service;
    const own = spansAt.get(name) ?? new Map<string, number>();
    for (const { timeUnixNano, spans } of steps) own.set(timeUnixNano, (own.get(timeUnixNano) ?? 0) + spans);
    spansAt.set(name, own);
  });
  return timeSeriesOf(
    {
      columns: ['time', 'series', 'spans_per_second'],
      rows: [...spansAt].flatMap(([name, own]) =>
        [...own].map(([timeUnixNano, spans]) => [
          new Date(Number(BigInt(timeUnixNano) / nsPerMs)).toISOString(),
          name,
          (spans * 1_000) / Math.max(stepMs, 1),
        ]),
      ),
    },
    0,
  );
}
