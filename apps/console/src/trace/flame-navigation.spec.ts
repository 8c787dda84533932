import { describe, expect, it } from 'vitest';
import { passwords, waterfallOf } from './example-traces.ts';
import { flameLayoutOf } from './flame-layout.ts';
import { firstEndingFrom, neighbourOf, spanAround } from './flame-navigation.ts';
import { traceModelOf } from './trace-model.ts';

const model = traceModelOf(waterfallOf(passwords));
const layout = flameLayoutOf(model);

describe('navigation in a flame graph', () => {
  it.each([
    [-1, 'ArrowDown', 0],
    [0, 'ArrowDown', 1],
    [0, 'ArrowUp', 0],
    [4, 'ArrowDown', 4],
    [4, 'ArrowUp', 3],
    [3, 'ArrowRight', 5],
    [5, 'ArrowLeft', 3],
    [5, 'ArrowRight', 5],
    [0, 'Enter', undefined],
  ])('moves from span %d by %s to span %s', (selected, key, next) => {
    expect(neighbourOf(model, layout, selected, key)).toBe(next);
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
