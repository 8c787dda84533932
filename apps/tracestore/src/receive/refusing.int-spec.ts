import { connect, type Socket } from 'node:net';
import { deflateSync, gzipSync, zstdCompressSync } from 'node:zlib';
import { fromBinary, fromJson, type JsonValue } from '@bufbuild/protobuf';
import { anyUnpack } from '@bufbuild/protobuf/wkt';
import { status as grpcStatus } from '@grpc/grpc-js';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createFreshDatabase, type FreshDatabase } from '@spandrel/testing/fresh-database';
import { callGrpc, type GrpcResponse, type GrpcCallOptions, grpcFrame } from '@spandrel/testing/grpc-wire';
import { encodeProtobuf, post } from '@spandrel/testing/otlp-client';
import { goodSpan, requestOf } from '@spandrel/testing/requests';
import { type RunningTracestore, startTracestore } from '@spandrel/testing/running-tracestore';
import { RetryInfoSchema } from '../gen/google/rpc/error_details_pb.js';
import { type Status, StatusSchema } from '../gen/google/rpc/status_pb.js';

const mebibyte = 1024 * 1024;
const protobuf = { 'content-type': 'application/x-protobuf' };
const good = encodeProtobuf(requestOf([goodSpan()]));
const zipBomb = gzipSync(Buffer.alloc(64 * mebibyte));

/** Longer than any response here takes, except one to a slow sender. */
const bodyTimeoutMs = 1_000;

let database: FreshDatabase;
let store: RunningTracestore;
const sockets: Socket[] = [];

beforeAll(async () => {
  database = await createFreshDatabase();
  store = await startTracestore(database.url, {
    maxRequestBytes: 8 * mebibyte,
    maxBytesInFlight: 16 * mebibyte,
    bodyTimeoutMs,
  });
});

afterAll(async () => {
  for (const socket of sockets) socket.destroy();
  await store.stop();
  await database.drop();
});

/** A raw connection to the HTTP receiver. */
function dial(firstWords: string): Socket {
  const { hostname, port } = new URL(store.tracesUrl);
  const socket = connect(Number(port), hostname);
  socket.on('error', () => undefined);
  sockets.push(socket);
  socket.write(firstWords);
  return socket;
}

/** A valid head of a request. */
function head(headers: Readonly<Record<string, string | number>>): string {
  const lines = Object.entries({ host: 'localhost', ...protobuf, ...headers });
  return `POST /v1/traces HTTP/1.1\r\n${lines.map(([name, value]) => `${name}: ${value}\r\n`).join('')}\r\n`;
}

interface RawAnswer {
  readonly httpStatus: number;
  readonly head: string;
  readonly status: Status;
}

/** The first response, which is short and arrives in one piece. */
async function answerOn(socket: Socket): Promise<RawAnswer> {
  const data = await new Promise<Buffer>((resolve, reject) => {
    socket.once('data', resolve);
    socket.once('close', () => reject(new Error('The connection was closed without an answer')));
  });
  const end = data.indexOf('\r\n\r\n') + 4;
  const head = data.subarray(0, end).toString().toLowerCase();
  const body = data.subarray(end);
  return {
    httpStatus: Number(head.split(' ')[1]),
    head,
    status: head.includes('application/x-protobuf')
      ? fromBinary(StatusSchema, body)
      : fromJson(StatusSchema, JSON.parse(body.toString()) as JsonValue),
  };
}

function retrySecondsOf(status: Status | undefined): number | undefined {
  const [retry] = status?.details ?? [];
  const seconds = retry && anyUnpack(retry, RetryInfoSchema)?.retryDelay?.seconds;
  return seconds === undefined ? undefined : Number(seconds);
}

async function metric(name: string): Promise<number> {
  const text = await (await fetch(`${store.url}/metrics`)).text();
  const line = text.split('\n').find((candidate) => candidate.startsWith(`${name} `));
  return Number(line?.split(' ')[1]);
}

/** Polled until every reservation is released. */
const bytesInFlight = (): Promise<number> => metric('tracestore_ingest_in_flight_bytes');

