import { expect, it } from 'vitest';
import { seriesClass } from './use-colours.ts';

it('seriesClass has fixed classes for known names and assigns others by index', () => {
  expect(seriesClass('failed', 3, new Set())).toBe('colour-bad');
  expect(seriesClass('GET /', 0, new Set())).toBe('hue-0');
});

it.each(['__proto__', 'constructor', 'toString'])('seriesClass assigns a class by index to the name %s', (name) => {
  expect(seriesClass(name, 1, new Set())).toBe('hue-2');
});
