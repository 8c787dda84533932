import { spawn } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { compare, type Expectation, type StoredSpan } from './compare-spans.ts';
import type { FuzzStats } from './fuzz-run.ts';
import { spansOf } from './json-content.ts';
import { readJson } from './json-tree.ts';
import { traceIdOf } from './otlp-model.ts';

// `npm run test:fuzz` does the same with any number of requests, and limits the latency of the healthy client.

const root = path.dirname(path.dirname(import.meta.dirname));
const requests = 20_000;
const timeoutMs = 900_000;
const seed = 7;

interface Result extends FuzzStats {
  readonly violations: readonly string[];
}

it(
  'tracestore violates no guarantee under 20,000 valid and damaged requests of all protocols',
  async () => {
    const child = spawn(
      path.join(root, 'node_modules/.bin/node'),
      [
        '--max-semi-space-size=64',
        'test/fuzz/main.ts',
        '--json',
        '--any-witness-time',
        '--requests',
        String(requests),
        '--seed',
        '1',
      ],
      { cwd: root, stdio: ['ignore', 'pipe', 'pipe'] },
    );
    let [output, errors] = ['', ''];
    child.stdout.on('data', (text: Buffer) => (output += text.toString()));
    child.stderr.on('data', (text: Buffer) => (errors += text.toString()));
    await once(child, 'close');
    expect(output, errors).not.toBe('');
    const { violations, ...stats } = JSON.parse(output) as Result;
    expect(violations, JSON.stringify(stats, undefined, 1)).toEqual([]);
    expect(stats.requests).toBe(requests);
  },
  timeoutMs,
);

describe('spansOf a JSON document', () => {
  const spansIn = (scopeSpans: string): readonly string[] | undefined =>
    spansOf(readJson(`{"resourceSpans":[{"scopeSpans":[{${scopeSpans}}]}]}`))?.map(({ text }) => text);

  it('returns equal spans for camelCase and snake_case keys', () => {
    expect(spansIn('"spans":[{"start_time_unix_nano":1.0,"name":"a\\u0062"}]')).toEqual(
      spansIn('"spans":[{ "name" : "ab", "startTimeUnixNano": 1.0 }]'),
    );
  });

  it.each([
    [
      'times that are equal as doubles',
      '{"endTimeUnixNano":1796038235493596867}',
      '{"endTimeUnixNano":1796038235493596866}',
    ],
    ['a duplicate key', '{"kind":2,"kind":1}', '{"kind":1}'],
    ['text and number', '{"kind":"1"}', '{"kind":1}'],
  ])('returns different spans for %s', (_title, left, right) => {
    expect(spansIn(`"spans":[${left}]`)).not.toEqual(spansIn(`"spans":[${right}]`));
  });

  it('returns the spans of all lists when a key is duplicated', () => {
    expect(spansIn('"spans":[{},{}],"spans":[{}]')?.length).toBe(3);
  });

  it.each(['"spans":{}', '"spans":[1]', '"spans":[{}]}', '"spans":[{},]'])('returns undefined for %s', (scopeSpans) => {
    expect(spansIn(scopeSpans)).toBeUndefined();
  });
});

/** A stored span of a request. */
function span(index: number, nth: number, digest = 'sent'): StoredSpan {
  const traceId = traceIdOf(seed, index, nth).toString('hex');
  return { traceId, spanId: '0000000000000001', digest };
}

/** An acknowledged request with two known spans. */
function acknowledged(index: number, over: Partial<Expectation> = {}): Expectation {
  const marks = [0, 1].map((nth) => ({ ids: span(index, nth).traceId + span(index, nth).spanId, digest: 'sent' }));
  return {
    index,
    outcome: 'acknowledged',
    requiredSpans: marks,
    possibleSpans: marks,
    sentSpans: 2,
    foreignSpans: 0,
    rejectedSpans: 0,
    rejection: '',
    ...over,
  };
}

describe('compare', () => {
  it.each<
    [title: string, expectations: readonly Expectation[], stored: readonly StoredSpan[], kinds: readonly string[]]
  >([
    ['nothing when all spans are stored once', [acknowledged(1)], [span(1, 0), span(1, 1)], []],
    ['a lost span', [acknowledged(1)], [span(1, 0)], ['lost', 'wrong count of rejected spans']],
    ['a span with other content', [acknowledged(1)], [span(1, 0), span(1, 1, 'other')], ['wrong']],
    [
      'a span that is stored twice',
      [acknowledged(1)],
      [span(1, 0), span(1, 1), span(1, 1)],
      ['stored twice', 'wrong count of rejected spans'],
    ],
    ['a valid span that is rejected', [acknowledged(1, { rejectedSpans: 1 })], [span(1, 0)], ['valid but rejected']],
    [
      'a stored span of a refused request',
      [acknowledged(1, { outcome: 'refused', possibleSpans: undefined, sentSpans: undefined })],
      [span(1, 0)],
      ['stored but refused'],
    ],
    [
      'nothing for a request without a response',
      [acknowledged(1, { outcome: 'unknown', possibleSpans: undefined, sentSpans: undefined })],
      [span(1, 0)],
      [],
    ],
    ['a span of no request', [acknowledged(1)], [span(1, 0), span(1, 1), span(1, 2)], ['stored but never sent']],
  ])('reports %s', (_title, expectations, stored, kinds) => {
    expect(compare(seed, expectations, stored).map(({ kind }) => kind)).toEqual(kinds);
  });

  it.each<[title: string, named: Expectation, ownSpans: readonly StoredSpan[]]>([
    ['that was refused', acknowledged(1, { outcome: 'refused', possibleSpans: undefined, sentSpans: undefined }), []],
    ['that stored all of ownSpans own spans', acknowledged(1, { possibleSpans: undefined }), [span(1, 0), span(1, 1)]],
  ])('assigns a span to ownSpans sender when the damaged trace id is of a request %s', (_title, named, ownSpans) => {
    const sender = acknowledged(2, {
      requiredSpans: [],
      possibleSpans: undefined,
      sentSpans: undefined,
      foreignSpans: 1,
    });
    const stored = [...ownSpans, span(1, 5)];
    const senderOf = ({ traceId }: StoredSpan): number | undefined => (traceId === span(1, 5).traceId ? 2 : undefined);
    expect(compare(seed, [named, sender], stored, senderOf)).toEqual([]);
    expect(compare(seed, [named, sender], stored)).not.toEqual([]);
  });
});