describe('over HTTP', () => {
  it('a body with too large a Content-Length is refused before it arrives', async () => {
    const answer = await answerOn(dial(head({ 'content-length': 8 * mebibyte + 1 })));
    expect(answer).toMatchObject({ httpStatus: 413, status: { code: grpcStatus.RESOURCE_EXHAUSTED, details: [] } });
  });

  it('a chunked body is refused as soon as it is too large', async () => {
    const socket = dial(head({ 'transfer-encoding': 'chunked' }));
    const chunk = `${mebibyte.toString(16)}\r\n${'x'.repeat(mebibyte)}\r\n`;
    for (let n = 0; n < 9; n += 1) socket.write(chunk);
    expect(await answerOn(socket)).toMatchObject({ httpStatus: 413, status: { details: [] } });
  });

  it('a connection stays usable after a refusal in the middle of a body', async () => {
    const socket = dial(head({ 'content-length': 9 * mebibyte }));
    expect(await answerOn(socket)).toMatchObject({ httpStatus: 413 });
    socket.write(Buffer.alloc(9 * mebibyte));
    socket.write(head({ 'content-length': 3 }));
    socket.write('bad');
    expect(await answerOn(socket)).toMatchObject({ httpStatus: 400 });
  });

  it.each<readonly [string, string, (bytes: Buffer) => Buffer]>([
    ['gzip', 'gzip', gzipSync],
    ['gzip by its old name', 'X-GZip', gzipSync],
    ['deflate', 'deflate', deflateSync],
    ['deflate by the name that a Collector uses', 'zlib', deflateSync],
    ['zstd', 'zstd', zstdCompressSync],
  ])('%s is accepted, and 400 if it is damaged', async (_name, coding, compress) => {
    const headers = { ...protobuf, 'content-encoding': coding };
    expect(await post(store.tracesUrl, compress(good), headers)).toMatchObject({ status: 200 });
    const damaged = compress(good);
    // Damage the bytes after the header. Later bytes of zstd would only change a span, which rejects that span.
    damaged.fill(0xff, 4);
    for (const body of [damaged, compress(good).subarray(0, -5), Buffer.from('neither'), Buffer.alloc(0)]) {
      const answer = await post(store.tracesUrl, body, headers);
      expect(answer.status).toBe(400);
      expect(fromBinary(StatusSchema, answer.body).code).toBe(grpcStatus.INVALID_ARGUMENT);
    }
  });

  it.each(['br', 'gzip, gzip', 'identity, gzip', 'snappy', 'constructor'])('%s is 415', async (coding) => {
    const answer = await post(store.tracesUrl, gzipSync(good), { ...protobuf, 'content-encoding': coding });
    expect(answer.status).toBe(415);
    expect(answer.headers.get('accept-encoding')).toBe('gzip, deflate, zstd');
  });

  it.each([
    ['bytes that are not HTTP', 'nonsense\r\n\r\n', 400],
    ['a length that is not a number', head({ 'content-length': 'many' }), 400],
    ['two lengths that differ', head({ 'content-length': '1\r\ncontent-length: 2' }), 400],
    ['a chunked body with a length', head({ 'content-length': 1, 'transfer-encoding': 'chunked' }), 400],
    ['a chunk without a length', `${head({ 'transfer-encoding': 'chunked' })}xyz\r\n`, 400],
    ['a header that is too large', head({ 'x-long': 'x'.repeat(100_000) }), 431],
    ['a malformed path', 'POST /v1/traces%zz HTTP/1.1\r\nhost: localhost\r\n\r\n', 404],
    ['a rare method', 'PROPFIND /v1/traces HTTP/1.1\r\nhost: localhost\r\n\r\n', 405],
  ])('%s gets a Status', async (_what, words, httpStatus) => {
    const answer = await answerOn(dial(words));
    expect(answer.httpStatus).toBe(httpStatus);
    expect(answer.status.message).not.toBe('');
    expect(retrySecondsOf(answer.status)).toBeUndefined();
  });

  it('a slow sender gets a retryable error, and its connection is closed', async () => {
    const socket = dial(head({ 'content-length': good.length }));
    socket.write(good.subarray(0, -1));
    const answer = await answerOn(socket);
    expect(answer.httpStatus).toBe(503);
    expect(answer.head).toMatch(/retry-after: 5\r\n/);
    expect(retrySecondsOf(answer.status)).toBe(5);
    expect(socket.closed || (await new Promise((resolve) => socket.once('close', () => resolve(true))))).toBe(true);
  });

  it('incomplete bodies of many senders are bounded: one without room is refused at once', async () => {
    const half = Buffer.alloc(2 * mebibyte);
    const begun = Array.from({ length: 8 }, () => {
      const socket = dial(head({ 'content-length': 2 * half.length }));
      socket.write(half);
      return answerOn(socket);
    });
    const answers = await Promise.all(begun);
    const statuses = answers.map(({ httpStatus }) => httpStatus).toSorted();
    // Seven eighths of 16 MiB have room for six halves.
    expect(statuses).toEqual([429, 429, 503, 503, 503, 503, 503, 503]);
    expect(answers.map(({ status }) => retrySecondsOf(status)).toSorted()).toEqual([1, 1, 5, 5, 5, 5, 5, 5]);
    await expect.poll(bytesInFlight).toBe(0);
  });

  it('incomplete chunked bodies are bounded by the bytes that have arrived', async () => {
    const chunk = `${(3 * mebibyte).toString(16)}\r\n${'x'.repeat(3 * mebibyte)}\r\n`;
    const begun = Array.from({ length: 8 }, () => {
      const socket = dial(head({ 'transfer-encoding': 'chunked' }));
      socket.write(chunk);
      return answerOn(socket);
    });
    const statuses = (await Promise.all(begun)).map(({ httpStatus }) => httpStatus);
    expect(statuses).toContain(429);
    expect(statuses).toContain(503);
    await expect.poll(bytesInFlight).toBe(0);
  });

  it('nothing stays reserved when senders disconnect', async () => {
    const sent = Array.from({ length: 8 }, async () => {
      const socket = dial(head({ 'content-length': mebibyte }));
      await new Promise((resolve) => socket.write(Buffer.alloc(1_000), resolve));
      socket.destroy();
    });
    await Promise.all(sent);
    await expect.poll(bytesInFlight).toBe(0);
  });
});

