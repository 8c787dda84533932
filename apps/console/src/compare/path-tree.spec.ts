import { describe, expect, it } from 'vitest';
import { passwords, type Row, waterfallOf } from '../trace/example-traces.ts';
import { traceModelOf, type TraceModel } from '../trace/trace-model.ts';
import { type PathRow, pathRowsOf, pathTreeOf } from './path-tree.ts';

/** A trace in which span n has the operation `names[n]`. */
function modelOf(rows: readonly Row[], names: readonly string[], status: readonly number[] = []): TraceModel {
  const trace = waterfallOf(rows);
  return traceModelOf({
    ...trace,
    operations: names.map((name) => ['shop', name, 2]),
    spans: { ...trace.spans, operation: rows.map((_, n) => n), status: rows.map((_, n) => status[n] ?? 0) },
  });
}

const textOf = (rows: readonly PathRow[]): readonly string[] =>
  rows.map(
    ({
      node: {
        name,
        depth,
        sides: [one, other],
      },
    }) => `${'  '.repeat(depth)}${name} ${one.count} ${other.count}`,
  );

describe('pathTreeOf', () => {
  const left = modelOf(
    [
      ['1', null, 0, 100],
      ['2', '1', 10, 20],
      ['3', '1', 20, 40],
      ['4', '3', 20, 30],
    ],
    ['buy', 'read', 'read', 'query'],
  );
  const right = modelOf(
    [
      ['1', null, 0, 200],
      ['2', '1', 10, 20],
      ['3', '1', 20, 40],
      ['4', '3', 20, 30],
    ],
    ['buy', 'read', 'write', 'query'],
    [0, 0, 2, 0],
  );

  it('merges spans with the same chain of operations', () => {
    const roots = pathTreeOf(left, right);
    expect(textOf(pathRowsOf(roots, new Set(), false))).toEqual([
      'buy 1 1',
      '  read 2 1',
      '    query 1 0',
      '  write 0 1',
      '    query 0 1',
    ]);
    expect(pathRowsOf(roots, new Set(), false).map(({ position, setSize }) => [position, setSize])).toEqual([
      [1, 1],
      [1, 2],
      [1, 1],
      [2, 2],
      [1, 1],
    ]);
    expect(roots[0]?.sides).toEqual([
      { count: 1, errors: 0, totalNs: 100, selfNs: 70 },
      { count: 1, errors: 0, totalNs: 200, selfNs: 170 },
    ]);
    expect(roots[0]?.children[1]?.sides[1].errors).toBe(1);
  });

  it('hides children of closed nodes, and nodes without differences', () => {
    const roots = pathTreeOf(left, right);
    const read = roots[0]?.children[0]?.id ?? -1;
    expect(textOf(pathRowsOf(roots, new Set([read]), false))).not.toContain('    query 1 0');
    expect(pathRowsOf(roots, new Set(), true)).toHaveLength(5);
    const same = traceModelOf(waterfallOf(passwords));
    expect(pathRowsOf(pathTreeOf(same, same), new Set(), true)).toEqual([]);
  });

  it('merges a chain of 50,000 spans', () => {
    const rows = Array.from({ length: 50_000 }, (_, n): Row => [
      String(n),
      n === 0 ? null : String(n - 1),
      n,
      200_000 - n,
    ]);
    const deep = traceModelOf(waterfallOf(rows));
    expect(pathRowsOf(pathTreeOf(deep, deep), new Set(), false)).toHaveLength(50_000);
  });
});
