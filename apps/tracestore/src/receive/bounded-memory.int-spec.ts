import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createFreshDatabase, type FreshDatabase } from '@spandrel/testing/fresh-database';
import { type Bomb, bombs, variantOf } from '@spandrel/testing/bombs';
import { type BuiltStore, bytesInFlight, heapMebibytes, startBuiltStore } from '@spandrel/testing/built-store';
import { encodeProtobuf, post } from '@spandrel/testing/otlp-client';
import { goodSpan, requestOf } from '@spandrel/testing/requests';
import { queryOnce } from '@spandrel/testing/running-tracestore';

// Runs the built tracestore with the chart's heap size and bytes in flight, so that it would run out of memory here too.

/** Above what the heap and the bytes in flight may take: rows, buffers and the program itself. Less than the chart's 512 MiB. */
const maxResidentMebibytes = heapMebibytes + bytesInFlight / 1024 / 1024 + 272;

let database: FreshDatabase;
let store: BuiltStore;

beforeAll(async () => {
  database = await createFreshDatabase();
  store = await startBuiltStore(database.url);
});

afterAll(async () => {
  await store.stop();
  await database.drop();
});

/** @returns the status, 0 when the connection broke */
async function send({ body, contentType }: Bomb): Promise<number> {
  const headers = { 'content-type': contentType, 'content-encoding': 'gzip' };
  return post(store.tracesUrl, gzipSync(body, { level: 1 }), headers).then(
    ({ status }) => status,
    () => 0,
  );
}

async function expectToWork(name: string): Promise<void> {
  expect(store.hasEnded(), store.output()).toBe(false);
  const body = encodeProtobuf(requestOf([goodSpan({ name })]));
  const answer = await post(store.tracesUrl, body, { 'content-type': 'application/x-protobuf' });
  expect(answer.status, store.output()).toBe(200);
  const rows = await queryOnce(database.url, `SELECT FROM ps_trace.span WHERE span_name = '${name}'`);
  expect(rows).toHaveLength(1);
}

/** @returns 0 where the system does not report it */
function peakMebibytes(): number {
  if (process.platform !== 'linux') return 0;
  return Number(/VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${store.process.pid}/status`, 'utf8'))?.[1] ?? 0) / 1024;
}

describe('a request that decodes to many times its size', () => {
  const all = bombs(0.5);

  it.each(Object.keys(all))('is stored in part or refused permanently: %s', { timeout: 120_000 }, async (name) => {
    const bomb = all[name]?.();
    if (bomb === undefined) throw new Error('no such request');
    expect(bomb.statuses, store.output()).toContain(await send(bomb));
    expect(store.hasEnded(), store.output()).toBe(false);
  });

  it('leaves the process healthy, also when all of them arrive at once', { timeout: 240_000 }, async () => {
    const statuses = await Promise.all(
      Object.values(all).map(async (make, index) => {
        const bomb = variantOf(make(), index);
        for (;;) {
          const status = await send(bomb);
          // A bounded number at a time.
          if (status !== 429) return [status, bomb.statuses] as const;
          await sleep(200);
        }
      }),
    );
    for (const [status, expected] of statuses) expect(expected, store.output()).toContain(status);
    await expectToWork('after all');
    expect(peakMebibytes()).toBeLessThan(maxResidentMebibytes);
  });
});
