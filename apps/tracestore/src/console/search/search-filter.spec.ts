import { describe, expect, it } from 'vitest';
import { levels } from '../../query/filter/filter.js';
import { TracestoreError } from '../../errors/tracestore-error.js';
import { filterOf } from './search-filter.js';

const ofAttribute = (condition: string): unknown => {
  const filter = filterOf({ attribute: [condition] });
  return filter.op === 'and' ? filter.filters[0] : filter;
};

describe('a search', () => {
  it('asks all of its words of one span', () => {
    expect(filterOf({ service: 'shop', status: 'error', minDurationNs: '5', attribute: [] })).toEqual({
      op: 'and',
      filters: [
        { op: 'eq', reference: { field: 'resource.service' }, value: { type: 'string', value: 'shop' } },
        { op: 'eq', reference: { field: 'span.status' }, value: { type: 'string', value: 'error' } },
        { op: 'gte', reference: { field: 'span.duration' }, value: { type: 'int', value: 5n } },
      ],
    });
  });

  it.each([
    ['a.b=c=d', { op: 'eq', reference: { attribute: 'a.b', levels }, value: { type: 'any', text: 'c=d' } }],
    ['a != 5', { op: 'ne', reference: { attribute: 'a', levels }, value: { type: 'any', text: '5' } }],
    ['a>=5', { op: 'gte', reference: { attribute: 'a', levels }, value: { type: 'any', text: '5' } }],
    ['a<5', { op: 'lt', reference: { attribute: 'a', levels }, value: { type: 'any', text: '5' } }],
    ['a~[x]', { op: 'regex', reference: { attribute: 'a', levels }, pattern: '[x]' }],
    ['a= b ', { op: 'eq', reference: { attribute: 'a', levels }, value: { type: 'any', text: ' b ' } }],
    ['a = b ', { op: 'eq', reference: { attribute: 'a', levels }, value: { type: 'any', text: 'b' } }],
    [' "a" =b ', { op: 'eq', reference: { attribute: 'a', levels }, value: { type: 'any', text: 'b' } }],
    ['a> 5', { op: 'gt', reference: { attribute: 'a', levels }, value: { type: 'any', text: '5' } }],
    ['""=b', { op: 'eq', reference: { attribute: '', levels }, value: { type: 'any', text: 'b' } }],
    ['a', { op: 'exists', reference: { attribute: 'a', levels } }],
    ['a=', { op: 'eq', reference: { attribute: 'a', levels }, value: { type: 'any', text: '' } }],
    ['"a=\\"b"=c', { op: 'eq', reference: { attribute: 'a="b', levels }, value: { type: 'any', text: 'c' } }],
  ])('reads %s', (condition, filter) => {
    expect(ofAttribute(condition)).toEqual(filter);
  });

  it.each(['=x', '"a', '', '!a', '"a"b', 'a~^x', `${' '.repeat(9_000)}"`])('refuses %j', (condition) => {
    expect(() => ofAttribute(condition)).toThrow(TracestoreError);
  });
});
