import { randomBytes } from 'node:crypto';
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
import { GrpcClient } from '@spandrel/embedded/grpc-client';
import { dashboards, readQuery } from '../dashboards/all.ts';
import { bindQuery } from '../dashboards/query.ts';
import {
  type CheckedStore,
  type Checks,
  type CheckTarget,
  count,
  expectItem,
  expectSame,
  expectTraces,
  getJson,
  getText,
  spansOf,
} from './checks.ts';
import { jaegerChecks } from './jaeger-checks.ts';
import { tempoChecks } from './tempo-checks.ts';
import { query } from '@spandrel/embedded/postgres';
import {
  checkedService,
  childName,
  createTrace,
  rootName,
  runAttribute,
  sendGrpc,
  sendJson,
  sendProtobuf,
  type SentTrace,
} from './sent-traces.ts';

/** The result of one check. */
export interface CheckResult {
  readonly protocol: string;
  readonly name: string;
  readonly ok: boolean;
  /** In a few words what was found, or why the check failed. */
  readonly found: string;
}

/**
 * Sends a trace with each kind of OTLP, then reads the traces through every protocol.
 *
 * @param onResult receives each result at once
 * @returns all results; a failed check does not throw
 */
export async function checkProtocols(
  store: CheckedStore,
  onResult: (result: CheckResult) => void = () => {},
): Promise<readonly CheckResult[]> {
  const otlp = new GrpcClient(store.otlpGrpcAddress);
  const jaeger = new GrpcClient(store.jaegerGrpcAddress);
  const tempo = new GrpcClient(new URL(store.tempoUrl).host);
  const run = randomBytes(6).toString('hex');
  const traces = [createTrace(run), createTrace(run), createTrace(run)] as const;
  const target = { store, run, traces, fromMs: traces[0].startMs - 60_000, toMs: traces[0].startMs + 60_000 };
  const protocols: Readonly<Record<string, Checks>> = {
    OTLP: otlpChecks(target, otlp),
    HTTP: httpChecks(target),
    Console: consoleChecks(target),
    'SQL page': sqlPageChecks(target),
    ...jaegerChecks(target, jaeger),
    ...tempoChecks(target, tempo),
    'SQL, as reader': readerChecks(target),
  };
  const results: CheckResult[] = [];
  try {
    for (const [protocol, checks] of Object.entries(protocols)) {
      for (const [name, check] of Object.entries(checks)) {
        const outcome = await check().then(
          (found) => ({ ok: true, found }),
          (error: unknown) => ({ ok: false, found: messageOf(error) }),
        );
        const result = { protocol, name, ...outcome };
        results.push(result);
        onResult(result);
      }
    }
  } finally {
    otlp.close();
    jaeger.close();
    tempo.close();
  }
  return results;
}

function otlpChecks({ store, traces: [json, protobuf, grpc] }: CheckTarget, client: GrpcClient): Checks {
  // An acknowledged trace is stored: the check reads it at once.
  const sent = async (trace: SentTrace, send: Promise<void>): Promise<string> => {
    await send;
    return `${await readBack(store, trace)} stored`;
  };
  return {
    'HTTP, JSON': () => sent(json, sendJson(store.tracesUrl, json)),
    'HTTP, protobuf': () => sent(protobuf, sendProtobuf(store.tracesUrl, protobuf)),
    gRPC: () => sent(grpc, sendGrpc(client, grpc)),
  };
}

async function readBack(store: CheckedStore, { traceId, rootId, childId }: SentTrace): Promise<string> {
  const { spans, operations } = await getJson(store, `/api/traces/${traceId}`, waterfall);
  const names = spans.operation.map((place) => operations[place]?.[1]);
  expectSame(
    [names, spans.id],
    [
      [rootName, childName],
      [rootId, childId],
    ],
  );
  return count(spans.id.length, 'span');
}

