import { expect, it } from 'vitest';
import { elapsedMsOf } from './plan-tree.tsx';

it.each([
  ['once', 1, 2_390, 1, 2_390],
  ['in a loop', 1, 2, 100, 200],
  // The Sort of a run of 2.39 s: three processes at the same time.
  ['once by each of three processes', 3, 2_130, 3, 2_130],
  ['in a loop of three processes', 3, 2, 300, 200],
])('the time of a step of a plan that runs %s is that of one process', (_, processes, averageMs, loops, expected) => {
  expect(elapsedMsOf({ 'Actual Total Time': averageMs, 'Actual Loops': loops }, processes)).toBeCloseTo(expected);
});
