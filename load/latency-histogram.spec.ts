import { expect, it } from 'vitest';
import { LatencyHistogram } from './latency-histogram.ts';

it('knows percentiles to two percent over seven orders of magnitude', () => {
  for (const scale of [0.02, 1, 80]) {
    const histogram = new LatencyHistogram();
    for (let index = 1; index <= 1_000; index += 1) histogram.add(index * scale);
    for (const share of [0.01, 0.5, 0.95, 0.99, 1]) {
      const exact = share * 1_000 * scale;
      expect(Math.abs((histogram.percentile(share) ?? 0) / exact - 1)).toBeLessThan(0.02);
    }
  }
});

it('has no percentile before the first duration, and keeps what is out of range at its ends', () => {
  const histogram = new LatencyHistogram();
  expect(histogram.percentile(0.5)).toBeUndefined();
  histogram.add(0);
  expect(histogram.percentile(0.5)).toBeLessThan(0.011);
  histogram.add(1e9);
  expect(histogram.percentile(1)).toBeGreaterThan(9e4);
});
