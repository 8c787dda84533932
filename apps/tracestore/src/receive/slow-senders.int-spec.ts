import { connect as connectHttp2, constants, type ClientHttp2Session } from 'node:http2';
import { connect, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { createFreshDatabase, type FreshDatabase } from '@spandrel/testing/fresh-database';
import { callHeaders, dialHttp2, frame, frameType } from '@spandrel/testing/raw-http2';
import { callGrpc, grpcFrame } from '@spandrel/testing/grpc-wire';
import { encodeProtobuf, post } from '@spandrel/testing/otlp-client';
import { goodSpan, requestOf } from '@spandrel/testing/requests';
import { type RunningTracestore, startTracestore } from '@spandrel/testing/running-tracestore';

const mebibyte = 1024 * 1024;
const maxRequestBytes = 8 * mebibyte;
const maxBytesInFlight = 16 * mebibyte;
const protobuf = { 'content-type': 'application/x-protobuf' };
const good = encodeProtobuf(requestOf([goodSpan()]));
const exportPath = '/opentelemetry.proto.collector.trace.v1.TraceService/Export';

let database: FreshDatabase;
let store: RunningTracestore;
const sockets: Socket[] = [];
const sessions: ClientHttp2Session[] = [];

beforeAll(async () => {
  database = await createFreshDatabase();
  // The time-out of a body is longer than any test here.
  store = await startTracestore(database.url, { maxRequestBytes, maxBytesInFlight, bodyTimeoutMs: 60_000 });
});

afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy();
  for (const session of sessions.splice(0)) session.destroy();
  await vi.waitUntil(async () => (await bytesInFlight()) === 0, { timeout: 5_000 });
});

afterAll(async () => {
  await store.stop();
  await database.drop();
});

/** A connection to the HTTP receiver that has sent the head of a request and some bytes. */
function dial(framing: string, body: Buffer | string = ''): Socket {
  const { hostname, port } = new URL(store.tracesUrl);
  const socket = connect(Number(port), hostname);
  socket.on('error', () => undefined);
  sockets.push(socket);
  socket.write(
    `POST /v1/traces HTTP/1.1\r\nhost: localhost\r\ncontent-type: ${protobuf['content-type']}\r\n${framing}\r\n\r\n`,
  );
  socket.write(body);
  return socket;
}

function dialGrpc(): ClientHttp2Session {
  const session = connectHttp2(`http://${store.grpcAddress}`);
  session.on('error', () => undefined);
  sessions.push(session);
  return session;
}

function begin(session: ClientHttp2Session, first: Buffer) {
  const stream = session.request({ ':method': 'POST', ':path': exportPath, 'content-type': 'application/grpc' });
  stream.on('error', () => undefined);
  stream.resume();
  stream.write(first);
  return stream;
}

function prefixOf(length: number): Buffer {
  const prefix = Buffer.alloc(5);
  prefix.writeUInt32BE(length, 1);
  return prefix;
}

async function bytesInFlight(): Promise<number> {
  const text = await (await fetch(`${store.url}/metrics`)).text();
  return Number(/^tracestore_ingest_in_flight_bytes (\d+)$/m.exec(text)?.[1]);
}

/** The status that an ordinary client gets over both protocols. */
async function witness(): Promise<readonly (number | undefined)[]> {
  const [http, grpc] = await Promise.all([
    post(store.tracesUrl, good, protobuf),
    callGrpc(store.grpcAddress, [grpcFrame(good)]),
  ]);
  return [http.status, grpc.grpcStatus];
}

