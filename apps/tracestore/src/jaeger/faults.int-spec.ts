import { fromBinary } from '@bufbuild/protobuf';
import { status, type ServiceError } from '@grpc/grpc-js';
import pg from 'pg';
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { createFreshDatabase, type FreshDatabase } from '@spandrel/testing/fresh-database';
import { type DatabaseGate, startDatabaseGate } from '@spandrel/testing/database-gate';
import { GrpcClient } from '@spandrel/embedded/grpc-client';
import { encodeProtobuf, sendGrpc } from '@spandrel/testing/otlp-client';
import { goodSpan, hexBytes, requestOf, text } from '@spandrel/testing/requests';
import { type RunningTracestore, startTracestore } from '@spandrel/testing/running-tracestore';
import { TracesDataSchema } from '../gen/opentelemetry/proto/trace/v1/trace_pb.js';
import { SpanReaderPlugin } from '../gen/storage_pb.js';
import { TraceReader } from '../gen/storage/v2/trace_storage_pb.js';

const traceId = '0f'.repeat(16);
const spanCount = 12_000;
const range = 'query.startTimeMin=2023-01-01T00:00:00Z&query.startTimeMax=2024-01-01T00:00:00Z';

let fresh: FreshDatabase;
let gate: DatabaseGate;
let store: RunningTracestore;
let jaeger: GrpcClient;

beforeAll(async () => {
  fresh = await createFreshDatabase();
  gate = await startDatabaseGate(fresh.url);
  store = await startTracestore(gate.url, { queryTimeoutMs: 1_000 });
  jaeger = new GrpcClient(store.jaegerAddress);
  // More than all buffers between server and client can hold.
  const spans = Array.from({ length: spanCount }, () =>
    goodSpan({ traceId: hexBytes(traceId), attributes: [text('value', 'x'.repeat(4_000))] }),
  );
  for (let first = 0; first < spanCount; first += 3_000) {
    await sendGrpc(store.grpcAddress, encodeProtobuf(requestOf(spans.slice(first, first + 3_000))));
  }
});

afterAll(async () => {
  jaeger.close();
  await store.stop();
  await gate.close();
  await fresh.drop();
});

const get = (path: string): Promise<Response> => fetch(`${store.url}/jaeger${path}`);

/** Waits until the store has noticed that the database is available again. */
async function untilBack(): Promise<void> {
  await vi.waitUntil(async () => (await get('/api/services')).ok, { timeout: 20_000 });
}

describe('a database that becomes unavailable', () => {
  beforeEach(untilBack);

  it('ends a stream with a status, after the messages that were sent', async () => {
    let received = 0;
    const read = async (): Promise<void> => {
      for await (const bytes of jaeger.bytes(TraceReader.method.getTraces, {
        query: [{ traceId: hexBytes(traceId) }],
      })) {
        received += fromBinary(TracesDataSchema, bytes).resourceSpans.reduce(
          (sum, { scopeSpans }) => sum + (scopeSpans[0]?.spans.length ?? 0),
          0,
        );
        if (received > 0) await gate.close();
      }
    };
    try {
      await expect(read()).rejects.toMatchObject({
        code: status.UNAVAILABLE,
        details: 'The database is not available',
      });
      expect(received).toBeGreaterThan(0);
      expect(received).toBeLessThan(spanCount);
    } finally {
      await gate.open();
    }
  });

  it.each([`/api/traces/${traceId}`, `/api/traces?traceID=${traceId}`, `/api/v3/traces/${traceId}`])(
    'breaks the connection in the middle of %s',
    async (path) => {
      const response = await get(path);
      expect(response.status).toBe(200);
      const read = async (): Promise<void> => {
        for await (const _piece of response.body ?? []) await gate.close();
      };
      try {
        await expect(read()).rejects.toThrow('terminated');
      } finally {
        await gate.open();
      }
    },
  );

  it('is reported at once if nothing was sent', async () => {
    await gate.close();
    try {
      const v1 = await get(`/api/traces/${traceId}`);
      expect(v1.status).toBe(503);
      expect(await v1.json()).toMatchObject({
        data: null,
        errors: [{ code: 503, msg: 'The database is not available' }],
      });
      const v3 = await get(`/api/v3/traces?${range}`);
      expect(v3.status).toBe(503);
      expect(await v3.json()).toEqual({ error: { httpCode: 503, message: 'The database is not available' } });
      const failures = await Promise.all([
        jaeger.unary(TraceReader.method.getServices, {}).catch((error: ServiceError) => error.code),
        jaeger.unary(SpanReaderPlugin.method.getServices, {}).catch((error: ServiceError) => error.code),
      ]);
      expect(failures).toEqual([status.UNAVAILABLE, status.UNAVAILABLE]);
    } finally {
      await gate.open();
    }
  });
});

describe('a database that takes too long', () => {
  it('has a status of its own', async () => {
    await untilBack();
    const lock = new pg.Client(fresh.url);
    await lock.connect();
    await lock.query('BEGIN');
    await lock.query('LOCK TABLE tracestore.operation IN ACCESS EXCLUSIVE MODE');
    try {
      const [v1, v3] = await Promise.all([get('/api/services'), get('/api/v3/services')]);
      expect([v1.status, v3.status]).toEqual([504, 504]);
      await expect(jaeger.unary(TraceReader.method.getServices, {})).rejects.toMatchObject({
        code: status.DEADLINE_EXCEEDED,
        details: expect.stringContaining('Query timed out') as string,
      });
    } finally {
      await lock.end();
    }
  });
});
