import { randomBytes } from 'node:crypto';
import { timestampFromMs } from '@bufbuild/protobuf/wkt';
import {
  attributeKeysResponse,
  attributeValuesResponse,
  catalogueResponse,
  dashboardsResponse,
  matchesResponse,
  operationsResponse,
  partitionsResponse,
  planResponse,
  queryResponse,
  retention,
  searchResponse,
  servicesResponse,
  spanDetailsResponse,
  sqlResponse,
  sqlLimits,
  storageResponse,
  systemResponse,
  waterfall,
} from '@spandrel/console-api';
import type { z } from 'zod';
import { GrpcClient } from '../apps/tracestore/test/grpc-client.ts';
import { dashboards, readQuery } from '../dashboards/all.ts';
import { bindQuery } from '../dashboards/query.ts';
import { importBuilt } from './built-tracestore.ts';
import { query } from './postgres.ts';
import {
  answerTimeoutMs,
  checkedService,
  childName,
  deadline,
  makeTrace,
  rootName,
  runAttribute,
  sendGrpc,
  sendJson,
  sendProtobuf,
  type SentTrace,
} from './sent-traces.ts';

type JaegerMessages = typeof import('../apps/tracestore/src/gen/storage/v2/trace_storage_pb.ts');
type JaegerDependencies = typeof import('../apps/tracestore/src/gen/storage/v2/dependency_storage_pb.ts');
type OlderJaegerMessages = typeof import('../apps/tracestore/src/gen/storage_pb.ts');

/** Where a tracestore is, and with which rights it is used. */
export interface CheckedStore {
  /** Of its HTTP port, without a slash at the end. */
  readonly url: string;
  /** Where it takes OTLP over HTTP: the whole URL. */
  readonly tracesUrl: string;
  readonly otlpGrpcAddress: string;
  readonly jaegerGrpcAddress: string;
  /** The URL with which it connects to its database. Statements of the checks have the rights of ps_trace_reader. */
  readonly databaseUrl: string;
  /** What the console's API asks of those who use it. */
  readonly headers: Readonly<Record<string, string>>;
}

/** What one check has found. */
export interface CheckResult {
  readonly protocol: string;
  readonly name: string;
  readonly ok: boolean;
  /** In a few words: what was found, or why it failed. */
  readonly found: string;
}

interface Check {
  readonly protocol: string;
  readonly name: string;
  /** @returns what it found @throws Error that says what is wrong */
  readonly run: () => Promise<string>;
}

/**
 * Sends a trace by each kind of OTLP, then asks every protocol for them as a user would, one after the other.
 *
 * @param onResult is called with each result as it comes
 * @returns all results; never throws for what the store answers
 */
export async function checkProtocols(
  store: CheckedStore,
  onResult: (result: CheckResult) => void = () => {},
): Promise<readonly CheckResult[]> {
  const otlp = new GrpcClient(store.otlpGrpcAddress);
  const jaeger = new GrpcClient(store.jaegerGrpcAddress);
  const run = randomBytes(6).toString('hex');
  const traces = [makeTrace(run), makeTrace(run), makeTrace(run)] as const;
  const asked: Asked = { store, run, traces, fromMs: traces[0].startMs - 60_000, toMs: traces[0].startMs + 60_000 };
  const checks = [
    ...otlpChecks(asked, otlp),
    ...ownChecks(asked),
    ...consoleChecks(asked),
    ...sqlPageChecks(asked),
    ...jaegerHttpChecks(asked),
    ...jaegerGrpcChecks(asked, jaeger),
    ...olderJaegerGrpcChecks(asked, jaeger),
    ...readerChecks(asked),
  ];
  const results: CheckResult[] = [];
  try {
    for (const { protocol, name, run: runCheck } of checks) {
      const outcome = await runCheck().then(
        (found) => ({ ok: true, found }),
        (error: unknown) => ({ ok: false, found: describe(error) }),
      );
      const result = { protocol, name, ...outcome };
      results.push(result);
      onResult(result);
    }
  } finally {
    otlp.close();
    jaeger.close();
  }
  return results;
}

/** What the checks ask for. */
interface Asked {
  readonly store: CheckedStore;
  readonly run: string;
  /** All of one service and one run, within the range. */
  readonly traces: readonly [SentTrace, SentTrace, SentTrace];
  readonly fromMs: number;
  readonly toMs: number;
}

