import { describe, expect, it } from 'vitest';
import { parseGoBool, parseGoDuration, parseRfc3339 } from './go-text.js';

describe('a duration of Go', () => {
  it.each<readonly [string, bigint]>([
    ['0', 0n],
    ['1ns', 1n],
    ['1us', 1_000n],
    ['1\u00b5s', 1_000n],
    ['1\u03bcs', 1_000n],
    ['1.5ms', 1_500_000n],
    ['.5s', 500_000_000n],
    ['1h2m3.004s', 3_723_004_000_000n],
    ['-2s', -2_000_000_000n],
    ['0.0000000019s', 1n],
  ])('%s is %i ns', (text, nanoseconds) => {
    expect(parseGoDuration(text)).toBe(nanoseconds);
  });

  it.each(['', '1', 's', '1 s', '1d', '1s1', '.s', '-', `${'9'.repeat(30)}s`])('is not %j', (text) => {
    expect(parseGoDuration(text)).toBeUndefined();
  });
});

describe('a time of Go', () => {
  it.each<readonly [string, bigint]>([
    ['1970-01-01T00:00:00Z', 0n],
    ['2023-11-14T22:13:20.123456789Z', 1_700_000_000_123_456_789n],
    ['2023-11-14T23:13:20.5+01:00', 1_700_000_000_500_000_000n],
    ['2023-11-14t22:13:20z', 1_700_000_000_000_000_000n],
  ])('%s is %i', (text, unixNano) => {
    expect(parseRfc3339(text)).toBe(unixNano);
  });

  it.each(['', '2023-11-14', '2023-11-14T22:13:20', '2023-13-14T22:13:20Z', 'now'])('is not %j', (text) => {
    expect(parseRfc3339(text)).toBeUndefined();
  });
});

describe('a boolean of Go', () => {
  it('has one of the forms of strconv.ParseBool', () => {
    expect(['1', 't', 'True', '0', 'F', 'false', 'yes', ''].map(parseGoBool)).toEqual([
      true,
      true,
      true,
      false,
      false,
      false,
      undefined,
      undefined,
    ]);
  });
});