function httpChecks({ store }: CheckTarget): Checks {
  return {
    '/readyz': async () => {
      const { status, ...details } = JSON.parse(await getText(store, '/readyz')) as Readonly<Record<string, unknown>>;
      expectSame(status, 'ok');
      return ['ready', ...Object.values(details).flatMap(messagesOf)].join('; ');
    },
    '/metrics': async () => {
      const names = [...(await getText(store, '/metrics')).matchAll(/^# TYPE (\w+)/gm)].map(([, name = '']) => name);
      if (!names.some((name) => name.startsWith('tracestore_ingest_'))) throw new Error('no ingest metrics');
      return count(names.length, 'metric');
    },
  };
}

function consoleChecks({ store, run, traces, fromMs, toMs }: CheckTarget): Checks {
  const [trace] = traces;
  const traceUrl = `/api/traces/${trace.traceId}`;
  const range = `service=${checkedService}&from=${fromMs}000000&to=${toMs}000000`;
  const attribute = encodeURIComponent(`${runAttribute}=${run}`);
  const get = <Schema extends z.ZodType>(path: string, schema: Schema): Promise<z.infer<Schema>> =>
    getJson(store, `/api${path}`, schema);
  return {
    page: async () => {
      const script = /src="(\/assets\/[^"]+\.js)"/.exec(await getText(store, '/'))?.[1];
      if (script === undefined) throw new Error('the page has no script: the console is not built');
      return `${Math.round((await getText(store, script)).length / 1_000)} kB of script`;
    },
    services: async () => expectItem((await get('/services', servicesResponse)).services, checkedService, 'service'),
    operations: async () => {
      const { operations } = await get(`/operations?service=${checkedService}`, operationsResponse);
      return expectItem(
        operations.map(({ name }) => name),
        rootName,
        'operation',
      );
    },
    search: async () => {
      const found = await get(`/traces?${range}&attribute=${attribute}`, searchResponse);
      return expectTraces(
        found.traces.map(({ traceId }) => traceId),
        traces,
      );
    },
    'search for errors': async () => {
      const found = await get(`/traces?${range}&status=error&limit=1000`, searchResponse);
      const sent = traces.map(({ traceId }) => traceId);
      return expectTraces(
        found.traces.map(({ traceId }) => traceId).filter((traceId) => sent.includes(traceId)),
        traces,
      );
    },
    'one trace': () => readBack(store, trace),
    'one span': async () => {
      const { spans } = await getJson(store, `${traceUrl}/spans/${trace.rootId}`, spanDetailsResponse);
      expectSame(spans[0]?.attributes, { [runAttribute]: run });
      return count(spans.length, 'span');
    },
    'find in a trace': async () => {
      const { spanIds } = await getJson(store, `${traceUrl}/matches?text=fails`, matchesResponse);
      expectSame(spanIds, [trace.childId]);
      return count(spanIds.length, 'match', 'matches');
    },
    export: async () => {
      const { length } = spansOf(JSON.parse(await getText(store, `${traceUrl}/otlp`)) as Parameters<typeof spansOf>[0]);
      expectSame(length, 2);
      return `${count(length, 'span')} of OTLP/JSON`;
    },
    'completion: keys': async () => {
      const { keys } = await get(`/attribute-keys?${range}`, attributeKeysResponse);
      return expectItem(
        keys.map(({ key }) => key),
        runAttribute,
        'key',
      );
    },
    'completion: values': async () => {
      const { values } = await get(`/attribute-values?${range}&key=${runAttribute}`, attributeValuesResponse);
      return expectItem(
        values.map(({ value }) => value),
        run,
        'value',
      );
    },
    dashboards: async () => {
      const all = (await get('/dashboards', dashboardsResponse)).dashboards;
      const paths = all.flatMap(({ uid, panels, variables }) =>
        [...panels.flatMap(({ queries }) => queries), ...variables.map((variable) => variable.query)].map(
          ({ name }) => `/dashboards/${uid}/queries/${name}`,
        ),
      );
      for (const path of paths) await get(path, queryResponse);
      expectSame(all.length, dashboards.length);
      return `${count(paths.length, 'query', 'queries')} of ${count(all.length, 'dashboard')}`;
    },
    system: async () => {
      const { database, versions } = await get('/system', systemResponse);
      return `tracestore ${versions.tracestore} on PostgreSQL ${database?.postgresVersion ?? '(unknown version)'}`;
    },
    storage: async () => {
      const { databaseBytes, tables } = await get('/system/storage', storageResponse);
      return `${count(tables.length, 'table')}, ${Math.round(databaseBytes / 1e6)} MB`;
    },
    partitions: async () => count((await get('/system/partitions', partitionsResponse)).partitions.length, 'partition'),
    retention: async () => `${Math.round((await get('/system/retention', retention)).retentionMs / 86_400_000)} days`,
  };
}

