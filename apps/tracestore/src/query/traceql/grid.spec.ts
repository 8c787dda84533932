import { describe, expect, it } from 'vitest';
import { defaultStepNs, gridOf } from './grid.js';

const s = 1_000_000_000n;

describe('gridOf', () => {
  it.each([
    [10n, 13n, 1n, 9n, 4],
    [10n, 20n, 3n, 6n, 5],
    [60n, 120n, 60n, 0n, 2],
  ])('of %i s to %i s with a step of %i s begins at %i s and has %i intervals', (start, end, step, from, count) => {
    expect(gridOf(start * s, end * s, step * s)).toEqual({ startNs: from * s, stepNs: step * s, count });
  });

  it.each([
    [20n, 10n, 1n, 'start must be before end'],
    [10n, 20n, 0n, 'step must be greater than 0'],
    [0n, 20_001n * s, s, 'step must be at least'],
  ])('refuses %i to %i with a step of %i', (start, end, step, message) => {
    expect(() => gridOf(start, end, step)).toThrow(message);
  });
});

describe('defaultStepNs', () => {
  it.each([
    [59n, s / 5n],
    [300n, s],
    [900n, 3n * s],
    [3_600n, 15n * s],
    [86_400n, 300n * s],
    [30n * 86_400n, 10_800n * s],
  ])('of %i s is %i ns', (rangeS, stepNs) => {
    expect(defaultStepNs(0n, rangeS * s)).toBe(stepNs);
  });
});