function otlpChecks({ store, traces }: Asked, client: GrpcClient): readonly Check[] {
  const [json, protobuf, grpc] = traces;
  const check = (name: string, trace: SentTrace, send: () => Promise<void>): Check => ({
    protocol: 'OTLP',
    name,
    run: async () => {
      await send();
      return `${await readBack(store, trace)} stored`;
    },
  });
  return [
    check('HTTP, JSON', json, () => sendJson(store.tracesUrl, json)),
    check('HTTP, protobuf', protobuf, () => sendProtobuf(store.tracesUrl, protobuf)),
    check('gRPC', grpc, () => sendGrpc(client, grpc)),
  ];
}

/** A trace that was acknowledged is stored, so that nothing is waited for. */
async function readBack(store: CheckedStore, trace: SentTrace): Promise<string> {
  const { spans, operations } = await getJson(store, `/api/traces/${trace.traceId}`, waterfall);
  const names = spans.operation.map((place) => operations[place]?.[1]);
  expectSame(names, [rootName, childName]);
  expectSame(spans.id, [trace.rootId, trace.childId]);
  return count(spans.id.length, 'span');
}

function ownChecks({ store }: Asked): readonly Check[] {
  return [
    {
      protocol: 'HTTP',
      name: '/readyz',
      run: async () => {
        const { status, ...details } = JSON.parse(await getText(store, '/readyz')) as Readonly<Record<string, unknown>>;
        expectSame(status, 'ok');
        return ['ready', ...Object.values(details).flatMap(messagesOf)].join('; ');
      },
    },
    {
      protocol: 'HTTP',
      name: '/metrics',
      run: async () => {
        const names = [...(await getText(store, '/metrics')).matchAll(/^# TYPE (\w+)/gm)].map(([, name]) => name);
        if (!names.some((name) => name?.startsWith('tracestore_ingest_') === true))
          throw new Error('no ingest metrics');
        return count(names.length, 'metric');
      },
    },
  ];
}

function consoleChecks({ store, run, traces, fromMs, toMs }: Asked): readonly Check[] {
  const [trace] = traces;
  const range = `from=${fromMs}000000&to=${toMs}000000`;
  const check = (name: string, runCheck: () => Promise<string>): Check => ({
    protocol: 'Console',
    name,
    run: runCheck,
  });
  const search = (attribute: string): string =>
    `/api/traces?service=${checkedService}&attribute=${encodeURIComponent(attribute)}&${range}`;
  return [
    check('page', async () => {
      const page = await getText(store, '/');
      const script = /src="(\/assets\/[^"]+\.js)"/.exec(page)?.[1];
      if (script === undefined) throw new Error('the page has no script: is the console built?');
      return `${Math.round((await getText(store, script)).length / 1_000)} kB of script`;
    }),
    check('services', async () => {
      const { services } = await getJson(store, '/api/services', servicesResponse);
      return countWith(services, checkedService, 'service');
    }),
    check('operations', async () => {
      const { operations } = await getJson(store, `/api/operations?service=${checkedService}`, operationsResponse);
      return countWith(
        operations.map(({ name }) => name),
        rootName,
        'operation',
      );
    }),
    check('search', async () => {
      const found = await getJson(store, search(`${runAttribute}=${run}`), searchResponse);
      return expectTraces(
        found.traces.map(({ traceId }) => traceId),
        traces,
      );
    }),
    check('search for errors', async () => {
      const address = `/api/traces?service=${checkedService}&status=error&${range}&limit=1000`;
      const { traces: found } = await getJson(store, address, searchResponse);
      const ids = new Set(found.map(({ traceId }) => traceId));
      return expectTraces(
        traces.map(({ traceId }) => traceId).filter((traceId) => ids.has(traceId)),
        traces,
      );
    }),
    check('one trace', () => readBack(store, trace)),
    check('one span', async () => {
      const address = `/api/traces/${trace.traceId}/spans/${trace.rootId}`;
      const { spans } = await getJson(store, address, spanDetailsResponse);
      expectSame(spans[0]?.attributes, { [runAttribute]: run });
      return count(spans.length, 'span');
    }),
    check('find in a trace', async () => {
      const address = `/api/traces/${trace.traceId}/matches?text=fails`;
      const { spanIds } = await getJson(store, address, matchesResponse);
      expectSame(spanIds, [trace.childId]);
      return count(spanIds.length, 'match');
    }),
    check('export', async () => {
      const { length } = spansOfOtlp(JSON.parse(await getText(store, `/api/traces/${trace.traceId}/otlp`)));
      expectSame(length, 2);
      return `${count(length, 'span')} of OTLP/JSON`;
    }),
    check('completion: keys', async () => {
      const address = `/api/attribute-keys?service=${checkedService}&${range}`;
      const { keys } = await getJson(store, address, attributeKeysResponse);
      return countWith(
        keys.map(({ key }) => key),
        runAttribute,
        'key',
      );
    }),
    check('completion: values', async () => {
      const address = `/api/attribute-values?service=${checkedService}&key=${runAttribute}&${range}`;
      const { values } = await getJson(store, address, attributeValuesResponse);
      return countWith(
        values.map(({ value }) => value),
        run,
        'value',
      );
    }),
    check('dashboards', async () => {
      const answer = await getJson(store, '/api/dashboards', dashboardsResponse);
      let queries = 0;
      for (const { uid, panels, variables } of answer.dashboards) {
        const names = [...panels.flatMap((panel) => panel.queries), ...variables.map((variable) => variable.query)];
        for (const { name } of names) {
          await getJson(store, `/api/dashboards/${uid}/queries/${name}`, queryResponse);
          queries += 1;
        }
      }
      expectSame(answer.dashboards.length, dashboards.length);
      return `${count(queries, 'query', 'queries')} of ${count(answer.dashboards.length, 'dashboard')}`;
    }),
    check('system', async () => {
      const { database, versions } = await getJson(store, '/api/system', systemResponse);
      return `tracestore ${versions.tracestore} on PostgreSQL ${database?.postgresVersion ?? 'of an unknown version'}`;
    }),
    check('storage', async () => {
      const { databaseBytes, tables } = await getJson(store, '/api/system/storage', storageResponse);
      return `${count(tables.length, 'table')}, ${Math.round(databaseBytes / 1e6)} MB`;
    }),
    check('partitions', async () => {
      const { partitions } = await getJson(store, '/api/system/partitions', partitionsResponse);
      return count(partitions.length, 'partition');
    }),
    check('retention', async () => {
      const { retentionMs } = await getJson(store, '/api/system/retention', retention);
      return `${Math.round(retentionMs / 86_400_000)} days`;
    }),
  ];
}

