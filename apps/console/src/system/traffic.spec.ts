import { expect, it } from 'vitest';
import { trafficSeriesOf } from './traffic.ts';

const at = (second: number): string => `${1_700_000_000 + second}000000000`;

it('trafficSeriesOf has eight services and sums the others', () => {
  const services = Array.from({ length: 11 }, (_, n) => ({
    service: n === 10 ? null : `service ${n}`,
    spans: 100,
    steps: [
      { timeUnixNano: at(0), seconds: 10, spans: 10 },
      ...(n % 2 === 0 ? [{ timeUnixNano: at(20), seconds: 5, spans: 20 }] : []),
    ],
  }));
  const { timesMs, series } = trafficSeriesOf({ stepMs: 10_000, services });
  expect(timesMs.length).toBe(2);
  expect(series.map(({ name }) => name)).toEqual([...Array.from({ length: 8 }, (_, n) => `service ${n}`), 'others']);
  expect(series[1]?.values).toEqual([1, 0]);
  // The last step is not over.
  expect(series[8]?.values).toEqual([3, 8]);
});
