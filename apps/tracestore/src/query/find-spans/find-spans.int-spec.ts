import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createFreshDatabase, type FreshDatabase } from '@spandrel/testing/fresh-database';
import { type QueryStore, startQueryStore } from '@spandrel/testing/query-store';
import { attribute, goodSpan, hexBytes, requestOf, text } from '@spandrel/testing/requests';
import { attributeIs, fieldCompares, fieldIs, type Filter } from '../filter/filter.js';
import { findSpans, type FoundSpan, type SpanSearch } from './find-spans.js';

const second = 1_000_000_000n;
const noon = 1_700_000_000n * second;
const count = 30;

let fresh: FreshDatabase;
let store: QueryStore;

beforeAll(async () => {
  fresh = await createFreshDatabase();
  store = await startQueryStore(fresh.url);
  // Spans of the same traces in several requests. Number n starts at n seconds and takes (n * 7) % 30 seconds.
  for (let first = 0; first < 3; first++) {
    const own = Array.from({ length: count }, (_, n) => n).filter((n) => n % 3 === first);
    await store.send(
      requestOf(
        own.map((n) =>
          goodSpan({
            traceId: hexBytes((1 + (n % 4)).toString(16).padStart(32, '0')),
            spanId: hexBytes((n + 1).toString(16).padStart(16, '0')),
            parentSpanId: hexBytes(n < 4 ? '' : '0000000000000001'),
            name: `step ${n}`,
            startTimeUnixNano: noon + BigInt(n) * second + 1n,
            endTimeUnixNano: noon + BigInt(n + ((n * 7) % count)) * second + 1n,
            attributes: [text('user', `user-${n}`), attribute('n', { case: 'intValue', value: BigInt(n) })],
            ...(n % 5 === 0 ? { status: { code: 2, message: 'no stock' } } : {}),
          }),
        ),
        `service-${first}`,
      ),
    );
  }
});

afterAll(async () => {
  await store.stop();
  await fresh.drop();
});

async function find(filter: Filter | undefined, over: Partial<SpanSearch> = {}): Promise<readonly FoundSpan[]> {
  const spans: FoundSpan[] = [];
  let cursor: string | undefined;
  do {
    const search: SpanSearch = { filter, order: 'newest', limit: 4, attributeKeys: [], ...over, cursor };
    const page = await findSpans(store.database, search);
    spans.push(...page.spans);
    cursor = page.nextCursor;
  } while (cursor !== undefined);
  return spans;
}

const numbers = (spans: readonly FoundSpan[]): readonly number[] =>
  spans.map(({ spanId }) => Number.parseInt(spanId, 16) - 1);
const all = Array.from({ length: count }, (_, n) => n);

describe('a search for spans', () => {
  it('returns each span once on all pages, newest or slowest first', async () => {
    expect(numbers(await find(undefined))).toEqual(all.toReversed());
    const slowest = await find(undefined, { order: 'slowest' });
    expect(slowest.map(({ durationNs }) => Number(durationNs / second))).toEqual(all.toReversed());
    expect(new Set(numbers(slowest)).size).toBe(count);
  });

  it('applies the filter and the range of time to the nanosecond', async () => {
    expect(numbers(await find(fieldIs('span.status', 'error')))).toEqual([25, 20, 15, 10, 5, 0]);
    expect(numbers(await find(attributeIs('user', { type: 'any', text: 'user-7' })))).toEqual([7]);
    expect(numbers(await find(fieldCompares('span.duration', 'gte', 28n * second)))).toEqual(
      all.filter((n) => (n * 7) % count >= 28).toReversed(),
    );
    const from = noon + 26n * second;
    expect(numbers(await find(undefined, { startTimeMinUnixNano: from + 1n }))).toEqual([29, 28, 27, 26]);
    expect(numbers(await find(undefined, { startTimeMinUnixNano: from + 2n }))).toEqual([29, 28, 27]);
    expect(numbers(await find(undefined, { startTimeMaxUnixNano: noon + 2n * second }))).toEqual([1, 0]);
  });

  it('returns the span with the values of chosen attributes, of the span or its resource', async () => {
    const [span] = await find(undefined, { attributeKeys: ['user', 'n', 'service.name', 'none'], limit: 1000 });
    expect(span).toEqual({
      traceId: '2'.padStart(32, '0'),
      spanId: (30).toString(16).padStart(16, '0'),
      parentSpanId: '0000000000000001',
      serviceName: 'service-2',
      spanName: 'step 29',
      kind: 'server',
      startTimeUnixNano: noon + 29n * second + 1n,
      durationNs: 23n * second,
      statusCode: 'unset',
      statusMessage: '',
      attributeTexts: ['user-29', '29', 'service-2', undefined],
    });
  });
});
