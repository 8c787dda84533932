import { Agent, request as httpRequest } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { status as grpcStatus } from '@grpc/grpc-js';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createFreshDatabase, type FreshDatabase } from '@spandrel/testing/fresh-database';
import { type DatabaseGate, startDatabaseGate } from '@spandrel/testing/database-gate';
import { callGrpc } from '@spandrel/testing/grpc-wire';
import { encodeProtobuf } from '@spandrel/testing/otlp-client';
import { attribute, goodSpan, requestOf } from '@spandrel/testing/requests';
import { queryOnce, type RunningTracestore, startTracestore } from '@spandrel/testing/running-tracestore';

const mebibyte = 1024 * 1024;
const maxBytesInFlight = 16 * mebibyte;
const clientsOfEachKind = 128;
const spansPerRequest = 500;
const pushForMs = 5_000;

/** A request of 2 MiB that is unique for its number, so that it is not a retry of another. */
const marker = 'request 00000000';
const template = encodeProtobuf(
  requestOf(
    Array.from({ length: spansPerRequest }, () =>
      goodSpan({ attributes: [attribute('text', { case: 'stringValue', value: 'x'.repeat(4_096) })] }),
    ).map((span, n) => (n === 0 ? { ...span, name: marker } : span)),
  ),
);
const markerAt = template.indexOf(marker) + marker.length - 8;

type Outcome = 'stored' | 'refused';
type Push = (body: Buffer) => Promise<Outcome>;

let database: FreshDatabase;
let gate: DatabaseGate;
let store: RunningTracestore;
const agent = new Agent({ keepAlive: true });

beforeAll(async () => {
  database = await createFreshDatabase();
  gate = await startDatabaseGate(database.url);
  store = await startTracestore(gate.url, { maxBytesInFlight });
});

afterAll(async () => {
  agent.destroy();
  await store.stop();
  await gate.close();
  await database.drop();
});

const overHttp: Push = (body) =>
  new Promise((resolve, reject) => {
    const request = httpRequest(store.tracesUrl, {
      agent,
      method: 'POST',
      headers: { 'content-type': 'application/x-protobuf', 'content-length': body.length },
    });
    request.on('error', reject);
    request.on('response', (response) => {
      response.resume();
      const { statusCode, headers } = response;
      response.on('end', () => {
        if (statusCode === 200) resolve('stored');
        else if (statusCode === 429 && headers['retry-after'] === '1') resolve('refused');
        else reject(new Error(`HTTP ${statusCode}, retry after ${headers['retry-after']}`));
      });
    });
    request.end(body);
  });

const overGrpc: Push = async (body) => {
  const prefix = Buffer.alloc(5);
  prefix.writeUInt32BE(body.length, 1);
  const answer = await callGrpc(store.grpcAddress, [prefix, body]);
  if (answer.grpcStatus === grpcStatus.OK) return 'stored';
  if (answer.grpcStatus === grpcStatus.RESOURCE_EXHAUSTED && answer.status?.details.length === 1) return 'refused';
  throw new Error(`gRPC ${answer.grpcStatus}: ${answer.status?.message}`);
};

let nextNumber = 0;

/** Sends requests one after the other until a deadline, and retries refused ones, as a Collector does. */
async function push(send: Push, body: Buffer, until: number, tally: Record<Outcome, number>): Promise<void> {
  const renumber = (): void => {
    nextNumber += 1;
    body.write(String(nextNumber).padStart(8, '0'), markerAt);
  };
  renumber();
  while (performance.now() < until) {
    const outcome = await send(body);
    tally[outcome] += 1;
    if (outcome === 'stored') renumber();
    else await sleep(100);
  }
}

describe('a slow database', () => {
  it('slows the senders down: memory stays bounded, and acknowledged requests are stored', async () => {
    const bodies = Array.from({ length: 2 * clientsOfEachKind }, () => Buffer.from(template));
    const tally = { overHttp: { stored: 0, refused: 0 }, overGrpc: { stored: 0, refused: 0 } };
    const pushAll = async (clients: number, forMs: number): Promise<void> => {
      const until = performance.now() + forMs;
      await Promise.all(
        bodies
          .slice(0, clients)
          .map((body, n) =>
            n % 2 === 0 ? push(overHttp, body, until, tally.overHttp) : push(overGrpc, body, until, tally.overGrpc),
          ),
      );
    };
    // The memory of the process after its first load.
    await pushAll(6, 1_000);
    gate.slow(250);
    const rssBefore = process.memoryUsage().rss;
    let rssPeak = 0;
    const watch = setInterval(() => {
      rssPeak = Math.max(rssPeak, process.memoryUsage().rss);
    }, 20);
    await pushAll(bodies.length, pushForMs);
    clearInterval(watch);
    gate.slow(0);

    expect(tally.overHttp.refused).toBeGreaterThan(0);
    expect(tally.overGrpc.refused).toBeGreaterThan(0);
    expect(tally.overHttp.stored).toBeGreaterThan(0);
    expect(tally.overGrpc.stored).toBeGreaterThan(0);
    // The clients always try to have 32 times the limit in flight: 500 MiB. Without a limit, 530 MiB were measured. With
    // it, 170 to 270 MiB were, mostly garbage of the 256 clients, which run in this process.
    expect(bodies.length * template.length).toBeGreaterThan(31 * maxBytesInFlight);
    expect(rssPeak - rssBefore).toBeLessThan(24 * maxBytesInFlight);

    const [row] = await queryOnce<{ spans: number }>(database.url, 'SELECT count(*)::int AS spans FROM ps_trace.span');
    expect(row?.spans).toBe((tally.overHttp.stored + tally.overGrpc.stored) * spansPerRequest);
  });
});
