import { describe, expect, it } from 'vitest';
import { passwords, waterfallOf } from './example-traces.ts';
import { traceModelOf } from './trace-model.ts';
import { treeRowsOf } from './tree-rows.ts';

const model = traceModelOf(waterfallOf(passwords));
const none: ReadonlySet<number> = new Set();

describe('treeRowsOf', () => {
  it('returns all spans without a filter', () => {
    const rows = treeRowsOf(model, none, undefined);
    expect(rows.spans).toEqual(model.order);
    expect([...rows.rowOf]).toEqual([0, 1, 2, 3, 4, 5, 6]);
    expect([...rows.position]).toEqual([1, 1, 1, 1, 1, 2, 1]);
    expect([0, 1, 5, 6].map(rows.setSize)).toEqual([1, 2, 2, 1]);
  });

  it('hides the descendants of collapsed spans', () => {
    expect(treeRowsOf(model, new Set([1]), undefined).spans).toEqual([0, 1, 5, 6]);
    expect(treeRowsOf(model, new Set([0]), undefined).spans).toEqual([0]);
    expect([...treeRowsOf(model, new Set([1]), undefined).rowOf]).toEqual([0, 1, -1, -1, -1, 2, 3]);
  });

  it('shows matching spans with their ancestors, and counts visible siblings only', () => {
    const rows = treeRowsOf(model, none, Uint8Array.from([0, 0, 0, 0, 0, 0, 1]));
    expect(rows.spans).toEqual([0, 5, 6]);
    expect([rows.position[5], rows.setSize(5)]).toEqual([1, 1]);
    expect(treeRowsOf(model, none, new Uint8Array(7)).spans).toEqual([]);
  });
});
