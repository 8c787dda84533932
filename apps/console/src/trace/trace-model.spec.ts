import { describe, expect, it } from 'vitest';
import { passwords, type Row, waterfallOf } from './example-traces.ts';
import { traceModelOf } from './trace-model.ts';

describe('traceModelOf', () => {
  it('builds a tree with children sorted by start', () => {
    const model = traceModelOf(waterfallOf(passwords));
    expect(model.order.map((span) => passwords[span]?.[0])).toEqual(['1', '2', '3', '4', '5', '6', '7']);
    expect([...model.depth]).toEqual([0, 1, 2, 3, 4, 1, 2]);
    expect([...model.below]).toEqual([6, 3, 2, 1, 0, 1, 0]);
    expect(model.services).toEqual(['shop']);
  });

  it('computes self time with overlapping children counted once', () => {
    expect([...traceModelOf(waterfallOf(passwords)).selfNs]).toEqual([40, 4, 30, 2, 4, 4, 36]);
  });

  it('counts children only within their parent', () => {
    const model = traceModelOf(
      waterfallOf([
        ['1', null, 0, 10],
        ['2', '1', 5, 50],
      ]),
    );
    expect([...model.selfNs]).toEqual([5, 45]);
  });

  it('computes the critical path', () => {
    const model = traceModelOf(waterfallOf(passwords));
    expect([...model.criticalNs]).toEqual([60, 0, 0, 0, 0, 4, 36]);
    // The path covers the time of the root exactly once.
    expect(model.criticalNs.reduce((sum, ns) => sum + ns, 0)).toBe(100);
    expect(model.critical.get(0)).toEqual([70, 100, 0, 30]);
  });

  it('includes sequential children in the critical path', () => {
    const model = traceModelOf(
      waterfallOf([
        ['1', null, 0, 100],
        ['2', '1', 0, 40],
        ['3', '1', 50, 90],
      ]),
    );
    expect([...model.criticalNs]).toEqual([20, 40, 40]);
  });

  it('accepts duplicate IDs, missing parents and cycles', () => {
    const model = traceModelOf(
      waterfallOf([
        ['1', '1', 0, 10],
        ['2', '3', 1, 9],
        ['3', '2', 2, 8],
        ['4', 'nowhere', 3, 7],
        ['4', null, 4, 6],
      ]),
    );
    expect(model.order.toSorted()).toEqual([0, 1, 2, 3, 4]);
    expect([...model.isOrphan]).toEqual([0, 0, 0, 1, 0]);
  });

  it('builds a chain of 50,000 spans', () => {
    const deep = waterfallOf(
      Array.from({ length: 50_000 }, (_, n): Row => [String(n), n === 0 ? null : String(n - 1), n, 200_000 - n]),
    );
    const startedAt = performance.now();
    const model = traceModelOf(deep);
    expect(model.depth.at(-1)).toBe(49_999);
    expect(model.criticalNs.reduce((sum, ns) => sum + ns, 0)).toBe(200_000);
    expect(performance.now() - startedAt).toBeLessThan(2_000);
  });
});
