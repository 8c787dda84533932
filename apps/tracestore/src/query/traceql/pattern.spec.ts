import { describe, expect, it } from 'vitest';
import { wholePatternOf } from './pattern.js';

describe('wholePatternOf', () => {
  it.each([
    ['a|b', String.raw`***:\A(?:a|b)\Z`],
    ['a.c', String.raw`***:\A(?:a(?:.)c)\Z`],
    ['a+?', String.raw`***:\A(?:(?:a+))\Z`],
    ['(?i)k', String.raw`***:\A(?:[Kk\U0000212a])\Z`],
    [String.raw`\d{2,}`, String.raw`***:\A(?:(?:[0-9]{2,}))\Z`],
  ])('translates %s', (source, expected) => {
    expect(wholePatternOf(source)).toBe(expected);
  });

  it.each([
    ['(abc){200}(abc){200}(abc){200}(abc){200}', 'repetitions written out'],
    ['a{256}', 'repeats more than 255 times'],
    [String.raw`\C`, 'matches a byte'],
    ['(a?){200}(b?){200}', 'optional parts'],
  ])('refuses %s', (source, message) => {
    expect(() => wholePatternOf(source)).toThrow(message);
  });
});
