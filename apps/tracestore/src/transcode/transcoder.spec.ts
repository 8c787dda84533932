import { create, toBinary } from '@bufbuild/protobuf';
import { BinaryWriter } from '@bufbuild/protobuf/wire';
import { describe, expect, it, vi } from 'vitest';
import { makeCorpus } from '../../../../bench/corpus/corpus.ts';
import { SeededRandom } from '../../../../bench/corpus/random.ts';
import { encodeProtobuf } from '@spandrel/testing/otlp-client';
import { RandomRequests } from '@spandrel/testing/random-request';
import { addReferenceRows, BrokenRequestError, referenceRows } from '@spandrel/testing/reference-rows';
import { attribute, fullRequest, goodSpan, requestOf, type SpanInit, text } from '@spandrel/testing/requests';
import { limits } from '../limits.js';
import {
  attributeTerm,
  bitOf,
  errorTerm,
  idTerm,
  keyTerm,
  numbersOf,
  log2BucketOf,
  log2BucketTerm,
} from '../storage/block-filter.js';
import { CopyBatch, type Outcome } from '../storage/copy-batch.js';
import { CopyBuffer } from '../storage/copy-buffer.js';
import { decodeMessage } from './decode-message.js';
import { Dictionaries } from './dictionaries.js';
import type { DictionaryEntry } from '../storage/dictionary-entry.js';
import { SpanSchema } from '../gen/opentelemetry/proto/trace/v1/trace_pb.js';
import { JsonNumber, parseJson } from '../storage/json-source.js';
import { TracestoreError } from '../errors/tracestore-error.js';
import { Transcoder } from './transcoder.js';

// Its calls are counted; it does what it always does.
vi.mock(import('./decode-message.js'), { spy: true });

// Compares the transcoder with the reference decoder: both give the same rows and messages for any bytes.

/** The number of random and mutated requests. `DIFFERENTIAL_ROUNDS=1000000` sets another one. */
const rounds = Number(process.env['DIFFERENTIAL_ROUNDS'] ?? 400);

const timeout = 60_000 + rounds * 10;

interface Written {
  readonly outcome: Outcome;
  readonly spans: readonly string[];
  readonly events: readonly string[];
  readonly links: readonly string[];
  readonly blocks: readonly string[];
  readonly dictionaries: readonly string[];
}

const firstInstance = 0x7fff_fff0;
const transcoder = new Transcoder();

function byTranscoder(body: Buffer): Written | 'refused' {
  return written((batch) => transcoder.transcode(body, batch, firstInstance));
}

function byReference(body: Buffer): Written | 'refused' {
  return written((batch) => {
    const rows = referenceRows(body, firstInstance);
    addReferenceRows(rows, batch, body.length);
    const { spans, rejectedSpans, errorMessage } = rows;
    return { acceptedSpans: spans.length, rejectedSpans, errorMessage };
  });
}

function written(fill: (batch: CopyBatch) => Outcome): Written | 'refused' {
  const batch = new CopyBatch();
  try {
    const outcome = fill(batch);
    expectTermsInBlocks(batch);
    return {
      outcome,
      spans: readRows(batch.spans),
      events: readRows(batch.events),
      links: readRows(batch.links),
      blocks: blocksOf(batch).map(({ sums, traceIds }) => [...sums, ...traceIds].join(' ')),
      dictionaries: [...batch.resources, ...batch.scopes, ...batch.operations].map(describeEntry).toSorted(),
    };
  } catch (error) {
    if (!(error instanceof TracestoreError || error instanceof BrokenRequestError)) throw error;
    expect(batch.byteLength).toBe(0);
    return 'refused';
  }
}

function describeEntry({ row, idHigh, idLow }: DictionaryEntry<{ readonly id: bigint }>): string {
  const id = BigInt.asIntN(64, (BigInt(idHigh) << 32n) | BigInt(idLow >>> 0));
  expect(id).toBe(row.id);
  return JSON.stringify(row, (_key, value: unknown) => (typeof value === 'bigint' ? String(value) : value));
}

