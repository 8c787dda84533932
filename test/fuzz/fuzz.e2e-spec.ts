import { spawn } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { compare, type Expectation, type StoredSpan } from './compare-spans.ts';
import type { FuzzFigures } from './fuzz-run.ts';
import { spansOf } from './json-content.ts';
import { readJson } from './json-tree.ts';
import { traceIdOf } from './otlp-model.ts';

// `npm run test:fuzz` does the same for as many requests as one likes, and measures how long the healthy client waits.

const root = path.dirname(path.dirname(import.meta.dirname));
const requests = 20_000;
const timeoutMs = 900_000;
const seed = 7;

interface Result extends FuzzFigures {
  readonly broken: readonly string[];
}

it(
  'tracestore keeps its promises, whatever 20,000 requests of all protocols are like',
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
    const { broken, ...figures } = JSON.parse(output) as Result;
    expect(broken, JSON.stringify(figures, undefined, 1)).toEqual([]);
    expect(figures.requests).toBe(requests);
  },
  timeoutMs,
);

describe('the spans of a document in JSON', () => {
  const spansIn = (scopeSpans: string): readonly string[] | undefined =>
    spansOf(readJson(`{"resourceSpans":[{"scopeSpans":[{${scopeSpans}}]}]}`))?.map(({ text }) => text);

  it('are the same in either spelling', () => {
    expect(spansIn('"spans":[{"start_time_unix_nano":1.0,"name":"a\\u0062"}]')).toEqual(
      spansIn('"spans":[{ "name" : "ab", "startTimeUnixNano": 1.0 }]'),
    );
  });

  it.each([
    [
      'times that are one as doubles',
      '{"endTimeUnixNano":1796038235493596867}',
      '{"endTimeUnixNano":1796038235493596866}',
    ],
    ['a key that comes twice', '{"kind":2,"kind":1}', '{"kind":1}'],
    ['text and number', '{"kind":"1"}', '{"kind":1}'],
  ])('differ by %s', (_title, left, right) => {
    expect(spansIn(`"spans":[${left}]`)).not.toEqual(spansIn(`"spans":[${right}]`));
  });

  it('are those of all lists where a key comes twice', () => {
    expect(spansIn('"spans":[{},{}],"spans":[{}]')?.length).toBe(3);
  });

  it.each(['"spans":{}', '"spans":[1]', '"spans":[{}]}', '"spans":[{},]'])('are not known of %s', (scopeSpans) => {
    expect(spansIn(scopeSpans)).toBeUndefined();
  });
});

/** A span of a request, as it is stored. */
function span(index: number, nth: number, digest = 'sent'): StoredSpan {
  const traceId = traceIdOf(seed, index, nth).toString('hex');
  return { traceId, spanId: '0000000000000001', digest };
}

/** An acknowledged request of two spans, all of which are known. */
function acknowledged(index: number, over: Partial<Expectation> = {}): Expectation {
  const marks = [0, 1].map((nth) => ({ ids: span(index, nth).traceId + span(index, nth).spanId, digest: 'sent' }));
  return {
    index,
    answer: 'acknowledged',
    mustHave: marks,
    mayHave: marks,
    sentSpans: 2,
    foreignSpans: 0,
    rejectedSpans: 0,
    rejection: '',
    ...over,
  };
}

describe('the comparison of stored spans with requests', () => {
  it.each<
    [title: string, expectations: readonly Expectation[], stored: readonly StoredSpan[], kinds: readonly string[]]
  >([
    ['nothing where all is stored once', [acknowledged(1)], [span(1, 0), span(1, 1)], []],
    ['a span that is not stored', [acknowledged(1)], [span(1, 0)], ['lost', 'wrong count of rejected spans']],
    ['a span that is stored otherwise', [acknowledged(1)], [span(1, 0), span(1, 1, 'other')], ['wrong']],
    [
      'a span that is stored twice',
      [acknowledged(1)],
      [span(1, 0), span(1, 1), span(1, 1)],
      ['stored twice', 'wrong count of rejected spans'],
    ],
    [
      'a valid span that is rejected',
      [acknowledged(1, { rejectedSpans: 1 })],
      [span(1, 0)],
      ['rejected although nothing is wrong with it'],
    ],
    [
      'a request that is stored although it was refused',
      [acknowledged(1, { answer: 'refused', mayHave: undefined, sentSpans: undefined })],
      [span(1, 0)],
      ['stored although refused'],
    ],
    [
      'nothing of a request without an answer',
      [acknowledged(1, { answer: 'unknown', mayHave: undefined, sentSpans: undefined })],
      [span(1, 0)],
      [],
    ],
    ['a span that no request has', [acknowledged(1)], [span(1, 0), span(1, 1), span(1, 2)], ['stored, but never sent']],
  ])('reports %s', (_title, expectations, stored, kinds) => {
    expect(compare(seed, expectations, stored).map(({ kind }) => kind)).toEqual(kinds);
  });

  it.each<[title: string, named: Expectation, its: readonly StoredSpan[]]>([
    ['that was refused', acknowledged(1, { answer: 'refused', mayHave: undefined, sentSpans: undefined }), []],
    ['that has all of its own', acknowledged(1, { mayHave: undefined }), [span(1, 0), span(1, 1)]],
  ])(
    'leaves a span to its sender where the sender changed its trace id to one of a request %s',
    (_title, named, its) => {
      const sender = acknowledged(2, { mustHave: [], mayHave: undefined, sentSpans: undefined, foreignSpans: 1 });
      const stored = [...its, span(1, 5)];
      const senderOf = ({ traceId }: StoredSpan): number | undefined =>
        traceId === span(1, 5).traceId ? 2 : undefined;
      expect(compare(seed, [named, sender], stored, senderOf)).toEqual([]);
      expect(compare(seed, [named, sender], stored)).not.toEqual([]);
    },
  );
});
