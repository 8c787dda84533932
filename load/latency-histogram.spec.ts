import { expect, it } from 'vitest';
import { LatencyHistogram } from './latency-histogram.ts';

it('LatencyHistogram computes percentiles to within 2 % over seven orders of magnitude', () => {
  for (const scale of [0.02, 1, 80]) {
    const histogram = new LatencyHistogram();
    for (let index = 1; index <= 1_000; index += 1) histogram.add(index * scale);
    for (const share of [0.01, 0.5, 0.95, 0.99, 1]) {
      const exact = share * 1_000 * scale;
      expect(Math.abs((histogram.percentile(share) ?? 0) / exact - 1)).toBeLessThan(0.02);
    }
  }
});

it('LatencyHistogram has no percentile without a duration and clamps durations out of range', () => {
  const histogram = new LatencyHistogram();
  expect(histogram.percentile(0.5)).toBeUndefined();
  histogram.add(0);
  expect(histogram.percentile(0.5)).toBeLessThan(0.011);
  histogram.add(1e9);
  expect(histogram.percentile(1)).toBeGreaterThan(9e4);
});
