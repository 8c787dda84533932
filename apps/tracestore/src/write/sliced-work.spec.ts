import { describe, expect, it } from 'vitest';
import { digestOf } from './request-digest.js';
import { SlicedWork } from './sliced-work.js';

/** Work of some slices that records its turns. */
function workOf(name: string, slices: number, log: string[]): () => string | undefined {
  let done = 0;
  return () => {
    log.push(name);
    done += 1;
    return done === slices ? name : undefined;
  };
}

describe('SlicedWork', () => {
  it('runs work items in turns, so that a short one does not wait for a long one', async () => {
    const work = new SlicedWork();
    const log: string[] = [];
    const ended: string[] = [];
    const all = ['long', 'short', 'other'].map((name, index) =>
      work.run(workOf(name, [5, 1, 2][index] ?? 0, log)).then((result) => ended.push(result)),
    );
    await Promise.all(all);
    expect(log).toEqual(['long', 'short', 'other', 'long', 'other', 'long', 'long', 'long']);
    expect(ended).toEqual(['short', 'other', 'long']);
  });

  it('runs one slice in a turn of the event loop', async () => {
    const work = new SlicedWork();
    const log: string[] = [];
    const timer = setInterval(() => log.push('timer'), 1);
    const busy = (name: string) => {
      const slice = workOf(name, 20, log);
      return work.run(() => {
        const end = performance.now() + 2;
        while (performance.now() < end);
        return slice();
      });
    };
    await Promise.all(['a', 'b', 'c'].map(busy));
    clearInterval(timer);
    expect(log.filter((entry) => entry === 'timer').length).toBeGreaterThan(3);
  });

  it('rejects with the error of a slice, and continues the other items', async () => {
    const work = new SlicedWork();
    const failing = work.run(() => {
      throw new Error('broken');
    });
    const other = work.run(workOf('other', 3, []));
    await expect(failing).rejects.toThrow('broken');
    await expect(other).resolves.toBe('other');
  });
});

describe('digestOf', () => {
  it('returns the same digest at once and in slices', async () => {
    const work = new SlicedWork();
    const body = Buffer.alloc(9 * 1024 * 1024, 'spans');
    const { createHash } = await import('node:crypto');
    for (const length of [0, 1_000, body.length]) {
      const part = body.subarray(0, length);
      expect(await digestOf(part, work)).toEqual(createHash('sha256').update(part).digest());
    }
  });
});
