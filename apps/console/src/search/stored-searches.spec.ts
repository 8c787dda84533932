import { describe, expect, it } from 'vitest';
import { describeSearch, storedSearchesOf, withoutSaved, withRecent, withSaved } from './stored-searches.ts';

const none = storedSearchesOf(null);

describe('stored searches', () => {
  it('are sorted by name, and one name is one search', () => {
    const saved = [
      { name: 'slow', query: 'min=1s' },
      { name: 'errors', query: 'status=error' },
      { name: 'slow', query: 'min=2s' },
    ].reduce(withSaved, none);
    expect(saved.saved).toEqual([
      { name: 'errors', query: 'status=error' },
      { name: 'slow', query: 'min=2s' },
    ]);
    expect(withoutSaved(saved, 'slow').saved).toHaveLength(1);
    expect(storedSearchesOf(JSON.stringify(saved))).toEqual(saved);
  });

  it('keep the latest recent searches, each once', () => {
    const queries = Array.from({ length: 20 }, (_, n) => `service=s${n % 15}`);
    const { recent } = queries.reduce(withRecent, none);
    expect(recent).toHaveLength(12);
    expect(recent.slice(0, 2)).toEqual(['service=s4', 'service=s3']);
    expect(withRecent(none, '')).toBe(none);
  });

  it.each([null, '', 'null', '[]', '{"saved":{"a":1},"recent":5}', '{"saved":[{"name":5}],"recent":[null]}'])(
    'are empty if the browser has %j',
    (text) => expect(storedSearchesOf(text)).toEqual(none),
  );

  it.each([
    ['', 'All traces'],
    ['service=web&status=error&min=1s&range=15m', 'web, error, ≥ 1s · 15m'],
    ['attribute=a%3Db&order=slowest&rows=spans&from=x&to=y', 'a=b, slowest first, spans · fixed time'],
  ])('are described in words: %s', (query, words) => expect(describeSearch(query)).toBe(words));
});
