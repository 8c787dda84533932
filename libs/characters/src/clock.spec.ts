import { setImmediate as turn } from 'node:timers/promises';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { SystemClock } from './clock.js';
import { Randomness, SystemRandomness } from './randomness.js';

/** Draws 0, 1/n, 2/n, … (n−1)/n, each equally often, so that a mean is exact. */
class EvenRandomness extends Randomness {
  private draws = 0;

  constructor(private readonly count: number) {
    super();
  }

  override uniform(): number {
    return (this.draws++ % this.count) / this.count;
  }
}

/** @returns the durations of `count` sleeps by an exact timer, in ms */
async function timersOf(durationMs: number, count: number): Promise<number[]> {
  const clock = new SystemClock(new EvenRandomness(count));
  const timers: number[] = [];
  for (let i = 0; i < count; i++) {
    const before = Date.now();
    const sleeping = clock.sleep(durationMs);
    await vi.runAllTimersAsync();
    await sleeping;
    timers.push(Date.now() - before);
  }
  return timers;
}

afterEach(() => vi.useRealTimers());

const mean = (numbers: readonly number[]) => numbers.reduce((sum, number) => sum + number, 0) / numbers.length;

describe('SystemClock', () => {
  it.each([
    [0.3, [0, 1]],
    [0.05, [0, 1]],
    [5, [5]],
    [5.75, [5, 6]],
  ])('sleeps %d ms on the average, in whole milliseconds', async (durationMs, wholeMs) => {
    vi.useFakeTimers();
    const timers = await timersOf(durationMs, 20);
    expect(mean(timers)).toBeCloseTo(durationMs, 10);
    expect([...new Set(timers)].toSorted()).toEqual(wholeMs);
  });

  it.each([0, -0.4, -3])('does not sleep for %d ms', async (durationMs) => {
    vi.useFakeTimers();
    expect(await timersOf(durationMs, 20)).toEqual(Array(20).fill(0));
  });

  it('does not block the event loop while it sleeps', async () => {
    const clock = new SystemClock(new SystemRandomness());
    const first = await Promise.race([clock.sleep(20).then(() => 'the sleeper'), turn('the event loop')]);
    expect(first).toBe('the event loop');
  });
});
