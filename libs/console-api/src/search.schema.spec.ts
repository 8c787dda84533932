import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import * as api from './index.js';

const fieldsOf = (result: { readonly error?: { readonly issues: readonly { readonly path: PropertyKey[] }[] } }) =>
  result.error?.issues.map(({ path }) => path.join('.'));

/** The schemas of query strings. */
const queries = Object.entries(api).flatMap(([name, schema]) =>
  schema instanceof z.ZodObject && /(?:Query|Conditions)$/.test(name) ? [[name, schema] as const] : [],
);
/** What some of them require. */
const required = { service: 'a', key: 'a', by: 'a', query: '{}', selectStatus: 'error' };
const bounds = [
  ['minDurationNs', 'maxDurationNs'],
  ['from', 'to'],
  ['selectMinDurationNs', 'selectMaxDurationNs'],
  ['selectFrom', 'selectTo'],
] as const;

describe('a query string', () => {
  it.each(
    queries.flatMap(([name, schema]) =>
      bounds.filter(([least]) => least in schema.shape).map(([least, most]) => [name, least, most, schema] as const),
    ),
  )('of %s is invalid in %s if this is more than %s', (_, least, most, schema) => {
    expect(fieldsOf(schema.safeParse({ ...required, [least]: '10', [most]: '9' }))).toEqual([least]);
    expect(fieldsOf(schema.safeParse({ ...required, [least]: '9', [most]: '10' }))).toBeUndefined();
    expect(fieldsOf(schema.safeParse({ ...required, [least]: '9', [most]: '9' }))).toBeUndefined();
  });

  it('has bounds of durations in every path about the traces or spans of a search', () => {
    const withDurations = queries.filter(([, { shape }]) => 'minDurationNs' in shape).map(([name]) => name);
    expect(withDurations.toSorted()).toEqual([
      'differencesQuery',
      'facetsQuery',
      'groupsQuery',
      'searchConditions',
      'searchQuery',
      'spansQuery',
    ]);
  });

  it.each([
    [{ minDurationNs: '5', maxDurationNs: 'x' }, 'maxDurationNs'],
    [{ minDurationNs: '-1', maxDurationNs: '5' }, 'minDurationNs'],
    [{ minDurationNs: ['1', '2'], maxDurationNs: '5' }, 'minDurationNs'],
    [{ callerOperation: 'GET /' }, 'callerOperation'],
  ])('of a search with %j is invalid in %s', (query, field) => {
    expect(fieldsOf(api.searchQuery.safeParse(query))).toEqual([field]);
    expect(fieldsOf(api.spansQuery.safeParse(query))).toEqual([field]);
  });

  it('of a comparison names an invalid condition', () => {
    expect(fieldsOf(api.differencesQuery.safeParse({ selectAttribute: 5, selectStatus: 'error' }))).toEqual([
      'selectAttribute',
    ]);
  });
});
