import { describe, expect, it } from 'vitest';
import { passwords, type Row, waterfallOf } from './example-traces.ts';
import { flameLayoutOf } from './flame-layout.ts';
import { traceModelOf } from './trace-model.ts';

const layoutOf = (rows: readonly Row[]) => flameLayoutOf(traceModelOf(waterfallOf(rows)));

describe('flameLayoutOf', () => {
  it('puts children below their parents, and overlapping spans in different rows', () => {
    expect([...layoutOf(passwords).row]).toEqual([0, 1, 2, 3, 4, 3, 4]);
  });

  it('reuses a row when it is free', () => {
    const { row, rows } = layoutOf([
      ['1', null, 0, 100],
      ['2', '1', 0, 40],
      ['3', '1', 30, 60],
      ['4', '1', 40, 90],
    ]);
    expect([...row]).toEqual([0, 1, 2, 1]);
    expect(rows).toEqual([[0], [1, 3], [2]]);
  });

  it('puts a child that starts before its parent below it', () => {
    const { row } = layoutOf([
      ['2', '1', 0, 40],
      ['1', null, 10, 60],
    ]);
    expect([...row]).toEqual([1, 0]);
  });

  it.each([
    ['all concurrent', (n: number): Row => [String(n), n === 0 ? null : '0', 0, 100]],
    ['one chain', (n: number): Row => [String(n), n === 0 ? null : String(n - 1), n, 200_000 - n]],
    ['pseudo-random', (n: number): Row => [String(n), n === 0 ? null : String(n >> 2), n, n + ((n * 7_919) % 10_007)]],
  ])('has no overlaps in a trace of 50,000 spans: %s', (_, rowOf) => {
    const model = traceModelOf(waterfallOf(Array.from({ length: 50_000 }, (__, n) => rowOf(n))));
    const startedAt = performance.now();
    const { row, rows } = flameLayoutOf(model);
    expect(performance.now() - startedAt).toBeLessThan(2_000);
    const { startNs, durationNs } = model.waterfall.spans;
    for (const own of rows) {
      for (let n = 1; n < own.length; n++) {
        const before = own[n - 1] ?? 0;
        if ((startNs[before] ?? 0) + (durationNs[before] ?? 0) > (startNs[own[n] ?? 0] ?? 0))
          throw new Error('overlap');
      }
    }
    for (const span of model.order) {
      const up = model.parent[span] ?? -1;
      if (up !== -1 && (row[up] ?? 0) >= (row[span] ?? 0)) throw new Error('above its parent');
    }
  });
});
