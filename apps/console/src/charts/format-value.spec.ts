import { describe, expect, it } from 'vitest';
import { formatAxis, formatValue, nameOfSeries, numberOf } from './format-value.ts';

describe('format-value', () => {
  it.each([
    [0.0123, 'milliseconds', '12.3 µs'],
    [1_500, 'milliseconds', '1.5 s'],
    [12.3, 'seconds', '12.3 s'],
    [0.0423, 'share', '4.23 %'],
    [1, 'share', '100 %'],
    [0.3512, 'requestsPerSecond', '0.351/s'],
    [0.05, 'requestsPerSecond', '3/min'],
    [1 / 60, 'requestsPerSecond', '1/min'],
    [1 / 3_600, 'requestsPerSecond', '1/h'],
    [0.000278, 'requestsPerSecond', '1/h'],
    [1 / 86_400, 'requestsPerSecond', '1/d'],
    [0, 'requestsPerSecond', '0/s'],
    [0.000_001, 'share', '< 0.001 %'],
    [93_312_000, 'milliseconds', '1 d 2 h'],
    [12_345, 'count', '12,345'],
    [1_234_567, 'count', '1.23M'],
    [999_999, 'count', '1M'],
    [1_234.5, undefined, '1.23k'],
    [-2.5, 'count', '-2.5'],
    [0, 'count', '0'],
  ] as const)('formatValue writes %d %s as %s', (value, unit, text) => {
    expect(formatValue(value, unit)).toBe(text);
  });

  it.each(['p50', 'p95_ms', 'p95_ms_before'])('formatValue marks %s as approximate', (name) => {
    expect(formatValue(865, 'milliseconds', name)).toBe('≈ 865 ms');
  });

  it.each(['duration_ms', 'p', 'pages', 'p99 of web'])('formatValue writes %s as exact', (name) => {
    expect(formatValue(842, 'milliseconds', name)).toBe('842 ms');
  });

  it('formatAxis writes the rates of an axis with one unit', () => {
    expect(formatAxis([0, 0.05, 0.1, 0.15], 'requestsPerSecond')).toEqual(['0/s', '0.05/s', '0.1/s', '0.15/s']);
    expect(formatAxis([0, 1 / 3_600, 2 / 3_600], 'requestsPerSecond')).toEqual(['0/h', '1/h', '2/h']);
    expect(formatAxis([], 'requestsPerSecond')).toEqual([]);
  });

  it.each([
    [5, 5],
    ['5.5', 5.5],
    [2n ** 60n, 2 ** 60],
    ['', undefined],
    ['five', undefined],
    [null, undefined],
  ])('numberOf converts %s to %s', (value, number) => {
    expect(numberOf(value)).toBe(number);
  });

  it('nameOfSeries replaces underscores in column names only', () => {
    expect(nameOfSeries('requests_per_second')).toBe('requests per second');
    expect(nameOfSeries('web GET /a_b')).toBe('web GET /a_b');
  });
});
