import { describe, expect, it } from 'vitest';
import { differencesQuery } from './differences.schema.js';
import { searchQuery, spansQuery } from './search.schema.js';

const fieldsOf = (result: { readonly error?: { readonly issues: readonly { readonly path: PropertyKey[] }[] } }) =>
  result.error?.issues.map(({ path }) => path.join('.'));

describe('the query of a search', () => {
  it.each([
    [{ minDurationNs: '5', maxDurationNs: 'x' }, 'maxDurationNs'],
    [{ minDurationNs: '-1', maxDurationNs: '5' }, 'minDurationNs'],
    [{ minDurationNs: ['1', '2'], maxDurationNs: '5' }, 'minDurationNs'],
    [{ minDurationNs: '6', maxDurationNs: '5' }, 'minDurationNs'],
  ])('with %j is invalid in %s', (query, field) => {
    expect(fieldsOf(searchQuery.safeParse(query))).toEqual([field]);
    expect(fieldsOf(spansQuery.safeParse(query))).toEqual([field]);
  });

  it('of a comparison names an invalid condition', () => {
    expect(fieldsOf(differencesQuery.safeParse({ selectAttribute: 5, selectStatus: 'error' }))).toEqual([
      'selectAttribute',
    ]);
  });
});
