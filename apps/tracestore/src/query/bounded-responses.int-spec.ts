import { setTimeout as sleep } from 'node:timers/promises';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createFreshDatabase, type FreshDatabase } from '@spandrel/testing/fresh-database';
import { type BuiltStore, startBuiltStore } from '@spandrel/testing/built-store';
import { encodeProtobuf, post } from '@spandrel/testing/otlp-client';
import { goodSpan, requestOf } from '@spandrel/testing/requests';
import { queryOnce } from '@spandrel/testing/running-tracestore';

// Responses that need much of the heap that the chart gives tracestore, many of them at once.

const atOnce = 12;
const attributeCharacters = 1_000_000;
const largeSpans = 48;
const traceId = Buffer.alloc(16, 7);
const hexTraceId = traceId.toString('hex');

let database: FreshDatabase;
let store: BuiltStore;

beforeAll(async () => {
  database = await createFreshDatabase();
  store = await startBuiltStore(database.url);
  // As many operations as a service has whose span names are not what they should be: 60,000 of 400 characters.
  await queryOnce(
    database.url,
    `INSERT INTO tracestore.operation (id, service_name, span_kind, span_name)
     SELECT n, 'service ' || n % 3000, 2, repeat('x', 400) || n FROM generate_series(1, 60000) n`,
  );
  for (let first = 0; first < largeSpans; first += 8) {
    const spans = Array.from({ length: 8 }, (_, n) =>
      goodSpan({
        traceId,
        spanId: Buffer.from(`span ${String(first + n).padStart(3, '0')}`),
        attributes: [
          { key: 'prompt', value: { value: { case: 'stringValue', value: 'y'.repeat(attributeCharacters) } } },
        ],
      }),
    );
    const { status } = await post(store.tracesUrl, gzipSync(encodeProtobuf(requestOf(spans, 'shop'))), {
      'content-type': 'application/x-protobuf',
      'content-encoding': 'gzip',
    });
    if (status !== 200) throw new Error(`answered with ${status}: ${store.output()}`);
  }
}, 120_000);

afterAll(async () => {
  await store.stop();
  await database.drop();
});

const sql = (statement: string): RequestInit => ({
  method: 'POST',
  headers: { 'content-type': 'application/json' },
  body: JSON.stringify({ sql: statement }),
});

const requests: Readonly<Record<string, { readonly path: string; readonly init?: RequestInit }>> = {
  'all operations': { path: '/api/operations' },
  'all services': { path: '/api/services' },
  'all operations of Jaeger': { path: '/jaeger/api/v3/operations?service=service%201' },
  'a trace with large attributes, as OTLP': { path: `/api/traces/${hexTraceId}/otlp` },
  'a trace with large attributes, as Jaeger has it': { path: `/jaeger/api/traces/${hexTraceId}` },
  'rows of the SQL page': {
    path: '/api/sql',
    init: sql("SELECT repeat('z', 1000) || '\u{1F600}' FROM generate_series(1, 10000)"),
  },
  'a long row of the SQL page': { path: '/api/sql', init: sql("SELECT repeat('z', 16000000)") },
};

/** @returns the status, 0 where the response broke */
async function statusOf({ path, init }: { readonly path: string; readonly init?: RequestInit }): Promise<number> {
  try {
    const response = await fetch(store.url + path, init);
    for await (const _ of response.body ?? []) await sleep(0);
    return response.status;
  } catch {
    return 0;
  }
}

describe('responses that need much memory', { timeout: 240_000 }, () => {
  it.each(Object.keys(requests))('is made, by itself: %s', async (name) => {
    expect(await statusOf(requests[name] ?? { path: '' }), store.output()).toBe(200);
  });

  it.each(Object.keys(requests))('leaves the process alive when many are wanted at once: %s', async (name) => {
    const request = requests[name] ?? { path: '' };
    const statuses = await Promise.all(Array.from({ length: atOnce }, () => statusOf(request)));
    expect(store.hasEnded(), store.output()).toBe(false);
    // A response that has begun when the memory is used up breaks off.
    for (const status of statuses) expect([0, 200, 503]).toContain(status);
    expect(statuses).toContain(200);
  });

  it('leaves the process alive when all are wanted at once', async () => {
    const all = Object.values(requests);
    await Promise.all(Array.from({ length: 2 * atOnce }, (_, n) => statusOf(all[n % all.length] ?? { path: '' })));
    expect(store.hasEnded(), store.output()).toBe(false);
    expect(await statusOf({ path: '/api/services' })).toBe(200);
  });
});
