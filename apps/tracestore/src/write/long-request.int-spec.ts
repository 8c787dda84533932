import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createFreshDatabase, type FreshDatabase } from '@spandrel/testing/fresh-database';
import { until } from '@spandrel/testing/stack-processes';
import { encodeProtobuf, post } from '@spandrel/testing/otlp-client';
import { goodSpan, requestOf, text } from '@spandrel/testing/requests';
import { queryOnce, type RunningTracestore, startTracestore } from '@spandrel/testing/running-tracestore';

const headers = { 'content-type': 'application/x-protobuf' };

let database: FreshDatabase;
let store: RunningTracestore;

/** Made before the store starts, because making them blocks the event loop. */
const longBody = longRequest('long', 40_000, 500);
const againBody = longRequest('again', 4, 3 * 1024 * 1024);

beforeAll(async () => {
  database = await createFreshDatabase();
  store = await startTracestore(database.url);
  await until(async () => (await fetch(`${store.url}/readyz`)).ok, 30_000);
});

afterAll(async () => {
  await store.stop();
  await database.drop();
});

/** A request that is made and sent in many slices. */
function longRequest(name: string, spans: number, valueBytes: number): Buffer {
  const attributes = [text('value', 'x'.repeat(valueBytes))];
  return encodeProtobuf(requestOf(Array.from({ length: spans }, () => goodSpan({ name, attributes }))));
}

async function countSpans(name: string): Promise<number> {
  const sql = `SELECT count(*)::int AS count FROM ps_trace.span WHERE span_name = '${name}'`;
  const [row] = await queryOnce<{ count: number }>(database.url, sql);
  return row?.count ?? -1;
}

describe('a long request', () => {
  it('is stored completely, and does not delay short ones', async () => {
    const order: string[] = [];
    const long = post(store.tracesUrl, longBody, headers).then(({ status }) => {
      order.push('long');
      return status;
    });
    for (let n = 0; n < 5; n++) {
      const body = encodeProtobuf(requestOf([goodSpan({ name: 'short' })]));
      const { status, body: answer } = await post(store.tracesUrl, body, headers);
      expect(status, answer.toString()).toBe(200);
      order.push('short');
    }
    expect(await long).toBe(200);
    expect(order.indexOf('long')).toBeGreaterThan(0);
    expect(await countSpans('long')).toBe(40_000);
    expect(await countSpans('short')).toBe(5);
  });

  it('is stored once when it is retried, and its connection stays usable', async () => {
    const body = againBody;
    expect((await post(store.tracesUrl, body, headers)).status).toBe(200);
    // More requests than connections, so that each connection is used.
    for (let n = 0; n < 4; n++) expect((await post(store.tracesUrl, body, headers)).status).toBe(200);
    expect(await countSpans('again')).toBe(4);
    const after = encodeProtobuf(requestOf([goodSpan({ name: 'after' })]));
    expect((await post(store.tracesUrl, after, headers)).status).toBe(200);
    expect(await countSpans('after')).toBe(1);
  });

  it('is counted in the aggregates of calls', { timeout: 90_000 }, async () => {
    const countCalls = async (): Promise<number | null | undefined> => {
      const [row] = await queryOnce<{ calls: number | null }>(
        database.url,
        `SELECT sum(c.calls)::int AS calls FROM tracestore.call_10s c
         JOIN tracestore.operation o ON o.id = c.operation_id WHERE o.span_name = 'long'`,
      );
      return row?.calls;
    };
    await expect.poll(countCalls, { timeout: 60_000 }).toBe(40_000);
  });
});