interface Block {
  /** All columns but the last two. */
  readonly sums: readonly string[];
  readonly salt: number;
  readonly traceIds: readonly string[];
  readonly filter: Buffer;
}

function blocksOf(batch: CopyBatch): readonly Block[] {
  return columnsOf(batch.blocks).map((columns) => {
    const [traceIds = Buffer.alloc(0), filter = Buffer.alloc(0)] = columns.slice(-2).map((value) => value ?? undefined);
    return {
      sums: columns.slice(0, -2).map((value) => String(value?.toString('hex'))),
      salt: columns.at(-3)?.readInt32BE() ?? 0,
      traceIds: Array.from({ length: traceIds.readInt32BE(12) }, (_, index) =>
        traceIds.subarray(24 + index * 20, 40 + index * 20).toString('hex'),
      ),
      filter,
    };
  });
}

/** Checks that the block of each trace has every term that a search can ask for. */
function expectTermsInBlocks(batch: CopyBatch): void {
  const blocks = new Map<string, Block[]>();
  for (const block of blocksOf(batch)) {
    const { traceIds } = block;
    expect(new Set(traceIds).size).toBe(traceIds.length);
    for (const id of traceIds) blocks.set(id, [...(blocks.get(id) ?? []), block]);
  }
  const expectTerms = (traceId: string, terms: readonly number[]): void => {
    const has = (block: Block): boolean =>
      terms.every((term) => numbersOf(term).every((number) => isSet(block, number)));
    if (!(blocks.get(traceId) ?? []).some(has)) throw new Error(`No block has ${traceId} with ${terms.join()}`);
  };
  for (const columns of columnsOf(batch.spans)) {
    const ids = columns.slice(7, 10).map((id) => idTerm(id?.readBigInt64BE() ?? 0n));
    const [start = 0, startNanos = 0, end = 0, endNanos = 0] = columns
      .slice(3, 7)
      .map((value) => (value?.length === 2 ? value.readInt16BE() : Number(value?.readBigInt64BE())));
    const outcome = log2BucketTerm(ids[0] ?? 0, log2BucketOf((end - start) * 1000 + endNanos - startNanos));
    const failed = columns[15]?.readInt32BE() === 2 ? [errorTerm(ids[0] ?? 0)] : [];
    expectTerms(String(columns[0]?.toString('hex')), [...ids, outcome, ...failed, ...termsOf(columns.at(-1))]);
  }
  for (const columns of [...columnsOf(batch.events), ...columnsOf(batch.links)])
    expectTerms(String(columns[0]?.toString('hex')), termsOf(columns.at(-1)));
}

function isSet({ filter, salt }: Block, number: number): boolean {
  const place = bitOf(number, salt, filter.length * 8);
  return (((filter[place >>> 3] ?? 0) >>> (place & 7)) & 1) === 1;
}

function termsOf(jsonb: Buffer | null | undefined): readonly number[] {
  const attributes = Object.entries(parsed(jsonb ?? Buffer.alloc(0)) as object);
  return attributes.flatMap(([key, value]: [string, unknown]) =>
    // The keys of an object have no defined order.
    canonical(value).includes('{') ? [keyTerm(key)] : [keyTerm(key), attributeTerm(key, canonical(value))],
  );
}

/** The columns of each row, null for NULL. */
function columnsOf(buffer: CopyBuffer): readonly (readonly (Buffer | null)[])[] {
  const bytes = Buffer.concat(buffer.chunks());
  const end = bytes.length;
  const rows: (Buffer | null)[][] = [];
  for (let at = 0; at < end;) {
    const row = Array.from({ length: bytes.readInt16BE(at) }, (): Buffer | null => null);
    at += 2;
    for (const column of row.keys()) {
      const length = bytes.readInt32BE(at);
      at += 4;
      if (length < 0) continue;
      row[column] = bytes.subarray(at, at + length);
      at += length;
    }
    rows.push(row);
  }
  return rows;
}

/** Each row as text: columns in hex, the last one as PostgreSQL reads its JSON. */
function readRows(rows: CopyBuffer): readonly string[] {
  return columnsOf(rows).map((columns) => {
    const texts = columns.slice(0, -1).map((value) => value?.toString('hex') ?? 'NULL');
    return [...texts, canonical(parsed(columns.at(-1) ?? Buffer.alloc(0)))].join(' ');
  });
}

