import { describe, expect, it } from 'vitest';
import { parseTruncatedJson } from './truncated-json.ts';

describe('parseTruncatedJson', () => {
  const whole = JSON.stringify([
    { role: 'user', parts: [{ type: 'text', content: 'Say "hi" \\ \u00e9\n' }], n: 12.5, ok: true },
    { role: 'assistant', parts: [], nothing: null },
  ]);

  it('returns the value of complete JSON', () => {
    expect(parseTruncatedJson(whole)).toEqual({ value: JSON.parse(whole) as unknown, isTruncated: false });
  });

  it('returns the beginning of the value for JSON that ends anywhere', () => {
    for (let length = 1; length < whole.length; length++) {
      const found = parseTruncatedJson(whole.slice(0, length));
      expect(found?.isTruncated, whole.slice(0, length)).toBe(true);
      expect(Array.isArray(found?.value)).toBe(true);
    }
    expect(parseTruncatedJson('[{"role":"user","content":"Hel')?.value).toEqual([{ role: 'user', content: 'Hel' }]);
    expect(parseTruncatedJson('[{"role":"user","content":"a\\u00e')?.value).toEqual([{ role: 'user', content: 'a' }]);
    expect(parseTruncatedJson('[{"role":"user","cont')?.value).toEqual([{ role: 'user' }]);
    expect(parseTruncatedJson('[{"role":"user"},{"ro')?.value).toEqual([{ role: 'user' }, {}]);
  });

  it.each(['', 'Hello', '{]', 'nul', '"text', '}{'])('returns undefined for %j, which is not JSON', (text) => {
    expect(parseTruncatedJson(text)).toBeUndefined();
  });

  it('returns undefined for JSON that is too deep, and for a long text in linear time', () => {
    expect(parseTruncatedJson('['.repeat(100_000))).toBeUndefined();
    expect(parseTruncatedJson(`[${'{"a":1},'.repeat(100_000)}`)?.isTruncated).toBe(true);
  });
});
