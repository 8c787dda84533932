import { timestampFromMs } from '@bufbuild/protobuf/wkt';
import type { GrpcClient } from '@spandrel/embedded/grpc-client';
import { importBuilt } from '@spandrel/embedded/built-tracestore';
import {
  type Checks,
  type CheckTarget,
  count,
  expectItem,
  expectSame,
  expectTraces,
  getText,
  spansOf,
} from './checks.ts';
import { checkedService, responseTimeoutMs, rootName, runAttribute } from './sent-traces.ts';

type Messages = typeof import('../apps/tracestore/src/gen/storage/v2/trace_storage_pb.ts');
type DependencyMessages = typeof import('../apps/tracestore/src/gen/storage/v2/dependency_storage_pb.ts');
type OlderMessages = typeof import('../apps/tracestore/src/gen/storage_pb.ts');

/** What the checks request from one of the APIs of Jaeger. */
interface JaegerApi {
  readonly services: () => Promise<readonly string[]>;
  readonly operations: () => Promise<readonly string[]>;
  readonly findTraces: () => Promise<readonly string[]>;
  readonly findTraceIds?: () => Promise<readonly string[]>;
  /** @returns the number of spans of the first trace */
  readonly getTrace: () => Promise<number>;
  /** @returns the number of edges between services */
  readonly dependencies?: () => Promise<number>;
}

/** The checks of the four APIs of Jaeger, by protocol. */
export function jaegerChecks(target: CheckTarget, client: GrpcClient): Readonly<Record<string, Checks>> {
  const checksOf = ({ services, operations, findTraces, findTraceIds, getTrace, dependencies }: JaegerApi): Checks => ({
    services: async () => expectItem(await services(), checkedService, 'service'),
    operations: async () => expectItem(await operations(), rootName, 'operation'),
    'find traces': async () => expectTraces(await findTraces(), target.traces),
    ...(findTraceIds && { 'find trace ids': async () => expectTraces(await findTraceIds(), target.traces) }),
    'get trace': async () => {
      const spans = await getTrace();
      expectSame(spans, 2);
      return count(spans, 'span');
    },
    ...(dependencies && { dependencies: async () => count(await dependencies(), 'edge') }),
  });
  return {
    'Jaeger HTTP v1': checksOf(httpV1(target)),
    'Jaeger HTTP v3': checksOf(httpV3(target)),
    'Jaeger gRPC v2': checksOf(grpcV2(target, client)),
    'Jaeger gRPC v1': checksOf(grpcV1(target, client)),
  };
}

function httpV1({ store, run, traces: [trace], fromMs, toMs }: CheckTarget): JaegerApi {
  const get = async <Item>(path: string): Promise<readonly Item[]> =>
    (JSON.parse(await getText(store, `/jaeger/api${path}`)) as { readonly data: readonly Item[] }).data;
  const tags = encodeURIComponent(JSON.stringify({ [runAttribute]: run }));
  const search = `/traces?service=${checkedService}&tags=${tags}&start=${fromMs}000&end=${toMs}000`;
  return {
    services: () => get('/services'),
    operations: async () => namesOf(await get(`/operations?service=${checkedService}`)),
    findTraces: async () => (await get<{ readonly traceID: string }>(search)).map(({ traceID }) => traceID),
    getTrace: async () =>
      (await get<{ readonly spans: readonly unknown[] }>(`/traces/${trace.traceId}`))[0]?.spans.length ?? 0,
    dependencies: async () => (await get(`/dependencies?endTs=${toMs}&lookback=3600000`)).length,
  };
}

function httpV3({ store, run, traces: [trace], fromMs, toMs }: CheckTarget): JaegerApi {
  const get = async <Body>(path: string): Promise<Body> =>
    JSON.parse(await getText(store, `/jaeger/api/v3${path}`)) as Body;
  const getSpans = async (path: string) =>
    spansOf((await get<{ readonly result: Parameters<typeof spansOf<string>>[0] }>(path)).result);
  const query = new URLSearchParams({
    'query.service_name': checkedService,
    'query.attributes': JSON.stringify({ [runAttribute]: run }),
    'query.start_time_min': new Date(fromMs).toISOString(),
    'query.start_time_max': new Date(toMs).toISOString(),
  }).toString();
  return {
    services: async () => (await get<{ readonly services: readonly string[] }>('/services')).services,
    operations: async () =>
      namesOf(
        (await get<{ readonly operations: readonly Named[] }>(`/operations?service=${checkedService}`)).operations,
      ),
    findTraces: async () => unique((await getSpans(`/traces?${query}`)).map(({ traceId }) => traceId)),
    getTrace: async () => (await getSpans(`/traces/${trace.traceId}`)).length,
  };
}

