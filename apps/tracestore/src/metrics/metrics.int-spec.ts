import { readFileSync } from 'node:fs';
import pg from 'pg';
import { GrpcClient } from '@spandrel/embedded/grpc-client';
import { createFreshDatabase, type FreshDatabase } from '@spandrel/testing/fresh-database';
import { encodeProtobuf, post, sendGrpc } from '@spandrel/testing/otlp-client';
import { goodSpan, requestOf } from '@spandrel/testing/requests';
import { queryOnce, type RunningTracestore, startTracestore } from '@spandrel/testing/running-tracestore';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { JaegerV1Controller } from '../jaeger/http/jaeger-v1.controller.js';
import { JaegerV3Controller } from '../jaeger/http/jaeger-v3.controller.js';
import { TraceReader } from '../gen/storage/v2/trace_storage_pb.js';
import { queryOf } from '../observe/query-kinds.js';

let database: FreshDatabase;
let store: RunningTracestore;

/** A name that would be a label if any name of a sender were one. */
const oddName = 'a-name-that-only-a-sender-has';

beforeAll(async () => {
  database = await createFreshDatabase();
  store = await startTracestore(database.url);
});

afterAll(async () => {
  await store.stop();
  await database.drop();
});

/** The value of each sample, by its name and labels as exposed. */
async function samples(): Promise<ReadonlyMap<string, number>> {
  const text = await (await fetch(`${store.url}/metrics`)).text();
  const lines = text.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
  return new Map(lines.map((line) => [line.slice(0, line.lastIndexOf(' ')), Number(line.split(' ').at(-1))]));
}

async function sample(name: string): Promise<number | undefined> {
  return (await samples()).get(name);
}

it('the aggregation lag grows while no process can aggregate', async () => {
  const lag = (): Promise<number | undefined> => sample('tracestore_calls_lag_seconds');
  await expect.poll(lag, { timeout: 20_000 }).toBeGreaterThanOrEqual(0);
  expect(await lag()).toBeLessThan(20);
  const blocker = new pg.Client(database.url);
  await blocker.connect();
  try {
    await blocker.query('BEGIN');
    await blocker.query('LOCK TABLE tracestore.calls_lock IN EXCLUSIVE MODE');
    await queryOnce(database.url, `UPDATE tracestore.call_state SET counted_at = now() - interval '1 hour'`);
    await expect.poll(lag, { timeout: 20_000 }).toBeGreaterThan(3_590);
  } finally {
    await blocker.end();
  }
  await expect.poll(lag, { timeout: 20_000 }).toBeLessThan(20);
});

