import { describe, expect, it } from 'vitest';
import { conditionOf, filterLimits } from './read-filter.js';
import { allOf, attributeIs, type Field, fieldIs, type Filter, type Level } from './filter.js';

const string = (value: string) => ({ type: 'string', value }) as const;

function nested(depth: number): Filter {
  return depth === 0 ? fieldIs('span.name', 'a') : { op: 'not', filter: nested(depth - 1) };
}

describe('conditionOf: an invalid filter', () => {
  it.each<[string, Filter, string]>([
    ['an unknown kind', fieldIs('span.kind', 'sever'), 'filter.value should be one of unspecified, internal'],
    [
      'an order of status codes',
      { op: 'gt', reference: { field: 'span.status' }, value: string('ok') },
      'which has none',
    ],
    [
      'an order of booleans',
      { op: 'lt', reference: { attribute: 'a', levels: ['span'] }, value: { type: 'bool', value: true } },
      'filter.value is bool, which has no order',
    ],
    ['a duration that is text', fieldIs('span.duration' as 'span.name', '2s'), 'should be an int of nanoseconds'],
    [
      'an expression for a time',
      { op: 'regex', reference: { field: 'span.start_time' }, pattern: 'a' },
      'is not a text',
    ],
    ['an unknown field', { op: 'exists', reference: { field: 'span.colour' as Field } }, 'is unknown'],
    ['a field of no level', { op: 'exists', reference: { field: 'colour' as Field } }, 'is unknown'],
    ['no level', attributeIs('a', string('b'), []), 'filter.reference.levels is empty'],
    ['an unknown level', attributeIs('a', string('b'), ['process' as Level]), 'names an unknown level'],
    [
      'some event of some event',
      { op: 'some', level: 'event', filter: allOf({ op: 'some', level: 'event', filter: allOf() }) },
      'filter.filter.filters[0] nests some event in some event',
    ],
    ['too much', allOf(...Array.from({ length: filterLimits.maxNodes }, () => allOf())), 'limit of 200 parts'],
    ['too deep', nested(filterLimits.maxDepth + 1), 'more than 30 levels deep'],
    ['too long', fieldIs('span.name', 'x'.repeat(filterLimits.maxTextLength + 1)), 'is longer than 65536 characters'],
    [
      'a list that is too long',
      {
        op: 'in',
        reference: { field: 'span.name' },
        values: Array.from({ length: filterLimits.maxListValues + 1 }, () => string('a')),
      },
      'limit of 1000 values',
    ],
    ['an unknown operator', { op: 'like' } as unknown as Filter, 'unknown operator'],
  ])('%s is refused with the path and the reason', (_, filter, problem) => {
    expect(() => conditionOf(filter)).toThrow(problem);
  });
});

describe('conditionOf', () => {
  it('is true for an empty conjunction and false for an empty disjunction', () => {
    expect(conditionOf(allOf())).toEqual({ is: 'constant', value: true });
    expect(conditionOf({ op: 'or', filters: [] })).toEqual({ is: 'constant', value: false });
    expect(conditionOf({ op: 'not', filter: { op: 'or', filters: [] } })).toEqual({ is: 'constant', value: true });
  });

  it('writes a negative operator as not', () => {
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
