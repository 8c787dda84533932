import { describe, expect, it } from 'vitest';
import { formatValue, nameOfSeries, numberOf } from './format-value.ts';

describe('format-value', () => {
  it.each([
    [0.0123, 'milliseconds', '12.3 µs'],
    [1_500, 'milliseconds', '1.5 s'],
    [12.3, 'seconds', '12.3 s'],
    [0.0423, 'share', '4.23 %'],
    [1, 'share', '100 %'],
    [0.3512, 'requestsPerSecond', '0.351/s'],
    [12_345, 'count', '12,345'],
    [1_234_567, 'count', '1.23M'],
    [999_999, 'count', '1M'],
    [1_234.5, undefined, '1.23k'],
    [-2.5, 'count', '-2.5'],
    [0, 'count', '0'],
  ] as const)('formatValue writes %d %s as %s', (value, unit, text) => {
    expect(formatValue(value, unit)).toBe(text);
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
