import { gzipSync } from 'node:zlib';
import { fromBinary } from '@bufbuild/protobuf';
import { status } from '@grpc/grpc-js';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createFreshDatabase, type FreshDatabase } from '@spandrel/testing/fresh-database';
import { GrpcClient } from '@spandrel/embedded/grpc-client';
import { callGrpc, type GrpcCallOptions, grpcFrame } from '@spandrel/testing/grpc-wire';
import { encodeProtobuf, sendGrpc } from '@spandrel/testing/otlp-client';
import { goodSpan, requestOf } from '@spandrel/testing/requests';
import { type RunningTracestore, startTracestore } from '@spandrel/testing/running-tracestore';
import { Health, HealthCheckResponse_ServingStatus as ServingStatus } from '@spandrel/grpc/health';
import { GetServicesResponseSchema, TraceReader } from '../gen/storage/v2/trace_storage_pb.js';

let fresh: FreshDatabase;
let store: RunningTracestore;
let client: GrpcClient;

const getServices: GrpcCallOptions = { headers: { ':path': '/jaeger.storage.v2.TraceReader/GetServices' } };

beforeAll(async () => {
  fresh = await createFreshDatabase();
  store = await startTracestore(fresh.url);
  client = new GrpcClient(store.jaegerAddress);
  await sendGrpc(store.jaegerAddress, encodeProtobuf(requestOf([goodSpan()])));
});

afterAll(async () => {
  client.close();
  await store.stop();
  await fresh.drop();
});

const call = (pieces: readonly Buffer[], { headers, ...options }: GrpcCallOptions = {}) =>
  callGrpc(store.jaegerAddress, pieces, { ...options, headers: { ...getServices.headers, ...headers } });

describe('a gRPC call', () => {
  it('gets a response if its request arrives in single bytes', async () => {
    const answer = await call(Array.from(grpcFrame(Buffer.alloc(0)), (byte) => Buffer.of(byte)));
    expect(answer.grpcStatus).toBe(status.OK);
    expect(fromBinary(GetServicesResponseSchema, new Uint8Array(answer.message.subarray(5))).services).toEqual([
      'shop',
    ]);
  });

  it('gets a response if its request is compressed', async () => {
    const answer = await call([grpcFrame(gzipSync(Buffer.alloc(0)), 1)], { headers: { 'grpc-encoding': 'gzip' } });
    expect(answer.grpcStatus).toBe(status.OK);
  });

  it.each<readonly [string, number, readonly Buffer[], GrpcCallOptions]>([
    ['no message', status.INVALID_ARGUMENT, [], {}],
    ['two messages', status.INVALID_ARGUMENT, [grpcFrame(Buffer.alloc(0)), grpcFrame(Buffer.alloc(0))], {}],
    ['a message that is cut off', status.INVALID_ARGUMENT, [grpcFrame(Buffer.alloc(9)).subarray(0, -1)], {}],
    ['a message that is no protobuf', status.INVALID_ARGUMENT, [grpcFrame(Buffer.from('nonsense'))], {}],
    ['a message that is too large', status.RESOURCE_EXHAUSTED, [grpcFrame(Buffer.alloc(2 ** 20 + 1))], {}],
    [
      'a message that is too large after decompression',
      status.RESOURCE_EXHAUSTED,
      [grpcFrame(gzipSync(Buffer.alloc(2 ** 22)), 1)],
      { headers: { 'grpc-encoding': 'gzip' } },
    ],
    [
      'damaged compression',
      status.INVALID_ARGUMENT,
      [grpcFrame(Buffer.from('nonsense'), 1)],
      { headers: { 'grpc-encoding': 'gzip' } },
    ],
    [
      'an unknown compression',
      status.UNIMPLEMENTED,
      [grpcFrame(Buffer.alloc(1), 1)],
      { headers: { 'grpc-encoding': 'snappy' } },
    ],
    ['an invalid flag', status.INVALID_ARGUMENT, [grpcFrame(Buffer.alloc(0), 2)], {}],
    [
      'an invalid deadline',
      status.INVALID_ARGUMENT,
      [grpcFrame(Buffer.alloc(0))],
      { headers: { 'grpc-timeout': 'soon' } },
    ],
    [
      'a deadline that passes',
      status.DEADLINE_EXCEEDED,
      [grpcFrame(Buffer.alloc(0)).subarray(0, 3)],
      { headers: { 'grpc-timeout': '50m' }, end: false },
    ],
    [
      'an unknown method',
      status.UNIMPLEMENTED,
      [grpcFrame(Buffer.alloc(0))],
      { headers: { ':path': '/jaeger.storage.v2.TraceReader/Nothing' } },
    ],
  ])('with %s ends with status %i', async (_what, expected, pieces, options) => {
    expect(await call(pieces, options)).toMatchObject({ httpStatus: 200, grpcStatus: expected });
  });

  it('with another content type gets a response in HTTP', async () => {
    expect(await call([], { headers: { 'content-type': 'text/html' } })).toMatchObject({ httpStatus: 415 });
  });
});

describe('the health of a gRPC service', () => {
  it('is that of the database, for every service', async () => {
    for (const service of ['', TraceReader.typeName, Health.typeName]) {
      expect(await client.unary(Health.method.check, { service })).toMatchObject({ status: ServingStatus.SERVING });
    }
    await expect(client.unary(Health.method.check, { service: 'nobody' })).rejects.toMatchObject({
      code: status.NOT_FOUND,
    });
    const { statuses } = await client.unary(Health.method.list, {});
    expect(statuses[TraceReader.typeName]).toMatchObject({ status: ServingStatus.SERVING });
  });

  it('can be watched', async () => {
    for await (const bytes of client.bytes(Health.method.watch, { service: 'nobody' })) {
      // 3: SERVICE_UNKNOWN
      expect([...bytes]).toEqual([8, ServingStatus.SERVICE_UNKNOWN]);
      break;
    }
  });
});

describe("Promscale's port", () => {
  it('has the same services, if it is opened', async () => {
    const other = await startTracestore(fresh.url, { promscaleGrpcPort: 0 });
    const promscale = new GrpcClient(other.promscaleAddress);
    try {
      await sendGrpc(other.promscaleAddress, encodeProtobuf(requestOf([goodSpan()], 'promscale')));
      expect((await promscale.unary(TraceReader.method.getServices, {})).services).toEqual(['promscale', 'shop']);
    } finally {
      promscale.close();
      await other.stop();
    }
    expect(store.promscaleAddress).toContain('undefined');
  });
});
