import { describe, expect, it } from 'vitest';
import { attributeText } from './attribute-text.js';

describe('attributeText', () => {
  it.each([
    ['a string', 'a "b"', 'a "b"'],
    ['an empty string', '', ''],
    ['an empty value', null, ''],
    ['true', true, 'true'],
    ['an int', 5, '5'],
    ['an int that JavaScript would round', 2n ** 63n - 1n, '9223372036854775807'],
    ['a double', 1e21, '1e+21'],
    ['minus zero', { doubleValue: '-0' }, '-0'],
    ['not a number', { doubleValue: 'NaN' }, 'NaN'],
    ['bytes', { bytesValue: 'AP8Q' }, 'AP8Q'],
    ['empty bytes', { bytesValue: '' }, ''],
    ['a list', ['93', 5, true, null, ['<a>']], '["93",5,true,null,["<a>"]]'],
    [
      'a list of values that JSON lacks',
      [{ bytesValue: 'AQ==' }, { bytesValue: '' }, { doubleValue: 'NaN' }],
      '["AQ==",null,"NaN"]',
    ],
    ['members sorted by key', { b: 1, a: [] }, '{"a":[],"b":1}'],
    ['members that look like bytes', { kvlistValue: { bytesValue: 'x' } }, '{"bytesValue":"x"}'],
    ['a key of JavaScript', JSON.parse('{"__proto__":1}') as unknown, '{"__proto__":1}'],
    ['a key that is called source', { source: '5.0' }, '{"source":"5.0"}'],
  ])('writes %s', (_, stored, text) => {
    expect(attributeText(stored)).toBe(text);
  });

  it('normalizes a number whose source text was preserved', () => {
    class Written {
      constructor(readonly source: string) {}
    }
    expect([attributeText(new Written('5.0')), attributeText([new Written('5'), new Written('0.50')])]).toEqual([
      '5',
      '[5,0.5]',
    ]);
  });
});
