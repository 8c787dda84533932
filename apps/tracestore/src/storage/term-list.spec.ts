import { describe, expect, it } from 'vitest';
import { attributeTerm, keyTerm } from './block-filter.js';
import { TermList } from './term-list.js';

describe('the terms of a span', () => {
  it('say which attributes are arrays', () => {
    const list = new TermList();
    list.addJson('{"a":["x","y"],"b":"["}');
    const terms = new Set(list.terms.slice(0, list.count));
    expect(terms).toEqual(
      new Set([
        keyTerm('a'),
        attributeTerm('a', '["x","y"]'),
        attributeTerm('a', '['),
        keyTerm('b'),
        attributeTerm('b', '"["'),
      ]),
    );
  });
});
