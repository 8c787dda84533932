import { expect, it } from 'vitest';
import { distinctColour, serviceColour } from '../service-colour.ts';
import { seriesClass } from './use-colours.ts';

const services = new Set(['web', 'my shop']);

it('seriesClass has fixed classes for known names and assigns others by index', () => {
  expect(seriesClass('failed', 3, services)).toBe('colour-bad');
  expect(seriesClass('GET /', 0, services)).toBe(distinctColour(0));
});

it.each(['web', 'web GET /', 'my shop', 'my shop POST /orders'])(
  'seriesClass gives %s the same class at every place',
  (name) => {
    expect(seriesClass(name, 0, services)).toBe(serviceColour(name));
    expect(seriesClass(name, 7, services)).toBe(serviceColour(name));
  },
);

it.each(['__proto__', 'constructor', 'toString'])('seriesClass assigns a class by index to the name %s', (name) => {
  expect(seriesClass(name, 1, services)).toBe(distinctColour(1));
});
