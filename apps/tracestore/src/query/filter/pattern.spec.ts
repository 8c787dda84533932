import { describe, expect, it } from 'vitest';
import { patternOf } from './pattern.js';

describe('patternOf', () => {
  it('writes characters so that they have no other meaning in PostgreSQL', () => {
    expect(patternOf('GET /a', 'p')).toBe(String.raw`***:(?:GET \U0000002fa)`);
    expect(patternOf(String.raw`\d+\.[^a-f\s]`, 'p')).toBe(String.raw`***:(?:[0-9]+\U0000002e[^a-f\t\n\f\r ])`);
    expect(patternOf('a.b|(c){2,3}', 'p')).toBe(String.raw`***:(?:a[^\n]b|(?:c){2,3})`);
    expect(patternOf('{a}', 'p')).toBe(String.raw`***:(?:\U0000007ba\U0000007d)`);
    expect(patternOf('[]a-]', 'p')).toBe(String.raw`***:(?:[\U0000005da\U0000002d])`);
    expect(patternOf(String.raw`\x{1F600}\x41`, 'p')).toBe(String.raw`***:(?:\U0001f600A)`);
  });

  it.each([
    ['^a', 'an anchor'],
    ['a$', 'an anchor'],
    [String.raw`a\b`, 'an unknown escape'],
    [String.raw`(a)\1`, 'an unknown escape'],
    [String.raw`\pL`, 'an unknown escape'],
    ['a*?', 'a lazy repetition'],
    ['a**', 'repeats a repetition'],
    ['*a', 'repeats nothing'],
    ['(?i)a', 'a group with a name or flags'],
    ['(?<n>a)', 'a group with a name or flags'],
    ['(a', 'a ( without its )'],
    ['a)', 'a ) without its ('],
    ['[a', 'a [ without its ]'],
    ['[[:alpha:]]', 'a named class'],
    ['[b-a]', 'in the wrong order'],
    ['a{3,2}', 'in the wrong order'],
    ['a{1000}', 'repeats more than 255 times'],
    ['('.repeat(40), 'nested too deeply'],
    ['a\\', 'an unknown escape'],
    ['((a{1,200}){1,200}){1,200}', 'more than 2000 characters'],
    ['(a{200}){200}', 'more than 2000 characters'],
    ['(a{0,255}|b){0,255}', 'more than 2000 characters'],
    ['a?'.repeat(301), 'more than 300 optional parts'],
    ['(a*){255}b*'.repeat(2), 'more than 300 optional parts'],
    ['x'.repeat(20_001), 'longer than 20000 characters'],
    [String.raw`\x{110000}`, 'an unknown escape'],
  ])('refuses %s, as it has or is %s', (source, problem) => {
    expect(() => patternOf(source, 'filter.pattern')).toThrow(problem);
    expect(() => patternOf(source, 'filter.pattern')).toThrow('filter.pattern');
  });
});
