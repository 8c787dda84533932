import { expect, it } from 'vitest';
import { counted, formatNumber } from './number.ts';

const sources = import.meta.glob<string>(['../**/*.{ts,tsx}', '!../**/*.spec.ts', '!./number.ts', '!./time.ts'], {
  query: '?raw',
  import: 'default',
  eager: true,
});

it.each([
  [0, '0'],
  [1_234, '1,234'],
  [-1_234_567, '-1,234,567'],
  [0.125, '0.125'],
])('formatNumber writes %d as %s', (value, text) => {
  expect(formatNumber(value)).toBe(text);
});

it('counted uses the singular for one only', () => {
  expect([0, 1, 1_234].map((count) => counted(count, 'trace'))).toEqual(['0 traces', '1 trace', '1,234 traces']);
  expect(counted(2, 'match', 'matches')).toBe('2 matches');
});

it('numbers and times are written by the folder format only, whatever the language of the browser', () => {
  expect(Object.keys(sources).length).toBeGreaterThan(100);
  const otherStyle = /toLocale(?:Date|Time)?String|Intl\.\w*Format|NumberFormat|DateTimeFormat/;
  const other = Object.entries(sources).filter(([, source]) => otherStyle.test(source));
  expect(other.map(([file]) => file)).toEqual([]);
});
