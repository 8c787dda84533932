import { describe, expect, it } from 'vitest';
import { formatDuration, parseDuration } from './duration.ts';

describe('duration', () => {
  it.each([
    [0, '0'],
    [999, '999 ns'],
    [1_234, '1.23 µs'],
    [12_345_678, '12.3 ms'],
    [1_500_000_000, '1.5 s'],
    [-2_500_000, '-2.5 ms'],
    [999_900_000, '1 s'],
    [999.9, '1 µs'],
    [59.6e9, '59.6 s'],
    [59.96e9, '1 min'],
    [90e9, '1 min 30 s'],
    [3_599.6e9, '1 h'],
    [23.52 * 3_600e9, '23 h 31 min'],
    [86_400e9, '1 d'],
    [1.08 * 86_400e9, '1 d 2 h'],
    [1_234.4 * 86_400e9, '1,234 d'],
  ])('formatDuration writes %d ns as %s', (ns, text) => {
    expect(formatDuration(ns)).toBe(text);
  });

  it.each([
    ['1.5ms', 1_500_000],
    [' 2 S ', 2e9],
    ['3us', 3_000],
    ['1m', 60e9],
    ['1 min 30 s', 90e9],
    ['1h30m', 5_400e9],
    ['1 min 30', undefined],
    ['5', undefined],
    ['soon', undefined],
  ])('parseDuration reads %j as %j', (text, ns) => {
    expect(parseDuration(text)).toBe(ns);
  });

  it('formatDuration has at most four digits, which parseDuration reads again', () => {
    for (let ns = 1_000; ns < 90 * 86_400e9; ns *= 1.37) {
      const text = formatDuration(ns);
      expect(text.replaceAll(/\D/g, '').replace(/^0+/, '').length, text).toBeLessThanOrEqual(4);
      expect(Math.abs((parseDuration(text) ?? 0) / ns - 1), text).toBeLessThan(0.03);
    }
  });
});