describe('another client is served', () => {
  it('while announced bodies do not arrive over HTTP', async () => {
    for (let n = 0; n < 8; n += 1) dial(`content-length: ${maxRequestBytes}`);
    await expect.poll(bytesInFlight).toBeGreaterThan(7 * 16 * 1024);
    expect(await bytesInFlight()).toBeLessThan(mebibyte);
    for (let n = 0; n < 5; n += 1) expect(await witness()).toEqual([200, 0]);
  });

  it('while announced messages do not arrive over gRPC', async () => {
    const session = dialGrpc();
    for (let n = 0; n < 8; n += 1) begin(session, prefixOf(maxRequestBytes));
    await expect.poll(bytesInFlight).toBeGreaterThan(7 * 16 * 1024);
    expect(await bytesInFlight()).toBeLessThan(mebibyte);
    for (let n = 0; n < 5; n += 1) expect(await witness()).toEqual([200, 0]);
  });

  it('while slow senders hold all bytes in flight', async () => {
    const most = Buffer.alloc(4.5 * mebibyte);
    for (let n = 0; n < 2; n += 1) dial(`content-length: ${maxRequestBytes}`, most);
    begin(dialGrpc(), Buffer.concat([prefixOf(maxRequestBytes), most]));
    await expect.poll(bytesInFlight).toBeGreaterThan(11 * mebibyte);
    for (let n = 0; n < 5; n += 1) expect(await witness()).toEqual([200, 0]);
  });

  it('while slow senders fill the room for small requests as well', async () => {
    for (let n = 0; n < 3; n += 1) dial(`content-length: ${maxRequestBytes}`, Buffer.alloc(4.5 * mebibyte));
    await expect.poll(bytesInFlight).toBeGreaterThan(13 * mebibyte);
    // Down to less than what a request counts before its first byte.
    for (const kibibytes of [220, 20, 0]) {
      for (let n = 0; n < 20; n += 1) dial(`content-length: ${maxRequestBytes}`, Buffer.alloc(kibibytes * 1024));
      await sleep(100);
    }
    await expect.poll(bytesInFlight).toBeGreaterThan(maxBytesInFlight - 16 * 1024);
    // A sender counts as slow after a second; until then the answer is 429, and clients repeat the request.
    await expect.poll(witness, { timeout: 10_000 }).toEqual([200, 0]);
    for (let n = 0; n < 5; n += 1) expect(await witness()).toEqual([200, 0]);
  });

  it('also with a large request, once the slow senders have been measured', async () => {
    const most = Buffer.alloc(6 * mebibyte);
    const slow = [1, 2].map(() => dial(`content-length: ${maxRequestBytes}`, most));
    const answers = slow.map((socket) => new Promise((resolve) => socket.once('data', resolve)));
    await expect.poll(bytesInFlight).toBeGreaterThan(11 * mebibyte);
    await sleep(1_100);
    const large = Buffer.concat([good, Buffer.alloc(5 * mebibyte, Buffer.of(0x82, 0x01, 0))]);
    expect(await post(store.tracesUrl, large, protobuf)).not.toMatchObject({ status: 429 });
    expect(String(await Promise.race(answers))).toMatch(/^HTTP\/1.1 429 [^]*retry-after: 1\r\n/i);
  });
});

describe('a sender of tiny pieces', () => {
  it('over HTTP gets 400, and its connection is closed', async () => {
    const socket = dial('transfer-encoding: chunked');
    const flood = Buffer.from('1\r\nx\r\n'.repeat(10_000));
    socket.write(flood);
    const answer = await new Promise<Buffer>((resolve) => socket.once('data', resolve));
    expect(String(answer)).toMatch(/^HTTP\/1.1 400 [^]*connection: close\r\n[^]*tiny chunks/i);
    socket.on('end', () => undefined).resume();
    await new Promise((resolve) => socket.once('close', resolve));
    expect(await witness()).toEqual([200, 0]);
  });

  it('over gRPC loses its connection', async () => {
    const { closed, send, socket } = dialHttp2(store.grpcAddress);
    sockets.push(socket);
    await send(callHeaders(1, exportPath), frame(frameType.data, 0, 1, prefixOf(mebibyte)));
    const byte = frame(frameType.data, 0, 1, Buffer.alloc(1));
    await send(...Array.from({ length: 10_000 }, () => byte));
    expect(await closed).toBe(constants.NGHTTP2_ENHANCE_YOUR_CALM);
    expect(await witness()).toEqual([200, 0]);
  });
});