function parsed(jsonb: Buffer): unknown {
  expect(jsonb[0]).toBe(1);
  const text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(jsonb.subarray(1));
  return parseJson(text, (_key, value) => value);
}

function canonical(value: unknown): string {
  if (value instanceof JsonNumber) return value.source;
  if (Array.isArray(value)) return `[${value.map(canonical).join()}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  const entries: readonly [string, unknown][] = Object.entries(value);
  return `{${entries
    .toSorted(([left], [right]) => (left < right ? -1 : 1))
    .map(([key, member]) => `${JSON.stringify(key)}:${canonical(member)}`)
    .join()}}`;
}

/** Damages bytes, as networks, defects and attackers do. */
function mutate(random: SeededRandom, body: Buffer): Buffer {
  const mutated = Buffer.from(body);
  const at = random.below(body.length);
  switch (random.below(6)) {
    case 0:
      mutated[at] = (mutated[at] ?? 0) ^ (1 << random.below(8));
      return mutated;
    case 1:
      mutated[at] = random.pick([0, 1, 0x7f, 0x80, 0xff, 0x0a, 0x12, 0x22, 0x5c]);
      return mutated;
    case 2:
      return Buffer.concat([body.subarray(0, at), body.subarray(at + 1 + random.below(4))]);
    case 3:
      return Buffer.concat([body.subarray(0, at), random.id(8).subarray(0, 1 + random.below(4)), body.subarray(at)]);
    case 4:
      return body.subarray(0, at);
    default: {
      const from = random.below(body.length);
      const piece = body.subarray(from, from + random.below(64));
      return Buffer.concat([body.subarray(0, at), piece, body.subarray(at)]);
    }
  }
}

function corpusRequests(shape: 'services' | 'clickhouse', spans: number, spansPerRequest: number): readonly Buffer[] {
  const options = { shape, spans, spansPerRequest, seed: 7, startTimeUnixNano: 1_750_000_000_000_000_000n };
  return [...makeCorpus({ ...options, durationNano: 3_600_000_000_000n })].map(({ bytes }) => Buffer.from(bytes));
}

describe('transcoder and reference decoder', () => {
  it.each(['services', 'clickhouse'] as const)('agree on the corpus of %s', { timeout }, (shape) => {
    for (const body of corpusRequests(shape, 3_000, 500)) expect(byTranscoder(body)).toEqual(byReference(body));
  });

  it('agree on a request that has every field', () => {
    const body = encodeProtobuf(fullRequest());
    const transcoded = byTranscoder(body);
    expect(transcoded).toEqual(byReference(body));
    expect(transcoded).not.toBe('refused');
  });

  it('agree on rejected spans', () => {
    const spans = [
      goodSpan({ traceId: new Uint8Array(15) }),
      goodSpan({ spanId: new Uint8Array(8) }),
      goodSpan({ startTimeUnixNano: 2n ** 63n }),
      goodSpan(),
      goodSpan({ endTimeUnixNano: 2n ** 63n - 1n }),
    ];
    const body = encodeProtobuf(requestOf(spans));
    const transcoded = byTranscoder(body);
    expect(transcoded).toEqual(byReference(body));
    expect(transcoded).toMatchObject({ outcome: { acceptedSpans: 2, rejectedSpans: 3 } });
  });

  it('agree on doubles of any size and of any number of decimals', () => {
    const random = new SeededRandom(8);
    const doubles = [
      [0, -0, 0.1, 0.001, 0.0005, 0.1 + 0.2, 1.005, 4.35, 100, 5e-324, 1e12, 2 ** 53, -0.25],
      [999_999_999_999.999, 999_999_999_999.9995, 1e12 - 2 ** -13, 123_456_789_012.345],
      [1e-6, 9.999e-7, -1e-7, 1e21, -1.5e21, 999_999_999_999_999_900_000, Number.MAX_VALUE, -Number.MIN_VALUE],
      Array.from(
        { length: 631 },
        (_, n) => (n % 2 === 0 ? 1 : -1) * Number(`${1 + random.below(9_999) / 1000}e${n - 323}`),
      ),
      Array.from({ length: 4000 }, (_, n) => random.below(2 ** 31) * (1 + random.below(1000)) * 10 ** ((n % 12) - 9)),
    ].flat();
    const attributes = doubles.map((value, n) => attribute(String(n), { case: 'doubleValue', value }));
    const spans = Array.from({ length: 50 }, (_, n) =>
      goodSpan({ attributes: attributes.filter((_attribute, place) => place % 50 === n) }),
    );
    const body = encodeProtobuf(requestOf(spans));
    expect(byTranscoder(body)).toEqual(byReference(body));
  });

  it('agree on random requests', { timeout }, () => {
    const requests = new RandomRequests(20_261_121);
    for (let round = 0; round < rounds / 10; round++) {
      const body = encodeProtobuf(requests.next());
      expect(byTranscoder(body)).toEqual(byReference(body));
    }
  });

  it('agree on mutated requests', { timeout }, () => {
    const random = new SeededRandom(4);
    const requests = new RandomRequests(5);
    const seeds = [
      encodeProtobuf(fullRequest()),
      ...corpusRequests('services', 40, 10),
      ...Array.from({ length: 40 }, () => encodeProtobuf(requests.next())).filter(({ length }) => length > 0),
    ];
    let refused = 0;
    for (let round = 0; round < rounds; round++) {
      let body = random.pick(seeds);
      for (let more = 1 + random.below(3); more > 0 && body.length > 0; more--) body = mutate(random, body);
      const reference = byReference(body);
      if (reference === 'refused') refused++;
      expect(byTranscoder(body), body.toString('base64')).toEqual(reference);
    }
    // Both accepted and refused requests were compared.
    expect(refused).toBeGreaterThan(rounds / 20);
    expect(refused).toBeLessThan((rounds * 19) / 20);
  });

  it('agree on noise', { timeout }, () => {
    const random = new SeededRandom(6);
    for (let round = 0; round < rounds; round++) {
      const body = Buffer.concat(Array.from({ length: 1 + random.below(6) }, () => random.id(16)));
      expect(byTranscoder(body), body.toString('base64')).toEqual(byReference(body));
    }
  });
});

describe('the transcoder', { timeout: 60_000 }, () => {
  it('writes a dictionary row once in each batch until it is committed', () => {
    const transcoder = new Transcoder();
    const [body] = corpusRequests('services', 30, 30);
    const batch = new CopyBatch();
    transcoder.transcode(body ?? Buffer.alloc(0), batch, 0);
    const entries = [...batch.resources, ...batch.scopes, ...batch.operations];
    expect(entries.length).toBeGreaterThan(5);
    transcoder.transcode(body ?? Buffer.alloc(0), batch, 0);
    expect([...batch.resources, ...batch.scopes, ...batch.operations]).toEqual(entries);
    batch.clear();
    transcoder.transcode(body ?? Buffer.alloc(0), batch, 0);
    expect([...batch.resources, ...batch.scopes, ...batch.operations]).toEqual(entries);
    for (const entry of entries) entry.committed = true;
    batch.clear();
    transcoder.transcode(body ?? Buffer.alloc(0), batch, 0);
    expect([...batch.resources, ...batch.scopes, ...batch.operations]).toEqual([]);
  });

  it('holds no reference to a body after the request has ended', () => {
    const transcoder = new Transcoder();
    const batch = new CopyBatch();
    const [original = Buffer.alloc(0)] = corpusRequests('services', 30, 30);
    const body = Buffer.allocUnsafeSlow(original.length);
    original.copy(body);
    transcoder.transcode(body, batch, 0);
    const entries = [...batch.resources, ...batch.scopes, ...batch.operations];
    body.buffer.transfer(0);
    batch.clear();
    transcoder.transcode(original, batch, 0);
    const again = [...batch.resources, ...batch.scopes, ...batch.operations];
    expect(again).toHaveLength(entries.length);
    expect(again.filter((entry, index) => entry !== entries[index])).toEqual([]);
  });

  it('leaves the batch unchanged when a request is refused', () => {
    const transcoder = new Transcoder();
    const batch = new CopyBatch();
    const [body = Buffer.alloc(0)] = corpusRequests('services', 30, 30);
    transcoder.transcode(body, batch, 0);
    const before = batch.mark();
    expect(() => transcoder.transcode(body.subarray(0, -1), batch, 0)).toThrow(TracestoreError);
    expect(batch.mark()).toEqual(before);
  });

  it('refuses a request whose rows would be many times its size', () => {
    // An empty event takes two bytes, and its row more than a hundred.
    const spans = Array.from({ length: 20 }, () =>
      goodSpan({ events: Array.from({ length: limits.spanEvents.value }, () => ({})) }),
    );
    const batch = new CopyBatch();
    const body = encodeProtobuf(requestOf(spans));
    expect(() => new Transcoder().transcode(body, batch, 0)).toThrow(/its rows are larger than/);
    expect(batch.weight).toBe(0);
  });

  it('refuses a request above the limit of spans, including rejected ones', () => {
    const most = limits.requestSpans.value;
    expect(outcomeOf(bodyOf(Buffer.alloc(2 * most, emptySpan)))).toMatchObject({ rejectedSpans: most });
    expect(() => outcomeOf(bodyOf(Buffer.alloc(2 * most + 2, emptySpan)))).toThrow(`more than ${most} spans`);
  });

  it('refuses a request above the limit of fields outside spans', () => {
    const many = Buffer.alloc(2 * limits.requestParts.value + 2, Buffer.from([0x0a, 0]));
    for (const body of [many, field(1, many), field(1, field(2, many))]) {
      expect(() => outcomeOf(body)).toThrow('fields around its spans');
    }
  });

  it('refuses a request whose new operations are above the limit, and adds none to the batch', () => {
    const spans = Array.from({ length: 800 }, (_, n) => goodSpan({ name: `${n}${'x'.repeat(16_000)}` }));
    const batch = new CopyBatch();
    const body = encodeProtobuf(requestOf(spans));
    expect(() => new Transcoder().transcode(body, batch, 0)).toThrow('new resources, scopes and operations');
    expect([batch.weight, batch.operations.length]).toEqual([0, 0]);
  });

  it('pauses when its time is over, and continues there', () => {
    const body = Buffer.concat(corpusRequests('services', 4_000, 1_000));
    const batch = new CopyBatch();
    const paused = new Transcoder();
    paused.begin(body, batch, 7);
    let outcome: Outcome | undefined;
    let pauses = -1;
    for (; outcome === undefined; pauses++) outcome = paused.run(0);
    expect(pauses).toBeGreaterThan(20);
    const atOnce = new CopyBatch();
    expect(new Transcoder().transcode(body, atOnce, 7)).toEqual(outcome);
    expect(readRows(batch.spans)).toEqual(readRows(atOnce.spans));
    expect(readRows(batch.events)).toEqual(readRows(atOnce.events));
  });

  it('shares its dictionaries with a paused transcoder', () => {
    const dictionaries = new Dictionaries();
    const [slow, fast] = [new Transcoder(dictionaries), new Transcoder(dictionaries)];
    const body = Buffer.concat(corpusRequests('services', 4_000, 1_000));
    const [slowBatch, fastBatch] = [new CopyBatch(), new CopyBatch()];
    slow.begin(body, slowBatch, 7);
    expect(slow.run(0)).toBeUndefined();
    expect(fast.transcode(body, fastBatch, 7)).toMatchObject({ acceptedSpans: 4_000 });
    expect(slow.run(Infinity)).toMatchObject({ acceptedSpans: 4_000 });
    const idsOf = (batch: CopyBatch) => new Set(batch.operations.map(({ row }) => row.id));
    expect(idsOf(slowBatch)).toEqual(idsOf(fastBatch));
  });
});

describe('malformed protobuf', { timeout: 60_000 }, () => {
  const number = (tag: number, ...bytes: readonly number[]): Buffer => Buffer.from([tag, ...bytes]);
  const endless = Array.from({ length: 11 }, () => 0x80);

  it.each<readonly [string, Buffer]>([
    ['a number of twelve bytes', number(0x50, ...endless, 1)],
    [
      'a number of twelve bytes behind two statuses',
      Buffer.concat([field(15), field(15), number(0x50, ...endless, 1)]),
    ],
    ['a field of the wrong wire type', number(0x48, 1)],
    ['a truncated event', Buffer.from([0x5a, 2, 0x12, 5])],
    ['an attribute that is longer than its message', field(9, Buffer.from([0x0a, 9, 0x61]))],
    ['a group without an end', number(0xa3, 6)],
    ['an end before a fixed number', number(0x39, 1)],
  ])('rejects only its span: %s', (_what, fault) => {
    const good = encodeSpan(goodSpan());
    const bad = Buffer.concat([encodeSpan(goodSpan()), fault]);
    for (const spans of [
      [good, bad, good],
      [good, bad],
      [bad, ...Array.from({ length: 8 }, () => bad), good],
    ]) {
      const body = field(1, field(2, ...spans.map((span) => field(2, span))));
      const outcome = outcomeOf(body);
      const goodCount = spans.filter((span) => span === good).length;
      expect(outcome).toMatchObject({ acceptedSpans: goodCount, rejectedSpans: spans.length - goodCount });
      expect(outcome.errorMessage).toMatch(/resource_spans\[0\]\.scope_spans\[0\]\.spans\[[01]\]/);
      expect(byTranscoder(body)).toEqual(byReference(body));
    }
  });

  it('refuses the request for groups of many fields outside spans', () => {
    const fields = Buffer.alloc(2 * limits.requestParts.value + 2, Buffer.from([0x08, 0x01]));
    const body = field(1, field(2, Buffer.concat([number(0xa3, 6), fields, number(0xa4, 6)])));
    expect(() => outcomeOf(body)).toThrow('Groups have too many fields');
  });

  it('refuses the request for a varint of many bytes outside spans', () => {
    const body = field(1, field(2, Buffer.concat([number(0xa0, 6), Buffer.alloc(1024 * 1024, 0x80), number(1)])));
    expect(() => outcomeOf(body)).toThrow('A number has no end');
  });

  it('does not include unknown fields and groups, which are skipped anywhere', () => {
    const unknown = Buffer.concat([
      field(99, Buffer.from('x')),
      Buffer.from([0xa3, 6, 0x08, 1, 0xa4, 6]),
      number(0xa0, 6, 1),
    ]);
    const value = Buffer.concat([unknown, field(1, Buffer.from('text')), unknown]);
    const list = Buffer.concat([unknown, field(1, value), unknown]);
    const attribute = Buffer.concat([
      unknown,
      field(1, Buffer.from('key')),
      field(2, Buffer.concat([unknown, field(5, list)])),
      unknown,
    ]);
    const event = Buffer.concat([field(2, Buffer.from('event')), unknown, field(3, attribute)]);
    const link = Buffer.concat([unknown, field(4, attribute)]);
    const span = Buffer.concat([
      encodeSpan(goodSpan()),
      unknown,
      field(9, attribute),
      field(11, event),
      field(13, link),
    ]);
    const scope = Buffer.concat([unknown, field(1, unknown), field(2, span)]);
    const body = Buffer.concat([unknown, field(1, Buffer.concat([unknown, field(1, unknown), field(2, scope)]))]);
    expect(outcomeOf(body)).toEqual({ acceptedSpans: 1, rejectedSpans: 0, errorMessage: '' });
    expect(byTranscoder(body)).toEqual(byReference(body));
  });

  it('rejects the spans of a malformed resource', () => {
    const span = field(2, encodeSpan(goodSpan()));
    const body = Buffer.concat([field(1, field(1, number(0x08, 1)), field(2, span, span)), field(1, field(2, span))]);
    expect(outcomeOf(body)).toMatchObject({ acceptedSpans: 1, rejectedSpans: 2 });
    expect(outcomeOf(body).errorMessage).toContain('resource_spans[0].resource is malformed: ');
  });
});

describe('a span above a limit', { timeout: 60_000 }, () => {
  const repeated = <Item>(length: number, item: Item): Item[] => Array.from({ length }, () => item);
  const one = attribute('', { case: undefined });
  const listOf = (length: number) => attribute('a', { case: 'arrayValue', value: { values: repeated(length, {}) } });
  const cases: Readonly<Record<string, readonly [SpanInit, string]>> = {
    'without a start': [{ startTimeUnixNano: 0n }, '.start_time_unix_nano is 0'],
    'with too many bytes': [{ attributes: [text('a', 'x'.repeat(limits.spanBytes.value))] }, ' has 4194'],
    'with too many events': [{ events: repeated(limits.spanEvents.value + 1, {}) }, '.events has more than'],
    'with too many links': [{ links: repeated(limits.spanLinks.value + 1, {}) }, '.links has more than'],
    'with too many attributes': [
      { attributes: repeated(limits.attributes.value + 1, one) },
      '.attributes has more than',
    ],
    'with too many attributes of an event': [
      { events: [{}, { attributes: repeated(limits.attributes.value + 1, one) }] },
      '.events[1].attributes has more than',
    ],
    'with too many attributes of a link': [
      { links: [{ attributes: repeated(limits.attributes.value + 1, one) }] },
      '.links[0].attributes has more than',
    ],
    'with too many values': [
      { attributes: [listOf(limits.spanValues.value)] },
      '.attributes brings its span to more than',
    ],
    'with a long key': [
      { attributes: [text('k'.repeat(limits.attributeKeyBytes.value + 1), '')] },
      '.attributes has a key of more than',
    ],
    'with a long name': [{ name: 'n'.repeat(limits.spanNameBytes.value + 1) }, '.name has more than'],
    'with an event of a long name': [
      { events: [{ name: 'n'.repeat(limits.eventNameBytes.value + 1) }] },
      '.events[0].name has more than',
    ],
    'with attributes that are large as JSON': [
      { attributes: [text('a', '\u0001'.repeat(limits.attributesJsonBytes.value / 4))] },
      '.attributes is longer than',
    ],
    'with events whose attributes are large as JSON together': [
      { events: repeated(3, { attributes: [text('a', '\u0001'.repeat(limits.attributesJsonBytes.value / 16))] }) },
      '.events[2].attributes brings its span to more than',
    ],
    'that is unusual and has events whose attributes are large as JSON together': [
      {
        events: repeated(3, { attributes: [text('a', '\u0001'.repeat(limits.attributesJsonBytes.value / 16))] }),
        endTimeUnixNano: 2n ** 63n - 1n,
      },
      '.events[2].attributes brings its span to more than',
    ],
    'that is unusual and has many fields': [
      { attributes: repeated(4_000, text('a', 'b')), endTimeUnixNano: 2n ** 63n - 1n },
      ' has more than 10000 fields',
    ],
  };

  it.each(Object.keys(cases))('is rejected alone: %s', (name) => {
    const [fault, message] = cases[name] ?? [{}, ''];
    const outcome = outcomeOf(encodeProtobuf(requestOf([goodSpan(), goodSpan(fault), goodSpan()])));
    expect(outcome).toMatchObject({ acceptedSpans: 2, rejectedSpans: 1 });
    expect(outcome.errorMessage).toContain(
      `1 of 3 spans rejected: resource_spans[0].scope_spans[0].spans[1]${message}`,
    );
  });

  it('is rejected alone: nested more than a thousand deep', () => {
    const deep = Array.from({ length: 1_200 }).reduce<Buffer>(
      (inner) => field(6, field(1, field(2, inner))),
      Buffer.alloc(0),
    );
    const span = Buffer.concat([encodeSpan(goodSpan()), field(9, field(2, deep))]);
    const body = field(1, field(2, field(2, encodeSpan(goodSpan())), field(2, span)));
    expect(outcomeOf(body)).toMatchObject({ acceptedSpans: 1, rejectedSpans: 1 });
    expect(outcomeOf(body).errorMessage).toContain('spans[1].attributes is nested more than 64 levels deep');
  });

  it('is rejected soon after its JSON exceeds the limit', () => {
    const batch = new CopyBatch();
    const long = text('a', '\u0001'.repeat(limits.spanBytes.value - 1_000));
    const list = attribute('a', {
      case: 'arrayValue',
      value: { values: repeated(12_900, { value: { case: 'doubleValue', value: 5e-324 } }) },
    });
    for (const attributes of [[long], [list]]) {
      const written: number[] = [];
      Object.assign(batch.spans, {
        truncate: (length: number) => (
          written.push(batch.spans.position),
          CopyBuffer.prototype.truncate.call(batch.spans, length)
        ),
      });
      new Transcoder().transcode(encodeProtobuf(requestOf([goodSpan({ attributes })])), batch, 1);
      expect(Math.max(...written)).toBeGreaterThan(limits.attributesJsonBytes.value);
      expect(Math.max(...written)).toBeLessThan(limits.attributesJsonBytes.value + 512 * 1024);
    }
  });

  it('is stored at the limit', () => {
    const attributes = Array.from({ length: limits.attributes.value }, (_, n) => text(`${9_000 - n}`, `${n}`));
    const span = goodSpan({
      name: 'n'.repeat(limits.spanNameBytes.value),
      attributes: [
        ...attributes.slice(2),
        listOf(limits.spanValues.value - limits.attributes.value),
        text('k'.repeat(limits.attributeKeyBytes.value), ''),
      ],
      events: repeated(1_000, { name: 'event' }),
      links: repeated(1_000, { traceId: Buffer.alloc(16, 1), spanId: Buffer.alloc(8, 1) }),
    });
    const body = encodeProtobuf(requestOf([span]));
    expect(byTranscoder(body)).toEqual(byReference(body));
    expect(outcomeOf(body)).toMatchObject({ acceptedSpans: 1 });
  });

  it('is neither decoded nor described after the first five', () => {
    vi.mocked(decodeMessage).mockClear();
    const { errorMessage } = outcomeOf(bodyOf(Buffer.alloc(2_000, emptySpan)));
    expect(errorMessage).toMatch(/^1000 of 1000 spans rejected: .*spans\[4\].*; …$/);
    expect(errorMessage).not.toContain('spans[5]');
    const decoded = vi.mocked(decodeMessage).mock.calls.map(([schema]) => schema.typeName);
    expect(decoded.filter((name) => name === SpanSchema.typeName)).toHaveLength(limits.describedRejections.value);
  });
});

describe('attributes whose keys become equal', () => {
  it.each([
    ['\0', '\uFFFD'],
    ['\uFFFD', '\0'],
    ['a\0\uFFFD', 'a\uFFFD\0'],
  ])('have the value that was sent last: %j, %j', (first, last) => {
    const attributes = [text(first, 'first'), text('other', ''), text(last, 'last')];
    const body = encodeProtobuf(requestOf([goodSpan({ attributes })]));
    const written = byTranscoder(body);
    expect(written).toEqual(byReference(body));
    expect(JSON.stringify(written)).not.toContain('first');
  });
});

describe('spans in instrumentation_library_spans', () => {
  it('are reported as not supported', () => {
    const old = field(1_000, field(2, encodeSpan(goodSpan())));
    expect(outcomeOf(field(1, old))).toEqual({
      acceptedSpans: 0,
      rejectedSpans: 0,
      errorMessage: 'instrumentation_library_spans is not supported: send spans in scope_spans',
    });
  });
});

const emptySpan = Buffer.from([0x12, 0]);

function outcomeOf(body: Buffer): Outcome {
  return new Transcoder().transcode(body, new CopyBatch(), 0);
}

/** A request of spans that are already encoded as fields of their scope. */
function bodyOf(spans: Buffer): Buffer {
  return field(1, field(2, spans));
}

function encodeSpan(span: SpanInit): Buffer {
  return Buffer.from(toBinary(SpanSchema, create(SpanSchema, span)));
}

/** A field of bytes. */
function field(number: number, ...parts: readonly Buffer[]): Buffer {
  const content = Buffer.concat(parts);
  const head = new BinaryWriter()
    .uint32(number * 8 + 2)
    .uint32(content.length)
    .finish();
  return Buffer.concat([head, content]);
}
