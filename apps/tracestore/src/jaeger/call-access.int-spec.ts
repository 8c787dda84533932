import { status } from '@grpc/grpc-js';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createFreshDatabase, type FreshDatabase } from '@spandrel/testing/fresh-database';
import { callGrpc, grpcFrame } from '@spandrel/testing/grpc-wire';
import { encodeProtobuf, sendGrpc } from '@spandrel/testing/otlp-client';
import { goodSpan, requestOf } from '@spandrel/testing/requests';
import { type RunningTracestore, startTracestore } from '@spandrel/testing/running-tracestore';
import { readTracestoreConfig } from '../config/tracestore.config.js';

const token = 'a-token-of-more-than-16-letters';

/** One method of each service that reads traces. */
const readers = [
  'jaeger.storage.v2.TraceReader/GetServices',
  'jaeger.storage.v2.DependencyReader/GetDependencies',
  'jaeger.storage.v1.SpanReaderPlugin/GetServices',
  'jaeger.storage.v1.DependenciesReaderPlugin/GetDependencies',
];

describe("Jaeger's storage API of a store with a token", () => {
  let database: FreshDatabase;
  let store: RunningTracestore;

  beforeAll(async () => {
    database = await createFreshDatabase();
    const { access, console, jaegerGrpcAccess } = readTracestoreConfig({ TRACESTORE_CONSOLE_TOKEN: token });
    store = await startTracestore(database.url, { access, console, jaegerGrpcAccess, promscaleGrpcPort: 0 });
  });

  afterAll(async () => {
    await store.stop();
    await database.drop();
  });

  async function statusOf(
    address: string,
    method: string,
    metadata: Readonly<Record<string, string>>,
  ): Promise<unknown> {
    const headers = { ':path': `/${method}`, ...metadata };
    return (await callGrpc(address, [grpcFrame(Buffer.alloc(0))], { headers })).grpcStatus;
  }

  it('lets only clients with the token read, on the port of Promscale too', async () => {
    for (const address of [store.jaegerAddress, store.promscaleAddress]) {
      for (const method of readers) {
        expect(await statusOf(address, method, {}), method).toBe(status.UNAUTHENTICATED);
        expect(await statusOf(address, method, { authorization: `bearer ${token}` }), method).toBe(status.OK);
      }
    }
  });

  it('accepts spans and health checks without the token', async () => {
    await sendGrpc(store.jaegerAddress, encodeProtobuf(requestOf([goodSpan()])));
    expect(await statusOf(store.jaegerAddress, 'grpc.health.v1.Health/Check', {})).toBe(status.OK);
  });

  it('lets a client guess as rarely as the console does, on all ports together', async () => {
    const statuses = new Set<unknown>();
    for (let attempt = 0; attempt < 100 && !statuses.has(status.RESOURCE_EXHAUSTED); attempt += 1) {
      statuses.add(await statusOf(store.jaegerAddress, readers[0] ?? '', { authorization: `Bearer wrong-${attempt}` }));
    }
    expect(statuses).toEqual(new Set([status.UNAUTHENTICATED, status.RESOURCE_EXHAUSTED]));
    const headers = { authorization: `Bearer ${token}` };
    expect((await fetch(`${store.url}/api/services`, { headers })).status).toBe(429);
  });
});
