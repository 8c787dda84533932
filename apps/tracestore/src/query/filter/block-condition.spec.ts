import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { type Fragment, readSql } from '../../sql.js';
import { bitsPerTerm, saltShift } from '../../storage/block-filter.js';
import { blockCondition, testsDuration } from './block-condition.js';
import type { Condition } from './condition.js';
import { withIds } from './dictionary-conditions.js';
import { allOf, attributeIs, fieldCompares, fieldIs, type Filter } from './filter.js';
import { conditionOf } from './read-filter.js';

const statement = readSql<{ readonly statement: Fragment }>(
  import.meta.url,
  '../../console/sql/wrap-statement-without-columns.sql',
);

/** What a block tells of a filter, with `term` for the bits of a term; undefined if nothing. */
function told(filter: Filter, { isRare = false, longestNs = Infinity, ids = ['1'] as readonly string[] } = {}) {
  const condition: Condition = withIds(conditionOf(filter), () => ids);
  const fragment = blockCondition(condition, isRare, longestNs);
  if (fragment === undefined) return undefined;
  const text = statement
    .bind({ statement: fragment })
    .text.replaceAll(/\s+/g, ' ')
    .replaceAll(/\( | \)/g, (s) => s.trim());
  const bit = String.raw`get_bit\(b\.filter, [^=]*\) = 1`;
  return text
    .slice(text.indexOf('(') + 1, text.lastIndexOf(')'))
    .replaceAll(new RegExp(String.raw`\(${bit}(?: AND ${bit}){${bitsPerTerm - 1}}\)`, 'g'), 'term')
    .replaceAll(/\$\d+::int8/g, '$')
    .trim();
}

const service = fieldIs('resource.service', 'cart');
const error = fieldIs('span.status', 'error');
const attribute = attributeIs('a', { type: 'string', value: 'b' }, ['span']);

describe('blockCondition', () => {
  it.each<[string, Filter, string | undefined]>([
    ['a text of the span', fieldIs('span.trace_state', 'x'), undefined],
    ['a negated attribute', { op: 'not', filter: attribute }, undefined],
    ['an attribute', attribute, 'CASE WHEN term THEN true ELSE false END'],
    ['a service', service, 'CASE WHEN term THEN true ELSE false END'],
    ['two attributes', allOf(attribute, attribute), 'CASE WHEN (term AND term) THEN true ELSE false END'],
    ['one of two', { op: 'or', filters: [attribute, service] }, 'CASE WHEN (term OR term) THEN true ELSE false END'],
    ['one of two, one unknown', { op: 'or', filters: [attribute, fieldIs('span.trace_state', 'x')] }, undefined],
    ['an error', error, 'b.error_count > 0'],
    ['an error of a service', allOf(service, error), '(b.error_count > 0 AND CASE WHEN term THEN true ELSE false END)'],
    ['a duration', fieldCompares('span.duration', 'gte', 5n), 'b.duration_ns_max >= $'],
    ['a longer duration than int8 holds', fieldCompares('span.duration', 'gte', 2n ** 63n), 'false'],
    ['a duration below', fieldCompares('span.duration', 'lt', 5n), undefined],
  ])('tells of %s', (_, filter, expected) => {
    expect(told(filter)).toBe(expected);
  });

  it('lets the planner estimate that bits are rarely set when matches are rare', () => {
    expect(told(attribute, { isRare: true })).toBe('term');
  });

  it('tests the log2 buckets of a service up to the longest duration', () => {
    const filter = allOf(service, fieldCompares('span.duration', 'gte', 5n));
    expect(told(filter, { longestNs: 20 })).toBe(
      '(b.duration_ns_max >= $ AND CASE WHEN ((b.duration_ns_max >= $ AND term) OR (b.duration_ns_max >= $ AND term) OR ' +
        '(b.duration_ns_max >= $ AND term) OR b.duration_ns_max >= $) THEN true ELSE false END)',
    );
  });

  it('tests the service where the operations are many', () => {
    expect(told(service, { ids: Array.from({ length: 100 }, (_, n) => String(n)) })).toBe(
      'CASE WHEN term THEN true ELSE false END',
    );
  });

  it('computes bits as the writer does', () => {
    const sql = readFileSync(new URL('block-tests.sql', import.meta.url), 'utf8');
    expect(sql.split(`& ${2 ** 32 - 1}) >> ${saltShift})`)).toHaveLength(bitsPerTerm + 1);
  });
});

describe('testsDuration', () => {
  it('is true for conditions about the duration of a span', () => {
    expect(testsDuration(conditionOf(fieldCompares('span.duration', 'lt', 5n)))).toBe(true);
    expect(testsDuration(conditionOf(allOf(attribute, fieldCompares('span.duration', 'gt', 5n))))).toBe(true);
    expect(testsDuration(conditionOf(attribute))).toBe(false);
  });
});
