import { parseQuery } from '@spandrel/traceql';
import { describe, expect, it } from 'vitest';
import { SeededRandom } from '../../../../bench/corpus/random.ts';
import { parseLogfmt, queryOfTags } from './older-search.js';

const none = { Tags: {}, MinDurationMs: 0, MaxDurationMs: 0 };

/** Characters that mean something to logfmt, TraceQL, regular expressions or JSON. */
const characters = [...'ab.:/ "\\`{}()[]=~!<>&|^,*+?$#@\n\t\r\u0001\u2028é😀', '\ud800', '//', '/*'];

describe('a search by tags', () => {
  it.each([
    [{ Tags: { 'service.name': 'web' } }, '{ ."service.name" =~ "(?i).*web.*" }'],
    [{ Tags: { name: 'GET /(a)' } }, String.raw`{ name =~ "(?i).*GET /\\(a\\).*" }`],
    [
      { Tags: { 'http.status_code': '500' } },
      '{ (."http.status_code" =~ "(?i).*500.*" || ."http.status_code" = 500) }',
    ],
    [{ Tags: { 'root.name': '5' } }, '{ rootName =~ "(?i).*5.*" }'],
    [{ Tags: { status: 'constructor' } }, '{ ."status" =~ "(?i).*constructor.*" }'],
    [{ Tags: { error: 'true' } }, '{ status = error }'],
    [
      { Tags: { 'status.code': 'ok' }, MinDurationMs: 5, MaxDurationMs: 10 },
      '{ status = ok && traceDuration >= 5ms && traceDuration <= 10ms }',
    ],
  ])('is a query of TraceQL: %j', (request, query) => {
    expect(queryOfTags({ ...none, ...request })).toBe(query);
  });

  it('is none without tags and durations', () => {
    expect(queryOfTags(none)).toBeUndefined();
  });

  it('is one condition, whatever the tag has in it', () => {
    const chance = new SeededRandom(5);
    const random = (): string => Array.from({ length: 1 + chance.below(12) }, () => chance.pick(characters)).join('');
    for (let n = 0; n < 2_000; n += 1) {
      const [key, value] = [`k${random()}`, `v${random()}`];
      const { body } = parseQuery(queryOfTags({ ...none, Tags: { [key]: value } }) ?? '');
      expect([key, value, body]).toMatchObject([
        key,
        value,
        {
          stages: [
            {
              node: 'filter',
              condition: {
                operator: '=~',
                left: { scope: 'any', name: key.toWellFormed() },
                right: { node: 'literal' },
              },
            },
          ],
        },
      ]);
    }
  });
});

describe('logfmt', () => {
  it.each([
    ['', {}],
    ['a=b', { a: 'b' }],
    [' a=b  c="d e" f ', { a: 'b', c: 'd e', f: '' }],
    [String.raw`a="say \"x\" \\"`, { a: 'say "x" \\' }],
    ['constructor=1 toString', { constructor: '1', toString: '' }],
    ['a= b=', { a: '', b: '' }],
  ])('is parsed: %s', (text, tags) => {
    expect(parseLogfmt(text)).toEqual(tags);
  });

  it.each(['"', 'a="b', '=b', 'a="b"c', 'a=b"c'])('is refused when it is malformed: %s', (text) => {
    expect(parseLogfmt(text)).toBeUndefined();
  });
});
