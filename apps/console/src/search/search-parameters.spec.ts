import { describe, expect, it } from 'vitest';
import { durationErrorOf, searchParametersOf, searchQueryString, writeSearch } from './search-parameters.ts';

const address = 'service=web&min=1s&max=2s&duration=span&attribute=a%3Db&attribute=c&order=slowest&rows=spans';

describe('a search', () => {
  it.each(['', address])('is the same after writing it to the address %j and reading it', (text) => {
    const search = searchParametersOf(new URLSearchParams(text));
    const written = new URLSearchParams();
    for (const [name, value] of Object.entries(writeSearch(search)))
      for (const each of typeof value === 'string' ? [value] : value) if (each !== '') written.append(name, each);
    expect(searchParametersOf(written)).toEqual(search);
    expect([...written].toSorted()).toEqual([...new URLSearchParams(text)].toSorted());
  });

  it('bounds the duration of traces, unless it asks for that of spans', () => {
    const search = searchParametersOf(new URLSearchParams('min=1s'));
    const range = { from: '1', to: undefined };
    expect(searchQueryString(search, range)).toBe('minDurationNs=1000000000&from=1&order=newest&limit=200');
    expect(searchQueryString({ ...search, duration: 'span' }, range)).toContain('&duration=span&');
    const spans = searchQueryString({ ...search, rows: 'spans' }, range, 'c', ['a b']);
    expect(spans).toBe('minDurationNs=1000000000&from=1&order=newest&limit=200&column=a+b&cursor=c');
  });

  it.each([
    ['', '', undefined],
    ['1s', '1000ms', undefined],
    ['long', '', { field: 'min', message: expect.stringMatching(/^Min duration must be a number with a unit/) }],
    ['1s', '5', { field: 'max', message: expect.stringMatching(/^Max duration must be a number with a unit/) }],
    ['2s', '1s', { field: 'max', message: 'Max duration (1s) must be at least Min duration (2s).' }],
  ])('with durations from %j to %j is checked before it is sent', (min, max, error) => {
    expect(durationErrorOf({ min, max })).toEqual(error);
  });
});
