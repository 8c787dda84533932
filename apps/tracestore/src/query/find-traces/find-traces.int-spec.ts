import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createFreshDatabase, type FreshDatabase } from '@spandrel/testing/fresh-database';
import { type QueryStore, startQueryStore } from '@spandrel/testing/query-store';
import { attribute, goodSpan, hexBytes, requestOf, type SpanInit, text } from '@spandrel/testing/requests';
import { allOf, attributeIs, fieldCompares, fieldIs, type Filter } from '../filter/filter.js';
import { summarizeTraces } from '../summarize-traces/summarize-traces.js';
import { findTraces } from './find-traces.js';
import type { TraceSearch } from './trace-search.js';

let fresh: FreshDatabase;
let store: QueryStore;

const second = 1_000_000_000n;
const noon = 1_700_000_000n * second;

/** A trace of this number, whose spans start at so many seconds and take so many. */
function trace(number: number, ...spans: readonly (SpanInit & { at: bigint; takes?: bigint })[]): SpanInit[] {
  return spans.map(({ at, takes = 1n, ...over }, n) =>
    goodSpan({
      traceId: hexBytes(number.toString(16).padStart(32, '0')),
      spanId: hexBytes((number * 100 + n).toString(16).padStart(16, '0')),
      startTimeUnixNano: noon + at * second,
      endTimeUnixNano: noon + (at + takes) * second,
      ...over,
    }),
  );
}

async function find(filter: Filter | undefined, over: Partial<TraceSearch> = {}): Promise<readonly number[]> {
  const { traces } = await findTraces(store.database, { filter, limit: 100, ...over });
  return traces.map(({ traceId }) => Number.parseInt(traceId, 16));
}

beforeAll(async () => {
  fresh = await createFreshDatabase();
  store = await startQueryStore(fresh.url);
  await store.send(
    requestOf(trace(1, { at: 10n, name: 'GET /', kind: 2 }, { at: 11n, takes: 9n }), 'gateway'),
    requestOf(trace(2, { at: 20n, name: 'GET /', kind: 2, attributes: [text('user', 'ann')] }), 'gateway'),
    requestOf(
      trace(3, {
        at: 86_400n * 3n,
        status: { code: 2 },
        attributes: [attribute('n', { case: 'intValue', value: 5n })],
        events: [{ name: 'exception', attributes: [text('user', 'bob')] }],
      }),
      'cart',
    ),
    requestOf(
      trace(4, { at: -86_400n * 40n, takes: 100n, attributes: [attribute('n', { case: 'doubleValue', value: 5 })] }),
      'cart',
    ),
  );
});

afterAll(async () => {
  await store.stop();
  await fresh.drop();
});

describe('search', () => {
  it('returns traces in order, newest first or slowest first', async () => {
    expect(await find(undefined)).toEqual([3, 2, 1, 4]);
    expect(await find(undefined, { order: 'slowest' })).toEqual([4, 1, 2, 3]);
  });

  it('applies the whole filter to one span', async () => {
    expect(await find(fieldIs('resource.service', 'gateway'))).toEqual([2, 1]);
    expect(await find(allOf(fieldIs('resource.service', 'gateway'), fieldIs('span.name', 'GET /')))).toEqual([2, 1]);
    expect(await find(allOf(fieldIs('resource.service', 'cart'), fieldIs('span.name', 'GET /')))).toEqual([]);
    expect(await find(attributeIs('user', { type: 'string', value: 'ann' }))).toEqual([2]);
    expect(await find(attributeIs('user', { type: 'string', value: 'bob' }))).toEqual([3]);
    expect(await find(attributeIs('user', { type: 'string', value: 'bob' }, ['span']))).toEqual([]);
    expect(await find(attributeIs('n', { type: 'int', value: 5n }))).toEqual([3]);
    expect(await find(attributeIs('n', { type: 'double', value: 5 }))).toEqual([4]);
    expect(await find(attributeIs('n', { type: 'any', text: '5' }))).toEqual([3, 4]);
    expect(await find(fieldIs('span.status', 'error'))).toEqual([3]);
    expect(await find(fieldCompares('span.duration', 'gte', 9n * second))).toEqual([1, 4]);
  });

  it('finds calls by the service of the caller, and by its operation', async () => {
    const call = (number: number): SpanInit[] =>
      trace(
        number,
        { at: -5_000n, name: 'GET /a' },
        { at: -4_999n, parentSpanId: hexBytes((number * 100).toString(16).padStart(16, '0')) },
      );
    // Of a call between services, each span is in the request of its own service.
    const [[webRoot = {}, webCall = {}], [appRoot = {}, appCall = {}]] = [call(11), call(12)];
    await store.send(requestOf([webRoot], 'web'), requestOf([webCall, appCall], 'store'), requestOf([appRoot], 'app'));
    const calledBy = (service: string, operation?: string): Filter => ({ op: 'called_by', service, operation });
    const toStore = fieldIs('resource.service', 'store');
    expect((await find(toStore)).toSorted()).toEqual([11, 12]);
    expect(await find(allOf(toStore, calledBy('web')))).toEqual([11]);
    expect(await find(allOf(toStore, calledBy('app', 'GET /a')))).toEqual([12]);
    expect(await find(allOf(toStore, calledBy('app', 'GET /b')))).toEqual([]);
    expect(await find(allOf(toStore, { op: 'not', filter: calledBy('web') }))).toEqual([12]);
    expect(await find(calledBy('store'))).toEqual([]);
    expect(await find(allOf(toStore, calledBy('web')), { order: 'slowest' })).toEqual([11]);
  });

  it('returns traces with spans in a range of time, to the nanosecond', async () => {
    const range = { startTimeMinUnixNano: noon + 11n * second, startTimeMaxUnixNano: noon + 20n * second };
    expect(await find(undefined, range)).toEqual([2, 1]);
    expect(await find(undefined, { ...range, startTimeMinUnixNano: noon + 11n * second + 1n })).toEqual([2]);
    expect(await find(undefined, { ...range, startTimeMaxUnixNano: noon + 20n * second - 1n })).toEqual([1]);
    expect(await find(undefined, { startTimeMinUnixNano: 2n, startTimeMaxUnixNano: 1n })).toEqual([]);
  });

  it.each(['newest', 'slowest'] as const)('returns pages in order, %s first', async (order) => {
    const whole = await find(undefined, { order });
    const pages: number[] = [];
    let cursor: string | undefined;
    do {
      const page = await findTraces(store.database, { limit: 1, order, cursor });
      pages.push(...page.traces.map(({ traceId }) => Number.parseInt(traceId, 16)));
      cursor = page.nextCursor;
    } while (cursor !== undefined);
    expect(pages).toEqual(whole);
  });
});

describe('summarizeTraces', () => {
  it('counts the spans, errors and services of a trace', async () => {
    const ids = [1, 3].map((number) => number.toString(16).padStart(32, '0'));
    const [first, second_] = await summarizeTraces(store.database, [...ids, 'ee'.repeat(16)]);
    expect(first).toEqual({
      traceId: ids[0],
      root: { serviceName: 'gateway', spanName: 'GET /' },
      firstSpan: { serviceName: 'gateway', spanName: 'GET /' },
      startTimeUnixNano: noon + 10n * second,
      endTimeUnixNano: noon + 20n * second,
      spanCount: 2,
      errorCount: 0,
      orphanCount: 0,
      services: [{ name: 'gateway', spanCount: 2, errorCount: 0 }],
    });
    expect(second_).toMatchObject({ errorCount: 1, services: [{ name: 'cart', spanCount: 1, errorCount: 1 }] });
  });
});
