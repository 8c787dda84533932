import { expect, it } from 'vitest';
import { serviceColour } from './service-colour.ts';

it('serviceColour gives 24 services different colours and keeps them', () => {
  const services = Array.from({ length: 24 }, (_, n) => `service-${n}`);
  const colours = services.map(serviceColour);
  expect(new Set(colours).size).toBe(24);
  // Further services share colours; the others keep theirs.
  serviceColour('one more');
  expect(services.toReversed().map(serviceColour)).toEqual(colours.toReversed());
});