function sqlPageChecks({ store, run, traces }: Asked): readonly Check[] {
  const sql = `SELECT trace_id, span_name FROM span WHERE service_name = '${checkedService}' AND span_tags ->> '${runAttribute}' = '${run}'`;
  const ask = <Schema extends z.ZodType>(schema: Schema, explain?: string): Promise<z.infer<Schema>> =>
    getJson(store, '/api/sql', schema, { sql, ...(explain === undefined ? {} : { explain }) });
  const check = (name: string, runCheck: () => Promise<string>): Check => ({
    protocol: 'SQL page',
    name,
    run: runCheck,
  });
  return [
    check('statement', async () => {
      const { rows } = await ask(sqlResponse);
      expectSame(rows.length, traces.length);
      return count(rows.length, 'row');
    }),
    check('rights', async () => {
      const { rows } = await getJson(store, '/api/sql', sqlResponse, { sql: 'SELECT current_user' });
      expectSame(rows, [['ps_trace_reader']]);
      return 'ps_trace_reader';
    }),
    check('plan', async () => {
      expectPlan((await ask(planResponse, 'plan')).plan);
      return 'a plan';
    }),
    check('plan of a run', async () => {
      expectPlan((await ask(planResponse, 'analyze')).plan);
      return 'a plan with its times';
    }),
    check('limits', async () => {
      const { timeoutMs, maxRows } = await getJson(store, '/api/sql/limits', sqlLimits);
      return `${timeoutMs / 1_000} s, ${maxRows} rows`;
    }),
    check('catalogue', async () => {
      const { relations, functions } = await getJson(store, '/api/sql/catalogue', catalogueResponse);
      countWith(
        relations.map(({ name }) => name),
        'span',
        'view',
      );
      return `${count(relations.length, 'view')}, ${count(functions.length, 'function')}`;
    }),
  ];
}

function expectPlan(plan: unknown): void {
  if (!JSON.stringify(plan).includes('"Node Type"')) throw new Error(`no plan: ${JSON.stringify(plan).slice(0, 100)}`);
}

