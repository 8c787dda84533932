import { RE2JS } from 're2js';
import { describe, expect, it } from 'vitest';
import { regexSize } from './regex-size.js';

describe('regexSize', () => {
  it.each<[string, number]>([
    ['', 0],
    ['abc', 3],
    ['a{1000}', 1000],
    ['a{2,30}', 30],
    ['a{7,}', 7],
    ['(ab){10}', 40],
    ['((a{10}){10}){10}', 1000 + 220],
    ['[a-f0-9]{8}', 8],
    ['[]{]{3}x', 4],
    ['[^]]{3}[[:alpha:]{]{2}', 5],
    ['\\{2}\\\\{3}', 3 + 3],
    ['a{x}', 4],
    ['((', 0],
  ])('of %s is %d', (pattern, size) => {
    expect(regexSize(pattern)).toBe(size);
  });

  it.each([
    '\\pL{500}',
    '(?:[^x]|ab{3}){20}',
    '(?i)[a-z]{1,100}(?P<n>x|y){3}',
    '^GET /\\S+(?:\\d{3}-){5}$',
    '(a|b|){50}',
  ])('is not far below the size of the program for %s', (pattern) => {
    expect(RE2JS.compile(pattern).programSize()).toBeLessThan(3 * regexSize(pattern) + 10);
  });
});
