import { timestampFromMs } from '@bufbuild/protobuf/wkt';
import { status } from '@grpc/grpc-js';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createFreshDatabase, type FreshDatabase } from '@spandrel/testing/fresh-database';
import { GrpcClient } from '@spandrel/embedded/grpc-client';
import { encodeProtobuf, sendGrpc } from '@spandrel/testing/otlp-client';
import { attribute, goodSpan, hexBytes, requestOf, text } from '@spandrel/testing/requests';
import { type RunningTracestore, startTracestore } from '@spandrel/testing/running-tracestore';
import { SpanRefType, ValueType } from '../gen/model_pb.js';
import { DependenciesReaderPlugin, PluginCapabilities, SpanReaderPlugin } from '../gen/storage_pb.js';

const { method } = SpanReaderPlugin;
const traceId = '00000000000000ab00000000000000cd';
const noonMs = 1_700_000_000_000;

let fresh: FreshDatabase;
let store: RunningTracestore;
let jaeger: GrpcClient;

beforeAll(async () => {
  fresh = await createFreshDatabase();
  store = await startTracestore(fresh.url);
  jaeger = new GrpcClient(store.jaegerAddress);
  const start = BigInt(noonMs) * 1_000_000n;
  await sendGrpc(
    store.grpcAddress,
    encodeProtobuf(
      requestOf([
        goodSpan({
          traceId: hexBytes(traceId),
          spanId: hexBytes('0000000000000002'),
          parentSpanId: hexBytes('0000000000000001'),
          name: 'work',
          kind: 3,
          startTimeUnixNano: start + 5n,
          endTimeUnixNano: start + 1_500_000_005n,
          attributes: [
            attribute('n', { case: 'intValue', value: 5n }),
            attribute('list', { case: 'arrayValue', value: { values: [{ value: { case: 'intValue', value: 1n } }] } }),
          ],
          events: [{ name: 'retry', timeUnixNano: start + 7n, attributes: [text('why', 'slow')] }],
          links: [{ traceId: hexBytes('ff'.repeat(16)), spanId: hexBytes('ee'.repeat(8)) }],
          status: { code: 2, message: 'failed' },
        }),
        goodSpan({ traceId: hexBytes('01'.repeat(16)), kind: 2, name: 'other', startTimeUnixNano: start }),
      ]),
    ),
  );
});

afterAll(async () => {
  jaeger.close();
  await store.stop();
  await fresh.drop();
});

it('storage v1 returns a trace in the older model, with other fields of OTLP as tags', async () => {
  const chunks = await jaeger.streaming(method.getTrace, { traceId: hexBytes(traceId) });
  const string = (key: string, vStr: string) => ({ key, vType: ValueType.STRING, vStr });
  expect(chunks).toHaveLength(1);
  expect(chunks[0]?.spans).toMatchObject([
    {
      traceId: hexBytes(traceId),
      spanId: hexBytes('0000000000000002'),
      operationName: 'work',
      references: [
        { refType: SpanRefType.CHILD_OF, traceId: hexBytes(traceId), spanId: hexBytes('0000000000000001') },
        { refType: SpanRefType.FOLLOWS_FROM, traceId: hexBytes('ff'.repeat(16)), spanId: hexBytes('ee'.repeat(8)) },
      ],
      startTime: { seconds: 1_700_000_000n, nanos: 5 },
      duration: { seconds: 1n, nanos: 500_000_000 },
      tags: [
        string('list', '[1]'),
        { key: 'n', vType: ValueType.INT64, vInt64: 5n },
        string('span.kind', 'client'),
        string('otel.status_code', 'ERROR'),
        { key: 'error', vType: ValueType.BOOL, vBool: true },
        string('otel.status_description', 'failed'),
      ],
      logs: [
        {
          timestamp: { seconds: 1_700_000_000n, nanos: 7 },
          fields: [string('event', 'retry'), string('why', 'slow')],
        },
      ],
      process: { serviceName: 'shop', tags: [] },
    },
  ]);
});

it('storage v1 reports a missing trace as Jaeger 1 expects it', async () => {
  await expect(jaeger.streaming(method.getTrace, { traceId: hexBytes('ee'.repeat(16)) })).rejects.toMatchObject({
    code: status.NOT_FOUND,
    details: 'trace not found',
  });
});

it('storage v1 finds services, operations and traces', async () => {
  expect((await jaeger.unary(method.getServices, {})).services).toEqual(['shop']);
  const { operations, operationNames } = await jaeger.unary(method.getOperations, { service: 'shop' });
  expect(operations.map(({ name, spanKind }) => `${name} ${spanKind}`)).toEqual(['other server', 'work client']);
  expect(operationNames).toEqual(['other', 'work']);
  const query = {
    serviceName: 'shop',
    tags: { n: '5', error: 'true' },
    startTimeMin: timestampFromMs(noonMs),
    startTimeMax: timestampFromMs(noonMs + 1),
    durationMin: { seconds: 1n },
    numTraces: 5,
  };
  const found = await jaeger.streaming(method.findTraces, { query });
  expect(found.flatMap(({ spans }) => spans.map(({ operationName }) => operationName))).toEqual(['work']);
  const { traceIds } = await jaeger.unary(method.findTraceIDs, { query });
  expect(traceIds).toEqual([hexBytes(traceId)]);
});

it('storage v1 has no archive and no further calls', async () => {
  expect(await jaeger.unary(PluginCapabilities.method.capabilities, {})).toMatchObject({ streamingSpanWriter: false });
  const { dependencies } = await jaeger.unary(DependenciesReaderPlugin.method.getDependencies, {
    startTime: timestampFromMs(noonMs),
    endTime: timestampFromMs(noonMs + 1_000),
  });
  expect(dependencies).toEqual([]);
});