interface OlderAnswer<Item> {
  readonly data: readonly Item[];
}

function jaegerHttpChecks({ store, run, traces, fromMs, toMs }: Asked): readonly Check[] {
  const [trace] = traces;
  const check = (version: 'v1' | 'v3', name: string, runCheck: () => Promise<string>): Check => ({
    protocol: `Jaeger HTTP ${version}`,
    name,
    run: runCheck,
  });
  const get = async <Answer>(path: string): Promise<Answer> =>
    JSON.parse(await getText(store, `/jaeger/api${path}`)) as Answer;
  const tags = encodeURIComponent(JSON.stringify({ [runAttribute]: run }));
  const at = (ms: number): string => encodeURIComponent(new Date(ms).toISOString());
  const v3Query = `query.service_name=${checkedService}&query.attributes=${tags}&query.start_time_min=${at(fromMs)}&query.start_time_max=${at(toMs)}`;
  return [
    check('v1', 'services', async () => {
      const { data } = await get<OlderAnswer<string>>('/services');
      return countWith(data, checkedService, 'service');
    }),
    check('v1', 'operations', async () => {
      const { data } = await get<OlderAnswer<{ readonly name: string }>>(`/operations?service=${checkedService}`);
      return countWith(
        data.map(({ name }) => name),
        rootName,
        'operation',
      );
    }),
    check('v1', 'find traces', async () => {
      const path = `/traces?service=${checkedService}&tags=${tags}&start=${fromMs}000&end=${toMs}000`;
      const { data } = await get<OlderAnswer<{ readonly traceID: string }>>(path);
      return expectTraces(
        data.map(({ traceID }) => traceID),
        traces,
      );
    }),
    check('v1', 'get trace', async () => {
      const { data } = await get<OlderAnswer<{ readonly spans: readonly unknown[] }>>(`/traces/${trace.traceId}`);
      expectSame(data[0]?.spans.length, 2);
      return count(2, 'span');
    }),
    check('v1', 'dependencies', async () => {
      const { data } = await get<OlderAnswer<unknown>>(`/dependencies?endTs=${toMs}&lookback=3600000`);
      return count(data.length, 'call between services', 'calls between services');
    }),
    check('v3', 'services', async () => {
      const { services } = await get<{ readonly services: readonly string[] }>('/v3/services');
      return countWith(services, checkedService, 'service');
    }),
    check('v3', 'operations', async () => {
      const path = `/v3/operations?service=${checkedService}`;
      const { operations } = await get<{ readonly operations: readonly { readonly name: string }[] }>(path);
      return countWith(
        operations.map(({ name }) => name),
        rootName,
        'operation',
      );
    }),
    check('v3', 'find traces', async () => {
      const { result } = await get<{ readonly result: unknown }>(`/v3/traces?${v3Query}`);
      return expectTraces([...new Set(spansOfOtlp(result).map(({ traceId }) => traceId))], traces);
    }),
    check('v3', 'get trace', async () => {
      const { result } = await get<{ readonly result: unknown }>(`/v3/traces/${trace.traceId}`);
      const { length } = spansOfOtlp(result);
      expectSame(length, 2);
      return count(length, 'span');
    }),
  ];
}

