import { describe, expect, it } from 'vitest';
import { always, type Condition, type DictionaryCondition, never } from './condition.js';
import { dictionaryConditionsOf, withIds } from './dictionary-conditions.js';
import { allOf, attributeIs, fieldIs, type Filter } from './filter.js';
import { conditionOf } from './read-filter.js';

const service = fieldIs('resource.service', 'cart');
const name = fieldIs('span.name', 'GET /');
const resource = attributeIs('host', { type: 'string', value: 'a' }, ['resource']);
const span = attributeIs('host', { type: 'string', value: 'a' }, ['span']);

/** The tables of the parts of a condition, and the kinds of the parts that are not about a dictionary. */
function shape(condition: Condition): string {
  switch (condition.is) {
    case 'and':
    case 'or':
      return `(${condition.conditions.map(shape).join(` ${condition.is} `)})`;
    case 'not':
    case 'some':
      return `${condition.is} ${shape(condition.condition)}`;
    case 'dictionary':
      return condition.table;
    default:
      return condition.is;
  }
}

describe('conditionOf', () => {
  it.each<[string, Filter, string]>([
    ['service and name', allOf(service, name), 'operation'],
    ['service or name', { op: 'or', filters: [service, name] }, 'operation'],
    ['not the service', { op: 'not', filter: service }, 'operation'],
    ['service and attribute', allOf(service, span, name), '(operation and attribute)'],
    ['service and resource', allOf(service, resource), '(operation and resource)'],
    [
      'a nested alternative',
      allOf(span, { op: 'or', filters: [resource, service] }),
      '(attribute and (resource or operation))',
    ],
    ['an event', { op: 'some', level: 'event', filter: fieldIs('event.name', 'a') }, 'some text'],
  ])('groups parts about the same dictionary: %s', (_, filter, expected) => {
    expect(shape(conditionOf(filter))).toBe(expected);
  });
});

describe('withIds', () => {
  const condition = conditionOf(allOf(service, resource, span));
  const idsOf = (operation?: readonly string[], resources?: readonly string[]) => (part: DictionaryCondition) =>
    part.table === 'operation' ? operation : resources;

  it('adds the ids that are known', () => {
    const parts = dictionaryConditionsOf(withIds(condition, idsOf(['1', '2'])));
    expect(parts.map(({ table, ids }) => [table, ids])).toEqual([
      ['operation', ['1', '2']],
      ['resource', undefined],
    ]);
  });

  it('makes a conjunction false when no row passes a part', () => {
    expect(withIds(condition, idsOf([]))).toEqual(never);
  });

  it('leaves an alternative out when no row passes it', () => {
    const either = conditionOf({ op: 'or', filters: [service, span] });
    expect(shape(withIds(either, idsOf([])))).toBe('(attribute)');
  });

  it('makes a negation true when no row passes', () => {
    const negated: Condition = { is: 'not', condition: conditionOf(service) };
    expect(withIds(negated, idsOf([]))).toEqual(always);
  });
});
