import type { Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { status } from '@grpc/grpc-js';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { createFreshDatabase, type FreshDatabase } from '@spandrel/testing/fresh-database';
import { callGrpc, grpcFrame } from '@spandrel/testing/grpc-wire';
import { encodeProtobuf } from '@spandrel/testing/otlp-client';
import {
  callHeaders,
  dialHttp2,
  frame,
  frameFlag,
  frameType,
  type RawHttp2,
  settingsFrame,
} from '@spandrel/testing/raw-http2';
import { goodSpan, requestOf } from '@spandrel/testing/requests';
import { type RunningTracestore, startTracestore } from '@spandrel/testing/running-tracestore';
import { limits } from '../limits.js';

const exportPath = '/opentelemetry.proto.collector.trace.v1.TraceService/Export';
const good = encodeProtobuf(requestOf([goodSpan()]));
const maxConnections = 40;

let database: FreshDatabase;
let store: RunningTracestore;
const sockets: Socket[] = [];

beforeAll(async () => {
  database = await createFreshDatabase();
  store = await startTracestore(database.url, { maxConnections });
});

afterEach(() => {
  for (const socket of sockets.splice(0)) socket.destroy();
});

afterAll(async () => {
  await store.stop();
  await database.drop();
});

function dial(): RawHttp2 {
  const connection = dialHttp2(store.grpcAddress);
  sockets.push(connection.socket);
  return connection;
}

/** The status that an ordinary client gets on a new connection. */
async function witness(): Promise<number | undefined> {
  return (await callGrpc(store.grpcAddress, [grpcFrame(good)])).grpcStatus;
}

describe('a new client is served', () => {
  it('when others try to hold more idle connections than the limit', async () => {
    for (let n = 0; n < 4 * maxConnections; n += 1) dial();
    await sleep(300);
    for (let n = 0; n < 3; n += 1) expect(await witness()).toBe(status.OK);
    await expect.poll(() => sockets.filter((socket) => !socket.closed).length).toBeLessThanOrEqual(maxConnections);
  });

  it('when others hold connections with calls that are never completed', async () => {
    for (let n = 0; n < maxConnections; n += 1) {
      const { send } = dial();
      await send(callHeaders(1, exportPath), frame(frameType.data, 0, 1, Buffer.alloc(3)));
    }
    await sleep(2_200);
    for (let n = 0; n < 3; n += 1) expect(await witness()).toBe(status.OK);
  });

  it('when others open as many streams with large headers as they can', async () => {
    const headers = Object.fromEntries(Array.from({ length: 14 }, (_, n) => [`x-${n}`, 'x'.repeat(1_000)]));
    const connections = Array.from({ length: 20 }, dial);
    for (const { send } of connections) {
      void send(...Array.from({ length: 128 }, (_, n) => callHeaders(2 * n + 1, exportPath, headers)));
    }
    await sleep(500);
    for (let n = 0; n < 3; n += 1) expect(await witness()).toBe(status.OK);
    const first = connections.map(({ closed }) => closed);
    // ENHANCE_YOUR_CALM
    expect(await Promise.race(first)).toBe(11);
  });
});

describe('a flood of frames affects only its own connection', () => {
  const times = (count: number, make: (n: number) => Buffer): readonly Buffer[] =>
    Array.from({ length: count }, (_, n) => make(n));

  it.each<readonly [string, readonly Buffer[]]>([
    ['pings', times(20_000, () => frame(frameType.ping, 0, 0, Buffer.alloc(8)))],
    ['settings', times(20_000, () => settingsFrame([[3, 100]]))],
    ['priorities', times(20_000, () => frame(frameType.priority, 0, 1, Buffer.alloc(5)))],
    [
      'streams that are reset at once',
      times(5_000, (n) =>
        Buffer.concat([
          callHeaders(2 * n + 1, exportPath),
          frame(frameType.rstStream, 0, 2 * n + 1, Buffer.of(0, 0, 0, 8)),
        ]),
      ),
    ],
    ['empty data', [callHeaders(1, exportPath), ...times(20_000, () => frame(frameType.data, 0, 1))]],
    [
      'empty calls',
      times(2_000, (n) =>
        Buffer.concat([callHeaders(2 * n + 1, exportPath), frame(frameType.data, frameFlag.endStream, 2 * n + 1)]),
      ),
    ],
    ['frames of an unknown type', times(20_000, () => frame(0xee, 0, 0, Buffer.alloc(8)))],
    ['bytes that are not HTTP/2', [Buffer.alloc(100_000, 'GET / HTTP/1.1\r\n\r\n')]],
  ])('%s', async (_what, frames) => {
    const { send } = dial();
    const flood = send(...frames);
    expect(await witness()).toBe(status.OK);
    await flood;
    expect(await witness()).toBe(status.OK);
  });
});

it('a connection can open as many streams as its limit allows', async () => {
  const { send, socket } = dial();
  await send(
    ...Array.from({ length: limits.grpcCallsPerConnection.value }, (_, n) => callHeaders(2 * n + 1, exportPath)),
  );
  await sleep(200);
  expect(socket.closed).toBe(false);
  expect(await witness()).toBe(status.OK);
});