function jaegerGrpcChecks({ run, traces, fromMs, toMs }: Asked, client: GrpcClient): readonly Check[] {
  const check = (
    name: string,
    runCheck: (method: JaegerMessages['TraceReader']['method']) => Promise<string>,
  ): Check => ({
    protocol: 'Jaeger gRPC v2',
    name,
    run: async () => {
      const { TraceReader } = await importBuilt<JaegerMessages>('gen/storage/v2/trace_storage_pb');
      return runCheck(TraceReader.method);
    },
  });
  const asked = {
    serviceName: checkedService,
    attributes: [{ key: runAttribute, value: { value: { case: 'stringValue' as const, value: run } } }],
    startTimeMin: timestampFromMs(fromMs),
    startTimeMax: timestampFromMs(toMs),
    searchDepth: 20,
  };
  return [
    check('services', async (method) => {
      const { services } = await client.unary(method.getServices, {}, deadline());
      return countWith(services, checkedService, 'service');
    }),
    check('operations', async (method) => {
      const { operations } = await client.unary(method.getOperations, { service: checkedService }, deadline());
      return countWith(
        operations.map(({ name }) => name),
        rootName,
        'operation',
      );
    }),
    check('find traces', async (method) => {
      const chunks = await client.streaming(method.findTraces, { query: asked }, deadline());
      return expectTraces([...new Set(chunks.flatMap(spansOfMessage).map(({ traceId }) => hexOf(traceId)))], traces);
    }),
    check('find trace ids', async (method) => {
      const { traceIds } = await client.unary(method.findTraceIDs, { query: asked }, deadline());
      return expectTraces(
        traceIds.map(({ traceId }) => hexOf(traceId)),
        traces,
      );
    }),
    check('get traces', async (method) => {
      const ids = traces.map(({ traceId }) => ({ traceId: bytesOf(traceId) }));
      const chunks = await client.streaming(method.getTraces, { query: ids }, deadline());
      const spans = chunks.flatMap(spansOfMessage);
      expectSame(spans.length, 2 * traces.length);
      return count(spans.length, 'span');
    }),
    check('dependencies', async () => {
      const { DependencyReader } = await importBuilt<JaegerDependencies>('gen/storage/v2/dependency_storage_pb');
      const range = { startTime: timestampFromMs(fromMs), endTime: timestampFromMs(toMs) };
      const { dependencies } = await client.unary(DependencyReader.method.getDependencies, range, deadline());
      return count(dependencies.length, 'call between services', 'calls between services');
    }),
  ];
}

function olderJaegerGrpcChecks({ run, traces, fromMs, toMs }: Asked, client: GrpcClient): readonly Check[] {
  const [trace] = traces;
  const check = (name: string, runCheck: (messages: OlderJaegerMessages) => Promise<string>): Check => ({
    protocol: 'Jaeger gRPC v1',
    name,
    run: async () => runCheck(await importBuilt<OlderJaegerMessages>('gen/storage_pb')),
  });
  const asked = {
    serviceName: checkedService,
    tags: { [runAttribute]: run },
    startTimeMin: timestampFromMs(fromMs),
    startTimeMax: timestampFromMs(toMs),
    numTraces: 20,
  };
  return [
    check('services', async ({ SpanReaderPlugin: { method } }) => {
      const { services } = await client.unary(method.getServices, {}, deadline());
      return countWith(services, checkedService, 'service');
    }),
    check('operations', async ({ SpanReaderPlugin: { method } }) => {
      const { operations } = await client.unary(method.getOperations, { service: checkedService }, deadline());
      return countWith(
        operations.map(({ name }) => name),
        rootName,
        'operation',
      );
    }),
    check('find traces', async ({ SpanReaderPlugin: { method } }) => {
      const chunks = await client.streaming(method.findTraces, { query: asked }, deadline());
      const ids = chunks.flatMap(({ spans }) => spans).map(({ traceId }) => hexOf(traceId));
      return expectTraces([...new Set(ids)], traces);
    }),
    check('find trace ids', async ({ SpanReaderPlugin: { method } }) => {
      const { traceIds } = await client.unary(method.findTraceIDs, { query: asked }, deadline());
      return expectTraces(traceIds.map(hexOf), traces);
    }),
    check('get trace', async ({ SpanReaderPlugin: { method } }) => {
      const chunks = await client.streaming(method.getTrace, { traceId: bytesOf(trace.traceId) }, deadline());
      const { length } = chunks.flatMap(({ spans }) => spans);
      expectSame(length, 2);
      return count(length, 'span');
    }),
    check('dependencies', async ({ DependenciesReaderPlugin: { method } }) => {
      const range = { startTime: timestampFromMs(fromMs), endTime: timestampFromMs(toMs) };
      const { dependencies } = await client.unary(method.getDependencies, range, deadline());
      return count(dependencies.length, 'call between services', 'calls between services');
    }),
  ];
}

