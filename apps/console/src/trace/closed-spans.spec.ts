import { describe, expect, it } from 'vitest';
import { closedOf, closedParameters } from './closed-spans.ts';

/** A root with children. Every other child has a child of its own. */
function modelOf(children: number) {
  const count = 1 + children + Math.ceil(children / 2);
  const childCount = new Int32Array(count);
  childCount[0] = children;
  for (let span = 1; span <= children; span += 2) childCount[span] = 1;
  return {
    order: Array.from({ length: count }, (_, span) => span),
    childCount,
    waterfall: { spans: { id: Array.from({ length: count }, (_, span) => span.toString(16).padStart(16, '0')) } },
  };
}

describe('collapsed spans', () => {
  const model = modelOf(8);

  it.each([[[]], [[1]], [[1, 5]], [[0, 1, 3]], [[0, 3, 5, 7]], [[0, 1, 3, 5, 7]]])(
    'are the same after writing them to the URL and reading them: %j',
    (spans) => {
      const { closed, open } = closedParameters(model, new Set(spans));
      expect([...closedOf(model, closed, open)].toSorted()).toEqual(spans);
    },
  );

  it('are written as all, with exceptions if only a few are expanded', () => {
    expect(closedParameters(model, new Set([0, 1, 3, 5, 7]))).toEqual({ closed: 'all', open: '' });
    expect(closedParameters(model, new Set([0, 1, 3, 5]))).toEqual({ closed: 'all', open: '0000000000000007' });
    expect(closedParameters(model, new Set())).toEqual({ closed: '', open: '' });
  });

  it('are limited to the last 200 in the URL', () => {
    const large = modelOf(2_000);
    const closed = new Set(large.order.filter((span) => span % 2 === 1 && span < 900));
    const { closed: named } = closedParameters(large, closed);
    expect(named.length).toBeLessThan(4_000);
    expect(closedOf(large, named, '')).toContain(899);
  });

  it('exclude spans in the URL that have no children or do not exist', () => {
    expect(closedOf(model, '0000000000000002,ffff,', '')).toEqual(new Set());
  });
});
