import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { freePort } from '@spandrel/testing/free-port';
import { type GuardedProcess, startGuarded } from '../../../../stack/parent-guard.ts';
import { createFreshDatabase, type FreshDatabase } from '@spandrel/testing/fresh-database';
import { until } from '@spandrel/testing/stack-processes';
import { type Bomb, bombs, variantOf } from '@spandrel/testing/bombs';
import { encodeProtobuf, post } from '@spandrel/testing/otlp-client';
import { goodSpan, requestOf } from '@spandrel/testing/requests';
import { queryOnce } from '@spandrel/testing/running-tracestore';

// Runs the built tracestore with the chart's heap size and bytes in flight, so that it would run out of memory here too.

const root = fileURLToPath(new URL('../../../../', import.meta.url));
const heapMebibytes = 160;
const bytesInFlight = 64 * 1024 * 1024;

/** Allowed beyond the heap and the bytes in flight: rows, buffers and the program itself. */
const maxResidentMebibytes = heapMebibytes + 64 + 256;

let database: FreshDatabase;
let store: GuardedProcess;
let tracesUrl: string;
let url: string;
let output = '';
let hasEnded = false;

beforeAll(async () => {
  database = await createFreshDatabase();
  const [http, otlpHttp, otlpGrpc, jaegerGrpc] = await Promise.all([freePort(), freePort(), freePort(), freePort()]);
  url = `http://127.0.0.1:${http}`;
  tracesUrl = `http://127.0.0.1:${otlpHttp}/v1/traces`;
  store = await startGuarded({
    command: process.execPath,
    args: [`--max-old-space-size=${heapMebibytes}`, 'dist/apps/tracestore/main.js'],
    cwd: root,
    stopSignal: 'SIGTERM',
    env: {
      PATH: process.env['PATH'],
      TRACESTORE_DATABASE_URL: database.url,
      TRACESTORE_MAX_BYTES_IN_FLIGHT: String(bytesInFlight),
      TRACESTORE_HTTP_PORT: String(http),
      TRACESTORE_OTLP_HTTP_PORT: String(otlpHttp),
      TRACESTORE_OTLP_GRPC_PORT: String(otlpGrpc),
      TRACESTORE_JAEGER_GRPC_PORT: String(jaegerGrpc),
      TRACESTORE_RETENTION: '36500d',
      LOG_LEVEL: 'error',
    },
  });
  for (const stream of [store.stdout, store.stderr]) {
    stream.on('data', (text: Buffer) => (output = `${output}${text.toString()}`.slice(-4_000)));
  }
  void store.exited.then(() => (hasEnded = true));
  if (!(await until(isReady, 60_000))) throw new Error(`tracestore is not ready: ${output}`);
});

afterAll(async () => {
  store.release();
  await store.exited;
  await database.drop();
});

async function isReady(): Promise<boolean> {
  return fetch(`${url}/readyz`).then(
    ({ ok }) => ok,
    () => false,
  );
}

/** @returns the status, or 0 when the connection broke */
async function send({ body, contentType }: Bomb): Promise<number> {
  const headers = { 'content-type': contentType, 'content-encoding': 'gzip' };
  return post(tracesUrl, gzipSync(body, { level: 1 }), headers).then(
    ({ status }) => status,
    () => 0,
  );
}

async function expectToWork(name: string): Promise<void> {
  expect(hasEnded, output).toBe(false);
  const body = encodeProtobuf(requestOf([goodSpan({ name })]));
  const answer = await post(tracesUrl, body, { 'content-type': 'application/x-protobuf' });
  expect(answer.status, output).toBe(200);
  const rows = await queryOnce(database.url, `SELECT FROM ps_trace.span WHERE span_name = '${name}'`);
  expect(rows).toHaveLength(1);
}

/** @returns 0 where the system does not report it */
function peakMebibytes(): number {
  if (process.platform !== 'linux') return 0;
  return Number(/VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${store.pid}/status`, 'utf8'))?.[1] ?? 0) / 1024;
}

describe('a request that decodes to many times its size', () => {
  const all = bombs(0.5);

  it.each(Object.keys(all))('is stored in part or refused permanently: %s', { timeout: 120_000 }, async (name) => {
    const bomb = all[name]?.();
    if (bomb === undefined) throw new Error('no such request');
    expect(bomb.statuses, output).toContain(await send(bomb));
    expect(hasEnded, output).toBe(false);
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
    for (const [status, expected] of statuses) expect(expected, output).toContain(status);
    await expectToWork('after all');
    expect(peakMebibytes()).toBeLessThan(maxResidentMebibytes);
  });
});