/** What Grafana and analysts do: SQL with the rights of ps_trace_reader. */
function readerChecks({ store, run, traces }: Asked): readonly Check[] {
  const ask = <Row extends Record<string, unknown>>(text: string, values: readonly unknown[] = []) =>
    query<Row>(store.databaseUrl, text, values, 'ps_trace_reader');
  return [
    {
      protocol: 'SQL, as reader',
      name: 'ps_trace.span',
      run: async () => {
        const rows = await ask<{ trace_id_hex: string }>(
          `SELECT trace_id_hex FROM ps_trace.span WHERE service_name = $1 AND span_tags ->> '${runAttribute}' = $2`,
          [checkedService, run],
        );
        return expectTraces(
          rows.map((row) => row.trace_id_hex),
          traces,
        );
      },
    },
    {
      protocol: 'SQL, as reader',
      name: "dashboards' queries",
      run: async () => {
        const files = dashboards.flatMap(({ folder, dashboard }) => [
          ...dashboard.panels.flatMap(({ queries }) => queries.map((file) => ({ folder, file }))),
          ...dashboard.variables.map((variable) => ({ folder: 'variables', file: variable.query })),
        ]);
        for (const { folder, file } of files) {
          const { text, values } = bindQuery(readQuery(folder, file));
          await ask(text, values).catch((cause: unknown) => {
            throw new Error(`dashboards/${folder}/${file}: ${describe(cause)}`, { cause });
          });
        }
        return count(files.length, 'query', 'queries');
      },
    },
  ];
}

async function getText({ url, headers }: CheckedStore, path: string, body?: object): Promise<string> {
  const response = await fetch(`${url}${path}`, {
    headers: { ...headers, ...(body === undefined ? {} : { 'content-type': 'application/json' }) },
    signal: AbortSignal.timeout(answerTimeoutMs),
    ...(body === undefined ? {} : { method: 'POST', body: JSON.stringify(body) }),
  });
  const text = await response.text();
  if (!response.ok) throw new Error(`${response.status} ${problemText(text)}`);
  return text;
}

/** An answer, checked against what the API promises. */
async function getJson<Schema extends z.ZodType>(
  store: CheckedStore,
  path: string,
  schema: Schema,
  body?: object,
): Promise<z.infer<Schema>> {
  return schema.parse(JSON.parse(await getText(store, path, body)));
}

/** What readiness says besides: a list of what is wrong and does not keep the store from working. */
function messagesOf(detail: unknown): readonly string[] {
  if (Array.isArray(detail)) return detail.flatMap(messagesOf);
  if (typeof detail !== 'object' || detail === null) return [String(detail)];
  return 'message' in detail ? [String(detail.message)] : [JSON.stringify(detail)];
}

/** Problem details as a person reads them; anything else as it is. */
function problemText(text: string): string {
  try {
    const { title, detail } = JSON.parse(text) as { readonly title?: string; readonly detail?: string };
    if (title !== undefined) return detail === undefined ? title : `${title}: ${detail}`;
  } catch {
    // Not JSON.
  }
  return text.slice(0, 200);
}

interface OtlpSpan<Id> {
  readonly traceId: Id;
}

function spansOfMessage<Id>(message: {
  readonly resourceSpans: readonly { readonly scopeSpans: readonly { readonly spans: readonly OtlpSpan<Id>[] }[] }[];
}): readonly OtlpSpan<Id>[] {
  return message.resourceSpans.flatMap(({ scopeSpans }) => scopeSpans.flatMap(({ spans }) => spans));
}

function spansOfOtlp(json: unknown): readonly OtlpSpan<string>[] {
  return spansOfMessage(json as Parameters<typeof spansOfMessage<string>>[0]);
}

function hexOf(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex');
}

function bytesOf(hex: string): Uint8Array<ArrayBuffer> {
  return new Uint8Array(Buffer.from(hex, 'hex'));
}

function expectSame(actual: unknown, expected: unknown): void {
  const [left, right] = [JSON.stringify(actual), JSON.stringify(expected)];
  if (left !== right) throw new Error(`expected ${right}, got ${left ?? 'nothing'}`);
}

function expectTraces(ids: readonly string[], traces: readonly SentTrace[]): string {
  expectSame(ids.toSorted(), traces.map(({ traceId }) => traceId).toSorted());
  return count(ids.length, 'trace');
}

/** @returns how many there are @throws Error when the one that should be among them is not */
function countWith(all: readonly string[], wanted: string, noun: string): string {
  if (!all.includes(wanted)) throw new Error(`${wanted} is not among ${count(all.length, noun)}`);
  return count(all.length, noun);
}

function count(number: number, noun: string, plural = noun === 'match' ? 'matches' : `${noun}s`): string {
  return `${number} ${number === 1 ? noun : plural}`;
}

function describe(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const cause = error.cause instanceof Error ? `: ${error.cause.message}` : '';
  return `${error.message || error.name}${cause}`.replaceAll(/\s+/g, ' ').slice(0, 300);
}
