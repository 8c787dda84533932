import { expect, it } from 'vitest';
import { serviceColour } from './service-colour.ts';

it('gives 24 services 24 colours, each the same one whenever it is asked', () => {
  const services = Array.from({ length: 24 }, (_, n) => `service-${n}`);
  const colours = services.map(serviceColour);
  expect(new Set(colours).size).toBe(24);
  // Later ones share, and leave the others theirs.
  serviceColour('one more');
  expect(services.toReversed().map(serviceColour)).toEqual(colours.toReversed());
});
