import { describe, expect, it } from 'vitest';
import { formatDuration, parseDuration } from './duration.ts';

describe('duration', () => {
  it.each([
    [0, '0'],
    [999, '999 ns'],
    [1_234, '1.23 µs'],
    [12_345_678, '12.3 ms'],
    [1_500_000_000, '1.5 s'],
    [90e9, '1.5 min'],
    [86_400e9, '1 d'],
  ])('formatDuration writes %d ns as %s', (ns, text) => {
    expect(formatDuration(ns)).toBe(text);
  });

  it.each([
    ['1.5ms', 1_500_000],
    [' 2 S ', 2e9],
    ['3us', 3_000],
    ['1m', 60e9],
    ['5', undefined],
    ['soon', undefined],
  ])('parseDuration reads %j as %j', (text, ns) => {
    expect(parseDuration(text)).toBe(ns);
  });
});
