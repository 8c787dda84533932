import { describe, expect, it } from 'vitest';
import { passwords, waterfallOf } from './example-traces.ts';
import { flameLayoutOf } from './flame-layout.ts';
import { firstEndingFrom, neighbourOf, spanAround } from './flame-navigation.ts';
import { traceModelOf } from './trace-model.ts';

const model = traceModelOf(waterfallOf(passwords));
const layout = flameLayoutOf(model);

describe('navigation in a flame graph', () => {
  it.each([
    [-1, 'child', 0],
    [0, 'child', 1],
    [0, 'parent', 0],
    [4, 'child', 4],
    [4, 'parent', 3],
    [3, 'after', 5],
    [5, 'before', 3],
    [5, 'after', 5],
  ] as const)('moves from span %d to the %s, span %d', (selected, direction, next) => {
    expect(neighbourOf(model, layout, selected, direction)).toBe(next);
  });

  it('finds the span at a time, also one that is narrower than a pixel', () => {
    const row = layout.rows[3] ?? [];
    expect(row).toEqual([3, 5]);
    expect(firstEndingFrom(model, row, 21)).toBe(1);
    expect(spanAround(model, row, 15, 1)).toBe(3);
    expect(spanAround(model, row, 25, 1)).toBe(-1);
    expect(spanAround(model, row, 25, 6)).toBe(3);
    expect(spanAround(model, row, 80, 1)).toBe(-1);
  });
});