function sqlPageChecks({ store, run, traces }: CheckTarget): Checks {
  const sql = `SELECT trace_id, span_name FROM span WHERE service_name = '${checkedService}' AND span_tags ->> '${runAttribute}' = '${run}'`;
  const post = <Schema extends z.ZodType>(schema: Schema, body: object): Promise<z.infer<Schema>> =>
    getJson(store, '/api/sql', schema, body);
  const explain = async (how: 'plan' | 'analyze'): Promise<void> => {
    const plan = JSON.stringify((await post(planResponse, { sql, explain: how })).plan);
    if (!plan.includes('"Node Type"')) throw new Error(`not a plan: ${plan.slice(0, 100)}`);
  };
  return {
    statement: async () => {
      const { rows } = await post(sqlResponse, { sql });
      expectSame(rows.length, traces.length);
      return count(rows.length, 'row');
    },
    rights: async () => {
      expectSame((await post(sqlResponse, { sql: 'SELECT current_user' })).rows, [['ps_trace_reader']]);
      return 'ps_trace_reader';
    },
    plan: () => explain('plan').then(() => 'a plan'),
    'plan of a run': () => explain('analyze').then(() => 'a plan with its times'),
    limits: async () => {
      const { timeoutMs, maxRows } = await getJson(store, '/api/sql/limits', sqlLimits);
      return `${timeoutMs / 1_000} s, ${maxRows} rows`;
    },
    catalogue: async () => {
      const { relations, functions } = await getJson(store, '/api/sql/catalogue', catalogueResponse);
      const views = relations.map(({ name }) => name);
      return `${expectItem(views, 'span', 'view')}, ${count(functions.length, 'function')}`;
    },
  };
}

/** What Grafana and analysts do: SQL with the rights of ps_trace_reader. */
function readerChecks({ store, run, traces }: CheckTarget): Checks {
  const ask = <Row extends Record<string, unknown>>(text: string, values: readonly unknown[] = []) =>
    query<Row>(store.databaseUrl, text, values, 'ps_trace_reader');
  return {
    'ps_trace.span': async () => {
      const sql = 'SELECT trace_id_hex AS id FROM ps_trace.span WHERE service_name = $1 AND span_tags ->> $2 = $3';
      const rows = await ask<{ readonly id: string }>(sql, [checkedService, runAttribute, run]);
      expectSame(rows.length, traces.length);
      return expectTraces(
        rows.map(({ id }) => id),
        traces,
      );
    },
    'dashboard queries': async () => {
      const files = dashboards.flatMap(({ folder, dashboard: { panels, variables } }) => [
        ...panels.flatMap(({ queries }) => queries.map((file) => [folder, file] as const)),
        ...variables.map((variable) => ['variables', variable.query] as const),
      ]);
      for (const [folder, file] of files) {
        const { text, values } = bindQuery(readQuery(folder, file));
        await ask(text, values).catch((cause: unknown) => {
          throw new Error(`dashboards/${folder}/${file}: ${messageOf(cause)}`, { cause });
        });
      }
      return count(files.length, 'query', 'queries');
    },
  };
}

/** The details of `/readyz`: problems that do not stop the store. */
function messagesOf(detail: unknown): readonly string[] {
  if (Array.isArray(detail)) return detail.flatMap(messagesOf);
  if (typeof detail !== 'object' || detail === null) return [String(detail)];
  return ['message' in detail ? String(detail.message) : JSON.stringify(detail)];
}

function messageOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const cause = error.cause instanceof Error ? `: ${error.cause.message}` : '';
  return `${error.message || error.name}${cause}`.replaceAll(/\s+/g, ' ').slice(0, 300);
}
