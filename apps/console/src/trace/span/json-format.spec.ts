import { describe, expect, it } from 'vitest';
import { formatJson, indentedJson } from './json-format.ts';

describe('formatJson', () => {
  it('writes long lists and objects over several lines, short ones on one line', () => {
    const items = Array.from({ length: 3 }, (_, n) => ({ sku: `shoe-${n}`, sizes: [40, 41], color: 'dark green' }));
    expect(indentedJson(JSON.stringify({ items, note: null }))).toBe(`{
  "items": [
    {"sku": "shoe-0", "sizes": [40, 41], "color": "dark green"},
    {"sku": "shoe-1", "sizes": [40, 41], "color": "dark green"},
    {"sku": "shoe-2", "sizes": [40, 41], "color": "dark green"}
  ],
  "note": null
}`);
  });

  it('keeps every digit of a number', () => {
    expect(indentedJson('{"id":9007199254740993,"rate":5.0}')).toBe('{"id": 9007199254740993, "rate": 5.0}');
  });

  it('knows keys, strings, numbers and literals', () => {
    expect(formatJson('{"a:[":["x",1,true]}')?.filter(({ kind }) => kind !== 'plain')).toEqual([
      { text: '"a:["', kind: 'name' },
      { text: '"x"', kind: 'string' },
      { text: '1', kind: 'number' },
      { text: 'true', kind: 'keyword' },
    ]);
  });

  it.each(['{', '5', '"text"', '{a: 1}', `[${'1,'.repeat(30_000)}1]`])('leaves %.20s as it is', (text) => {
    expect(formatJson(text)).toBeUndefined();
    expect(indentedJson(text)).toBe(text);
  });
});
