import { expect, it } from 'vitest';
import { seriesClass } from './use-colours.ts';

it('colours a series by what it means, and any other by its place', () => {
  expect(seriesClass('failed', 3, new Set())).toBe('colour-bad');
  expect(seriesClass('GET /', 0, new Set())).toBe('hue-0');
});

it.each(['__proto__', 'constructor', 'toString'])('colours a series that is called %s by its place', (name) => {
  expect(seriesClass(name, 1, new Set())).toBe('hue-2');
});
