import { describe, expect, it } from 'vitest';
import { conditionOf, filterLimits } from './condition.js';
import { allOf, attributeIs, type Field, fieldIs, type Filter, type Level } from './filter.js';

const string = (value: string) => ({ type: 'string', value }) as const;

function nested(depth: number): Filter {
  return depth === 0 ? fieldIs('span.name', 'a') : { op: 'not', filter: nested(depth - 1) };
}

describe('a filter that makes no sense', () => {
  it.each<[string, Filter, string]>([
    ['a word that is none', fieldIs('span.kind', 'sever'), 'filter.value should be one of unspecified, internal'],
    ['an order of words', { op: 'gt', reference: { field: 'span.status' }, value: string('ok') }, 'has no order'],
    [
      'an order of booleans',
      { op: 'lt', reference: { attribute: 'a', levels: ['span'] }, value: { type: 'bool', value: true } },
      'filter.value is bool, which has no order',
    ],
    ['a duration that is text', fieldIs('span.duration' as 'span.name', '2s'), 'should be an int of nanoseconds'],
    ['an expression for a time', { op: 'regex', reference: { field: 'span.start_time' }, pattern: 'a' }, 'is no text'],
    ['a field that nobody knows', { op: 'exists', reference: { field: 'span.colour' as Field } }, 'is not known'],
    ['a field of no level', { op: 'exists', reference: { field: 'colour' as Field } }, 'is not known'],
    ['no level', attributeIs('a', string('b'), []), 'filter.reference.levels names no level'],
    [
      'a level that nobody knows',
      attributeIs('a', string('b'), ['process' as Level]),
      'names a level that is not known',
    ],
    [
      'some event of some event',
      { op: 'some', level: 'event', filter: allOf({ op: 'some', level: 'event', filter: allOf() }) },
      'filter.filter.filters[0] asks for some event inside of some event',
    ],
    ['too much', allOf(...Array.from({ length: filterLimits.maxNodes }, () => allOf())), 'at most 200 parts'],
    ['too deep', nested(filterLimits.maxDepth + 1), 'more than 30 levels deep'],
    ['too long', fieldIs('span.name', 'x'.repeat(filterLimits.maxTextLength + 1)), 'is longer than 65536 characters'],
    [
      'a list without end',
      {
        op: 'in',
        reference: { field: 'span.name' },
        values: Array.from({ length: filterLimits.maxListValues + 1 }, () => string('a')),
      },
      'at most 1000 values',
    ],
    ['an operator that nobody knows', { op: 'like' } as unknown as Filter, 'operator that is not known'],
  ])('%s is refused', (_, filter, problem) => {
    expect(() => conditionOf(filter)).toThrow(problem);
  });
});

describe('a filter', () => {
  it('of nothing is true, and of none is false', () => {
    expect(conditionOf(allOf())).toEqual({ is: 'constant', value: true });
    expect(conditionOf({ op: 'or', filters: [] })).toEqual({ is: 'constant', value: false });
    expect(conditionOf({ op: 'not', filter: { op: 'or', filters: [] } })).toEqual({ is: 'constant', value: true });
  });

  it('is nowhere negative, but by not', () => {
    expect(conditionOf({ op: 'ne', reference: { attribute: 'a', levels: ['span'] }, value: string('b') })).toEqual({
      is: 'and',
      conditions: [
        { is: 'attribute', level: 'span', key: 'a', test: { is: 'present' } },
        {
          is: 'not',
          condition: { is: 'attribute', level: 'span', key: 'a', test: { is: 'equal', value: string('b') } },
        },
      ],
    });
  });
});
