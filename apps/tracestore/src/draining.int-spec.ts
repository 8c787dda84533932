import { once } from 'node:events';
import { Agent, type IncomingMessage, request } from 'node:http';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createFreshDatabase, type FreshDatabase } from '@spandrel/testing/fresh-database';
import { GrpcClient } from '@spandrel/embedded/grpc-client';
import { encodeProtobuf } from '@spandrel/testing/otlp-client';
import { goodSpan, requestOf } from '@spandrel/testing/requests';
import { queryOnce, startTracestore } from '@spandrel/testing/running-tracestore';
import { TraceService } from './gen/opentelemetry/proto/collector/trace/v1/trace_service_pb.js';
import { TraceReader } from './gen/storage/v2/trace_storage_pb.js';

let database: FreshDatabase;

beforeAll(async () => {
  database = await createFreshDatabase();
});

afterAll(() => database.drop());

it('takes and answers all that comes while it drains, on each of its ports', async () => {
  const store = await startTracestore(database.url, { shutdownDelayMs: 2_000 });
  const agent = new Agent({ keepAlive: true });
  const exporter = new GrpcClient(store.grpcAddress);
  const jaeger = new GrpcClient(store.jaegerAddress);

  const ask = async (url: string, body?: Buffer): Promise<IncomingMessage> => {
    const headers = { 'content-type': 'application/x-protobuf' };
    const [response] = (await once(
      request(url, { agent, headers, method: body === undefined ? 'GET' : 'POST' }).end(body),
      'response',
    )) as [IncomingMessage];
    await once(response.resume(), 'end');
    return response;
  };

  let sent = 0;
  const next = () => requestOf([goodSpan({ name: `span ${++sent}` })]);
  const toEachPort = async (): Promise<readonly (string | undefined)[]> => {
    const taken = await ask(store.tracesUrl, encodeProtobuf(next()));
    await exporter.unary(TraceService.method.export, next());
    await jaeger.unary(TraceReader.method.getServices, {});
    const answered = await ask(`${store.url}/jaeger/api/v3/services`);
    expect([taken.statusCode, answered.statusCode]).toEqual([200, 200]);
    return [taken.headers.connection, answered.headers.connection];
  };

  try {
    expect(await toEachPort()).toEqual(['keep-alive', 'keep-alive']);
    expect((await ask(`${store.url}/readyz`)).statusCode).toBe(200);
    const stopped = store.stop();
    for (const startedAt = performance.now(); performance.now() - startedAt < 1_200;) {
      expect(await toEachPort()).toEqual(['close', 'close']);
    }
    expect((await ask(`${store.url}/readyz`)).statusCode).toBe(503);
    await stopped;
    await expect(ask(store.tracesUrl, encodeProtobuf(next()))).rejects.toThrow('ECONNREFUSED');
    await expect(jaeger.unary(TraceReader.method.getServices, {})).rejects.toThrow('UNAVAILABLE');
  } finally {
    agent.destroy();
    exporter.close();
    jaeger.close();
  }
  const [row] = await queryOnce<{ readonly spans: number }>(
    database.url,
    'SELECT count(*)::int AS spans FROM ps_trace.span',
  );
  expect(row?.spans).toBe(sent - 1);
});