function grpcV2({ run, traces: [trace], fromMs, toMs }: CheckTarget, client: GrpcClient): JaegerApi {
  const method = async () => (await importBuilt<Messages>('gen/storage/v2/trace_storage_pb')).TraceReader.method;
  const attributes = [{ key: runAttribute, value: { value: { case: 'stringValue' as const, value: run } } }];
  const [startTime, endTime] = [timestampFromMs(fromMs), timestampFromMs(toMs)];
  const query = {
    serviceName: checkedService,
    attributes,
    startTimeMin: startTime,
    startTimeMax: endTime,
    searchDepth: 20,
  };
  return {
    services: async () => (await client.unary((await method()).getServices, {}, deadline())).services,
    operations: async () =>
      namesOf((await client.unary((await method()).getOperations, { service: checkedService }, deadline())).operations),
    findTraces: async () =>
      unique(hexIds((await client.streaming((await method()).findTraces, { query }, deadline())).flatMap(spansOf))),
    findTraceIds: async () =>
      hexIds((await client.unary((await method()).findTraceIDs, { query }, deadline())).traceIds),
    getTrace: async () => {
      const request = { query: [{ traceId: bytesOf(trace.traceId) }] };
      return (await client.streaming((await method()).getTraces, request, deadline())).flatMap(spansOf).length;
    },
    dependencies: async () => {
      const { DependencyReader } = await importBuilt<DependencyMessages>('gen/storage/v2/dependency_storage_pb');
      const range = { startTime, endTime };
      return (await client.unary(DependencyReader.method.getDependencies, range, deadline())).dependencies.length;
    },
  };
}

function grpcV1({ run, traces: [trace], fromMs, toMs }: CheckTarget, client: GrpcClient): JaegerApi {
  const messages = (): Promise<OlderMessages> => importBuilt('gen/storage_pb');
  const method = async () => (await messages()).SpanReaderPlugin.method;
  const [startTime, endTime] = [timestampFromMs(fromMs), timestampFromMs(toMs)];
  const query = {
    serviceName: checkedService,
    tags: { [runAttribute]: run },
    startTimeMin: startTime,
    startTimeMax: endTime,
    numTraces: 20,
  };
  return {
    services: async () => (await client.unary((await method()).getServices, {}, deadline())).services,
    operations: async () =>
      namesOf((await client.unary((await method()).getOperations, { service: checkedService }, deadline())).operations),
    findTraces: async () =>
      unique(
        hexIds(
          (await client.streaming((await method()).findTraces, { query }, deadline())).flatMap(({ spans }) => spans),
        ),
      ),
    findTraceIds: async () =>
      hexIds(
        (await client.unary((await method()).findTraceIDs, { query }, deadline())).traceIds.map((traceId) => ({
          traceId,
        })),
      ),
    getTrace: async () => {
      const request = { traceId: bytesOf(trace.traceId) };
      const chunks = await client.streaming((await method()).getTrace, request, deadline());
      return chunks.flatMap(({ spans }) => spans).length;
    },
    dependencies: async () => {
      const { getDependencies } = (await messages()).DependenciesReaderPlugin.method;
      return (await client.unary(getDependencies, { startTime, endTime }, deadline())).dependencies.length;
    },
  };
}

interface Named {
  readonly name: string;
}

function namesOf(operations: readonly Named[]): readonly string[] {
  return operations.map(({ name }) => name);
}

/** Trace ids of spans, once each. */
function unique(ids: readonly string[]): readonly string[] {
  return [...new Set(ids)];
}

function hexIds(items: readonly { readonly traceId: Uint8Array }[]): readonly string[] {
  return items.map(({ traceId }) => Buffer.from(traceId).toString('hex'));
}

function bytesOf(hex: string): Uint8Array<ArrayBuffer> {
  return new Uint8Array(Buffer.from(hex, 'hex'));
}

function deadline(): { readonly deadline: number } {
  return { deadline: Date.now() + responseTimeoutMs };
}
