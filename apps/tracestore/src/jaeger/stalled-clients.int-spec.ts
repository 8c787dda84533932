import { type ClientHttp2Session, type ClientHttp2Stream, connect as connectHttp2, constants } from 'node:http2';
import { connect, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { create, type DescMethod, fromBinary, type MessageInitShape, toBinary } from '@bufbuild/protobuf';
import { status } from '@grpc/grpc-js';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { createFreshDatabase, type FreshDatabase } from '@spandrel/testing/fresh-database';
import { GrpcClient } from '@spandrel/embedded/grpc-client';
import { grpcFrame } from '@spandrel/testing/grpc-wire';
import { encodeProtobuf, sendGrpc } from '@spandrel/testing/otlp-client';
import { callHeaders, dialHttp2, frame, frameType } from '@spandrel/testing/raw-http2';
import { goodSpan, hexBytes, requestOf, text } from '@spandrel/testing/requests';
import { type RunningTracestore, startTracestore } from '@spandrel/testing/running-tracestore';
import { limits } from '../limits.js';
import { TracesDataSchema } from '../gen/opentelemetry/proto/trace/v1/trace_pb.js';
import { SpanReaderPlugin } from '../gen/storage_pb.js';
import { TraceReader } from '../gen/storage/v2/trace_storage_pb.js';

const traceId = '0f'.repeat(16);
const spanCount = 3_000;
const query = { query: [{ traceId: hexBytes(traceId) }] };

let fresh: FreshDatabase;
let store: RunningTracestore;
let jaeger: GrpcClient;
const sessions: ClientHttp2Session[] = [];
const sockets: Socket[] = [];

beforeAll(async () => {
  fresh = await createFreshDatabase();
  store = await startTracestore(fresh.url, { queryConnections: 4 });
  jaeger = new GrpcClient(store.jaegerAddress);
  // More than all buffers between server and client can hold. Many spans start at the same time, and each has an event.
  const spans = Array.from({ length: spanCount }, (_, n) =>
    goodSpan({
      traceId: hexBytes(traceId),
      spanId: hexBytes((n + 1).toString(16).padStart(16, '0')),
      startTimeUnixNano: 1_700_000_000_000_000_000n + BigInt(Math.floor(n / 700)) * 1_000n,
      attributes: [text('value', 'x'.repeat(4_000))],
      events: [{ name: `event ${n}`, timeUnixNano: 1_700_000_000_000_000_000n }],
    }),
  );
  await sendGrpc(store.grpcAddress, encodeProtobuf(requestOf(spans)));
});

afterEach(() => {
  for (const session of sessions.splice(0)) session.destroy();
  for (const socket of sockets.splice(0)) socket.destroy();
});

afterAll(async () => {
  jaeger.close();
  await store.stop();
  await fresh.drop();
});

/** Opens a connection whose streams read nothing. */
async function dialStalled(): Promise<ClientHttp2Session> {
  const session = connectHttp2(`http://${store.jaegerAddress}`, { settings: { initialWindowSize: 0 } });
  session.on('error', () => undefined);
  sessions.push(session);
  await new Promise((resolve) => session.once('localSettings', resolve));
  return session;
}

function call<Method extends DescMethod>(
  session: ClientHttp2Session,
  method: Method,
  request: MessageInitShape<Method['input']>,
  isWhole = true,
): ClientHttp2Stream {
  const stream = session.request({
    ':method': 'POST',
    ':path': `/${method.parent.typeName}/${method.name}`,
    'content-type': 'application/grpc',
  });
  stream.on('error', () => undefined);
  const message = grpcFrame(toBinary(method.input, create(method.input, request)));
  if (isWhole) stream.end(message);
  else stream.write(message.subarray(0, 3));
  return stream;
}

/** @throws Error if another client gets no response */
async function witnessMs(): Promise<number> {
  const startedAt = performance.now();
  const answers = await witness();
  if (String(answers) !== String(served)) throw new Error(`Another client gets ${String(answers)}`);
  return performance.now() - startedAt;
}

/** @returns the responses to a client that reads, over HTTP and gRPC */
async function witness(): Promise<readonly unknown[]> {
  const response = await fetch(`${store.url}/jaeger/api/services`);
  await response.json();
  return [response.status, (await jaeger.unary(TraceReader.method.getServices, {})).services];
}

const served = [200, ['shop']];

describe('clients that do not read their responses', () => {
  it.each([8, 60])('hold no connection to the database: %i streams of gRPC', async (count) => {
    const session = await dialStalled();
    for (let n = 0; n < count; n += 1) call(session, TraceReader.method.getTraces, query);
    await sleep(300);
    const waits: number[] = [];
    for (let n = 0; n < 5; n += 1) waits.push(await witnessMs());
    // If a connection were not released, others would wait 5 s for it and then fail.
    expect(Math.max(...waits)).toBeLessThan(4_000);
  });

  it.each([`/api/traces/${traceId}`, `/api/v3/traces/${traceId}`])(
    'hold no connection to the database: 20 requests for %s',
    async (path) => {
      const { hostname, port } = new URL(store.url);
      for (let n = 0; n < 20; n += 1) {
        const socket = connect(Number(port), hostname);
        socket.on('error', () => undefined);
        sockets.push(socket.pause());
        socket.write(`GET /jaeger${path} HTTP/1.1\r\nhost: localhost\r\n\r\n`);
      }
      await sleep(300);
      const waits: number[] = [];
      for (let n = 0; n < 5; n += 1) waits.push(await witnessMs());
      expect(Math.max(...waits)).toBeLessThan(4_000);
    },
  );

  it('get the rest of their response, each span once, if they read again', async () => {
    const readSlowly = async (): Promise<readonly string[]> => {
      const session = connectHttp2(`http://${store.jaegerAddress}`);
      sessions.push(session);
      const stream = call(session, TraceReader.method.getTraces, query);
      const pieces: Buffer[] = [];
      for await (const piece of stream) {
        pieces.push(piece as Buffer);
        // A pause every few megabytes that is long enough for the connection to go to waiting requests.
        if (pieces.length % 200 === 0) await sleep(300);
      }
      let bytes = Buffer.concat(pieces);
      const spans: string[] = [];
      while (bytes.length > 0) {
        const end = 5 + bytes.readUInt32BE(1);
        for (const { scopeSpans } of fromBinary(TracesDataSchema, bytes.subarray(5, end)).resourceSpans) {
          for (const span of scopeSpans.flatMap((some) => some.spans)) {
            spans.push(`${Buffer.from(span.spanId).toString('hex')} ${span.events.map((event) => event.name).join()}`);
          }
        }
        bytes = bytes.subarray(end);
      }
      return spans;
    };
    const expected = Array.from(
      { length: spanCount },
      (_, n) => `${(n + 1).toString(16).padStart(16, '0')} event ${n}`,
    );
    const answers = await Promise.all(Array.from({ length: 6 }, readSlowly));
    for (const spans of answers) {
      expect(spans).toHaveLength(spanCount);
      expect(spans.toSorted()).toEqual(expected.toSorted());
    }
  });
});

describe('places for calls', () => {
  it('are not occupied by slow requests', async () => {
    for (let n = 0; n < 4; n += 1) {
      const session = await dialStalled();
      for (let m = 0; m < limits.jaegerCallsPerConnection.value; m += 1) {
        call(session, SpanReaderPlugin.method.getServices, {}, false);
      }
    }
    await sleep(1_200);
    for (let n = 0; n < 5; n += 1) expect(await witness()).toEqual(served);
  });

  it('of one connection are not taken from others', async () => {
    const session = await dialStalled();
    const streams = Array.from({ length: 120 }, () => call(session, SpanReaderPlugin.method.getServices, {}, false));
    const refused = await Promise.race(
      streams.map((stream) => new Promise((resolve) => stream.once('response', resolve))),
    );
    expect(refused).toMatchObject({ 'grpc-status': String(status.RESOURCE_EXHAUSTED) });
    expect(await witness()).toEqual(served);
  });
});

describe('a message', () => {
  it('in frames of one byte closes its connection, at a linear cost', async () => {
    const { socket, closed, send } = dialHttp2(store.jaegerAddress);
    sockets.push(socket);
    const prefix = Buffer.alloc(5);
    prefix.writeUInt32BE(1024 * 1024, 1);
    await send(callHeaders(1, '/jaeger.storage.v2.TraceReader/GetServices'), frame(frameType.data, 0, 1, prefix));
    const byte = frame(frameType.data, 0, 1, Buffer.alloc(1));
    await send(...Array.from({ length: 100_000 }, () => byte));
    expect(await closed).toBe(constants.NGHTTP2_ENHANCE_YOUR_CALM);
    expect(await witness()).toEqual(served);
  });
});