it('/metrics has the text format of Prometheus', async () => {
  const response = await fetch(`${store.url}/metrics`);
  expect(response.headers.get('content-type')).toBe('text/plain; version=0.0.4; charset=utf-8');
  const text = await response.text();
  expect(text).toMatch(/^# HELP tracestore_ingest_spans_accepted_total .+\n# TYPE .+ counter$/m);
  expect(text).toMatch(/^process_cpu_seconds_total \d/m);
});

describe('after requests and queries', () => {
  beforeAll(async () => {
    await sendGrpc(store.grpcAddress, encodeProtobuf(requestOf([goodSpan({ name: oddName })], oddName)));
    await post(store.tracesUrl, encodeProtobuf(requestOf([goodSpan(), goodSpan()], oddName)), {
      'content-type': 'application/x-protobuf',
    });
    const jaeger = new GrpcClient(store.jaegerAddress);
    await jaeger.unary(TraceReader.method.getServices, {});
    jaeger.close();
    for (const path of [
      `api/services?service=${oddName}`,
      'api/traces/not-an-id',
      'jaeger/api/services',
      `${oddName}/${oddName}`,
    ]) {
      await (await fetch(`${store.url}/${path}`)).text();
    }
  });

  it('counts spans by protocol', async () => {
    expect(await sample('tracestore_ingest_spans_accepted_total{protocol="grpc"}')).toBe(1);
    expect(await sample('tracestore_ingest_spans_accepted_total{protocol="http"}')).toBe(2);
  });

  it('measures queries by protocol and kind, and counts their errors by code', async () => {
    const count = (protocol: string, kind: string): Promise<number | undefined> =>
      sample(`tracestore_query_duration_seconds_count{protocol="${protocol}",kind="${kind}"}`);
    await expect.poll(() => count('jaeger-grpc', 'names')).toBe(1);
    await expect.poll(() => count('jaeger-http', 'names')).toBe(1);
    await expect.poll(() => count('console', 'names')).toBe(1);
    await expect.poll(() => count('console', 'trace')).toBe(1);
    const errors = [...(await samples())].filter(
      ([name, value]) => name.startsWith('tracestore_query_errors') && value > 0,
    );
    expect(errors).toEqual([[expect.stringMatching(/\{protocol="console",kind="trace",code="(?:invalid|400)"\}$/), 1]]);
  });

  it('shows pools, state, lifecycle and sizes', async () => {
    const found = async (): Promise<Readonly<Record<string, number>>> => Object.fromEntries(await samples());
    await expect
      .poll(found, { timeout: 30_000, interval: 250 })
      .toMatchObject({ 'tracestore_table_size_bytes{table="span"}': expect.any(Number) });
    expect(await found()).toMatchObject({
      'db_client_connection_max{db_client_connection_pool_name="query"}': expect.any(Number),
      'db_client_connection_pending_requests{db_client_connection_pool_name="write"}': 0,
      'db_client_connection_count{db_client_connection_pool_name="write",db_client_connection_state="idle"}':
        expect.any(Number),
      tracestore_ready: 1,
      'tracestore_warning{code="clock"}': 0,
      tracestore_database_size_bytes: expect.any(Number),
      'tracestore_partitions{table="span"}': expect.any(Number),
      'tracestore_lifecycle_work_total{work="partitions-dropped"}': 0,
    });
    await expect.poll(() => sample('tracestore_lifecycle_runs_total{step="retention",outcome="success"}')).toBe(1);
    const lastSuccess = await sample('tracestore_lifecycle_last_success_timestamp_seconds{step="retention"}');
    expect(Math.abs((lastSuccess ?? 0) - Date.now() / 1000)).toBeLessThan(120);
  });

  it('observes a streamed answer without a warning of Node about listeners', async () => {
    const warnings: string[] = [];
    const note = (warning: Error): void => void warnings.push(String(warning));
    process.on('warning', note);
    try {
      await (await fetch(`${store.url}/jaeger/api/traces?service=${oddName}&limit=10`)).text();
      expect(warnings).toEqual([]);
    } finally {
      process.off('warning', note);
    }
  });

  it('has no name of a sender or a client anywhere', async () => {
    expect(await (await fetch(`${store.url}/metrics`)).text()).not.toContain(oddName);
  });

  it('has no metric that docs/metrics.md lacks', async () => {
    const page = readFileSync(new URL('../../../../docs/metrics.md', import.meta.url), 'utf8');
    const text = await (await fetch(`${store.url}/metrics`)).text();
    const names = [...text.matchAll(/^# TYPE (\S+)/gm)].map(([, name]) => name ?? '');
    const own = names.filter((name) => !/^(?:process|nodejs)_/.test(name));
    expect(own.length).toBeGreaterThan(20);
    expect(own.filter((name) => !page.includes(`| \`${name}\``))).toEqual([]);
  });
});

/** The routes of a controller that the OpenAPI document leaves out. */
function routesOf(controller: { readonly prototype: object }): readonly string[] {
  const pathOf = (target: object): string => String(Reflect.getMetadata('path', target));
  return Object.values(Object.getOwnPropertyDescriptors(controller.prototype)).flatMap(({ value }) =>
    typeof value === 'function' && value !== controller && Reflect.hasMetadata('path', value)
      ? [`/${pathOf(controller)}/${pathOf(value)}`]
      : [],
  );
}

it('has a kind for each route that reads from the database', async () => {
  const { paths } = (await (await fetch(`${store.url}/openapi.json`)).json()) as { readonly paths: object };
  const routes = Object.keys(paths).map((path) => path.replaceAll(/\{(\w+)\}/g, ':$1'));
  routes.push(...[JaegerV1Controller, JaegerV3Controller].flatMap(routesOf));
  expect(routes).toEqual(
    expect.arrayContaining(['/api/traces/:traceId', '/jaeger/api/dependencies', '/jaeger/api/v3/traces/:traceId']),
  );
  expect(routes.filter((route) => queryOf(route)?.kind === 'other')).toEqual([]);
});
