import { describe, expect, it } from 'vitest';
import { passwords, waterfallOf } from './example-traces.ts';
import { filterOf, filterParameters, isFiltering, matchingSpans, noFilter, type TraceFilter } from './trace-filter.ts';
import { traceModelOf } from './trace-model.ts';

const model = traceModelOf(waterfallOf(passwords));
const matching = (filter: Partial<TraceFilter>, withAttribute?: ReadonlySet<number>): readonly number[] =>
  [...matchingSpans(model, { ...noFilter, ...filter }, withAttribute)].flatMap((match, span) =>
    match === 1 ? [span + 1] : [],
  );

describe('matchingSpans', () => {
  it.each([
    [{ minDurationNs: 36, maxDurationNs: 40 }, [2, 3, 6, 7]],
    [{ onlyCritical: true }, [1, 6, 7]],
    [{ kind: 2 }, [1, 2, 3, 4, 5, 6, 7]],
    [{ kind: 3 }, []],
    [{ onlyErrors: true }, []],
    [{ services: ['shop'], operation: 'work', maxDurationNs: 4 }, [5]],
  ])('applies %j', (filter, expected) => {
    expect(matching(filter)).toEqual(expected);
  });

  it('keeps only spans with the attribute, once these are known', () => {
    expect(matching({ attribute: 'a=b', minDurationNs: 36 }, new Set([0, 4]))).toEqual([1]);
    expect(matching({ attribute: 'a=b' })).toHaveLength(7);
  });
});

describe('filterOf', () => {
  it('reads what filterParameters writes', () => {
    const filter: TraceFilter = {
      services: ['a', 'b'],
      operation: 'GET /',
      onlyErrors: true,
      kind: 3,
      minDurationNs: 0,
      maxDurationNs: 2e9,
      onlyCritical: true,
      attribute: 'key=value',
    };
    const parameters = new URLSearchParams();
    for (const [name, value] of Object.entries(filterParameters(filter))) {
      for (const each of typeof value === 'string' ? [value] : (value ?? [])) parameters.append(name, each);
    }
    expect(filterOf(parameters)).toEqual(filter);
  });

  it('ignores what it cannot read', () => {
    const filter = filterOf(new URLSearchParams('kind=butler&min=-1&max=x&critical=yes'));
    expect(filter).toEqual(noFilter);
    expect(isFiltering(filter)).toBe(false);
  });
});