describe('over gRPC', () => {
  const call = (pieces: readonly Buffer[], options?: GrpcCallOptions): Promise<GrpcResponse> =>
    callGrpc(store.grpcAddress, pieces, options);
  const encoded = (encoding: string): GrpcCallOptions => ({ headers: { 'grpc-encoding': encoding } });
  const prefixOf = (length: number): Buffer => {
    const prefix = Buffer.alloc(5);
    prefix.writeUInt32BE(length, 1);
    return prefix;
  };

  it('a message is accepted in pieces of any size', async () => {
    const pieces = Array.from(grpcFrame(good), (byte) => Buffer.of(byte));
    const answer = await call(pieces);
    expect(answer).toMatchObject({ httpStatus: 200, grpcStatus: grpcStatus.OK, message: Buffer.alloc(5) });
    expect(answer.acceptedEncodings).toBe('identity,gzip,deflate,zstd');
  });

  it.each<readonly [string, (bytes: Buffer) => Buffer]>([
    ['gzip', gzipSync],
    ['deflate', deflateSync],
    ['zstd', zstdCompressSync],
  ])('%s is accepted, and INVALID_ARGUMENT if it is damaged', async (encoding, compress) => {
    expect(await call([grpcFrame(compress(good), 1)], encoded(encoding))).toMatchObject({ grpcStatus: grpcStatus.OK });
    const damaged = compress(good);
    // Damage the bytes after the header. Later bytes of zstd would only change a span, which rejects that span.
    damaged.fill(0xff, 4);
    for (const message of [damaged, compress(good).subarray(0, -5), Buffer.from('neither'), Buffer.alloc(0)]) {
      const answer = await call([grpcFrame(message, 1)], encoded(encoding));
      expect(answer).toMatchObject({ grpcStatus: grpcStatus.INVALID_ARGUMENT, status: { details: [] } });
    }
  });

  it('an uncompressed message is accepted with grpc-encoding', async () => {
    expect(await call([grpcFrame(good)], encoded('gzip'))).toMatchObject({ grpcStatus: grpcStatus.OK });
    expect(await call([grpcFrame(good)], encoded('snappy'))).toMatchObject({ grpcStatus: grpcStatus.OK });
  });

  it.each<readonly [string, number, readonly Buffer[], GrpcCallOptions]>([
    ['no message', grpcStatus.INVALID_ARGUMENT, [], {}],
    ['a truncated message', grpcStatus.INVALID_ARGUMENT, [grpcFrame(good).subarray(0, -1)], {}],
    ['a truncated prefix', grpcStatus.INVALID_ARGUMENT, [grpcFrame(good).subarray(0, 3)], {}],
    ['two messages', grpcStatus.INVALID_ARGUMENT, [grpcFrame(good), grpcFrame(good)], {}],
    ['an undefined compressed flag', grpcStatus.INVALID_ARGUMENT, [grpcFrame(good, 2)], {}],
    ['compression without a name', grpcStatus.INVALID_ARGUMENT, [grpcFrame(gzipSync(good), 1)], {}],
    ['unsupported compression', grpcStatus.UNIMPLEMENTED, [grpcFrame(good, 1)], encoded('snappy')],
    [
      'a message that is too large after decompression',
      grpcStatus.RESOURCE_EXHAUSTED,
      [grpcFrame(zipBomb, 1)],
      encoded('gzip'),
    ],
    [
      'a message that announces too large a length',
      grpcStatus.RESOURCE_EXHAUSTED,
      [prefixOf(2 ** 32 - 1)],
      { end: false },
    ],
    [
      'another service',
      grpcStatus.UNIMPLEMENTED,
      [grpcFrame(good)],
      { headers: { ':path': '/opentelemetry.proto.collector.logs.v1.LogsService/Export' } },
    ],
  ])('%s is refused permanently', async (_what, code, pieces, options) => {
    const answer = await call(pieces, options);
    expect(answer).toMatchObject({ httpStatus: 200, grpcStatus: code, status: { code, details: [] } });
    expect(answer.status?.message).not.toBe('');
    await expect.poll(bytesInFlight).toBe(0);
  });

  it.each([
    ['another content type', { 'content-type': 'application/json' }],
    ['gRPC-Web', { 'content-type': 'application/grpc-web' }],
    ['another method', { ':method': 'PUT' }],
  ])('%s is not gRPC', async (_what, headers) => {
    expect(await call([], { headers })).toMatchObject({ httpStatus: 415, grpcStatus: undefined });
  });

  it('a slow sender gets a retryable error', async () => {
    const answer = await call([grpcFrame(good).subarray(0, -1)], { end: false });
    expect(answer).toMatchObject({ grpcStatus: grpcStatus.UNAVAILABLE });
    expect(retrySecondsOf(answer.status)).toBe(5);
  });

  it('incomplete messages of many senders are bounded: one without room is refused at once', async () => {
    const half = grpcFrame(Buffer.alloc(4 * mebibyte)).subarray(0, 2 * mebibyte);
    const answers = await Promise.all(Array.from({ length: 8 }, () => call([half], { end: false })));
    const codes = answers.map(({ grpcStatus: code }) => code ?? 0).toSorted((a, b) => a - b);
    expect(codes).toEqual([8, 8, 14, 14, 14, 14, 14, 14]);
    expect(answers.map(({ status }) => retrySecondsOf(status)).toSorted()).toEqual([1, 1, 5, 5, 5, 5, 5, 5]);
    await expect.poll(bytesInFlight).toBe(0);
  });

  it('bytes that are not HTTP/2 affect only their connection', async () => {
    const [host, port] = store.grpcAddress.split(':');
    const socket = connect(Number(port), host);
    socket.on('error', () => undefined);
    socket.resume();
    socket.write('GET / HTTP/1.1\r\n\r\n'.repeat(1_000));
    await new Promise((resolve) => socket.once('close', resolve));
    expect(await call([grpcFrame(good)])).toMatchObject({ grpcStatus: grpcStatus.OK });
  });
});

describe('the metrics of refused requests', () => {
  it('count them by error code', async () => {
    const name = 'tracestore_ingest_requests_refused_total{code="undecodable"}';
    const before = await metric(name);
    await post(store.tracesUrl, 'nonsense', protobuf);
    await callGrpc(store.grpcAddress, [grpcFrame(Buffer.from('nonsense'))]);
    expect((await metric(name)) - before).toBe(2);
  });
});
