import { errorKinds } from '../../errors/error-kinds.js';
import { TracestoreError } from '../../errors/tracestore-error.js';
import type { TraceqlGrid } from './results.js';

/** The most intervals of a query, as in Tempo. */
export const maxIntervals = 10_000n;

const nsPerS = 1_000_000_000n;

/**
 * Align a range with the multiples of a step, as Tempo does: the start is rounded down, the end up, and the interval that ends at
 * the start belongs to the grid.
 *
 * @throws TracestoreError `invalid` for an empty range, a step that is not positive, and more than 10,000 intervals
 */
export function gridOf(startNs: bigint, endNs: bigint, stepNs: bigint): TraceqlGrid {
  if (startNs >= endNs) throw new TracestoreError(errorKinds.invalid, 'start must be before end');
  if (stepNs <= 0n) throw new TracestoreError(errorKinds.invalid, 'step must be greater than 0');
  const first = (startNs / stepNs) * stepNs - stepNs;
  const count = (endNs + stepNs - 1n - first) / stepNs;
  if ((endNs - startNs) / stepNs > maxIntervals) {
    throw new TracestoreError(
      errorKinds.invalid,
      `step must be at least ${(endNs - startNs) / maxIntervals} ns for this range, got ${stepNs}`,
    );
  }
  return { startNs: first, stepNs, count: Number(count) };
}

/** The steps that a range has by default: about 240 intervals, as Tempo chooses them. */
const defaultSteps = [
  [60n, 200_000_000n],
  [600n, nsPerS],
  [1_200n, 3n * nsPerS],
  [2_400n, 5n * nsPerS],
  [7_200n, 15n * nsPerS],
  [14_400n, 45n * nsPerS],
  [28_800n, 60n * nsPerS],
  [57_600n, 180n * nsPerS],
  [172_800n, 300n * nsPerS],
  [1_209_600n, 2_400n * nsPerS],
] as const;

/** The step of a query without one. */
export function defaultStepNs(startNs: bigint, endNs: bigint): bigint {
  const rangeS = (endNs - startNs) / nsPerS;
  return defaultSteps.find(([below]) => rangeS < below)?.[1] ?? 10_800n * nsPerS;
}
