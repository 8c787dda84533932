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

describe("Jaeger's storage API", () => {
  let database: FreshDatabase;
  const stores: RunningTracestore[] = [];

  beforeAll(async () => {
    database = await createFreshDatabase();
  });

  afterAll(async () => {
    for (const store of stores) await store.stop();
    await database.drop();
  });

  async function start(variables: Readonly<Record<string, string>>): Promise<RunningTracestore> {
    const { access, console, jaegerGrpcAccess, promscaleGrpcPort } = readTracestoreConfig(variables);
    const store = await startTracestore(database.url, {
      access,
      console,
      jaegerGrpcAccess,
      promscaleGrpcPort: promscaleGrpcPort === undefined ? undefined : 0,
    });
    stores.push(store);
    return store;
  }

  async function statusOf(
    address: string,
    method: string,
    metadata: Readonly<Record<string, string>>,
  ): Promise<unknown> {
    const headers = { ':path': `/${method}`, ...metadata };
    return (await callGrpc(address, [grpcFrame(Buffer.alloc(0))], { headers })).grpcStatus;
  }

  it('lets only clients with the token read, on the port of Promscale too', async () => {
    const { jaegerAddress, promscaleAddress } = await start({
      TRACESTORE_CONSOLE_TOKEN: token,
      TRACESTORE_PROMSCALE_GRPC_PORT: '9202',
    });
    for (const address of [jaegerAddress, promscaleAddress]) {
      for (const method of readers) {
        expect(await statusOf(address, method, {}), method).toBe(status.UNAUTHENTICATED);
        expect(await statusOf(address, method, { authorization: `Bearer ${token}x` }), method).toBe(
          status.UNAUTHENTICATED,
        );
        expect(await statusOf(address, method, { authorization: `bearer ${token}` }), method).toBe(status.OK);
      }
    }
  });

  it('accepts spans and health checks without the token', async () => {
    const { jaegerAddress } = await start({ TRACESTORE_CONSOLE_TOKEN: token });
    await sendGrpc(jaegerAddress, encodeProtobuf(requestOf([goodSpan()])));
    expect(await statusOf(jaegerAddress, 'grpc.health.v1.Health/Check', {})).toBe(status.OK);
  });

  it('lets a client guess as rarely as the console does', async () => {
    const { jaegerAddress, url } = await start({ TRACESTORE_CONSOLE_TOKEN: token });
    const statuses = new Set<unknown>();
    for (let attempt = 0; attempt < 100 && !statuses.has(status.RESOURCE_EXHAUSTED); attempt += 1) {
      statuses.add(await statusOf(jaegerAddress, readers[0] ?? '', { authorization: `Bearer wrong-${attempt}` }));
    }
    expect(statuses).toEqual(new Set([status.UNAUTHENTICATED, status.RESOURCE_EXHAUSTED]));
    expect((await fetch(`${url}/api/services`, { headers: { authorization: 'Bearer wrong' } })).status).toBe(429);
  });

  it.each([
    [{ TRACESTORE_CONSOLE_ACCESS: 'proxy' }, {}, status.UNAUTHENTICATED],
    [{ TRACESTORE_CONSOLE_ACCESS: 'proxy' }, { 'x-forwarded-user': 'jaeger' }, status.OK],
    [{ TRACESTORE_CONSOLE_ACCESS: 'none' }, {}, status.OK],
    [{ TRACESTORE_CONSOLE_TOKEN: token, TRACESTORE_JAEGER_GRPC_ACCESS: 'none' }, {}, status.OK],
  ])('with %j and the metadata %j responds with %i', async (variables, metadata, expected) => {
    const { jaegerAddress } = await start(variables);
    expect(await statusOf(jaegerAddress, readers[0] ?? '', metadata)).toBe(expected);
  });
});
