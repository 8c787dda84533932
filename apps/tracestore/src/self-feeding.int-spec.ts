import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { GrpcClient } from '@spandrel/embedded/grpc-client';
import { createFreshDatabase, type FreshDatabase } from '@spandrel/testing/fresh-database';
import { freePort } from '@spandrel/testing/free-port';
import { encodeProtobuf, post, sendGrpc } from '@spandrel/testing/otlp-client';
import { goodSpan, requestOf } from '@spandrel/testing/requests';
import { queryOnce } from '@spandrel/testing/running-tracestore';
import { TraceReader } from './gen/storage/v2/trace_storage_pb.js';

const root = fileURLToPath(new URL('../../../', import.meta.url));
const program = fileURLToPath(new URL('../../../dist/apps/tracestore/main.js', import.meta.url));

let database: FreshDatabase;
let tracestore: ChildProcess;
let url: string;
let grpcAddress: string;
let tracesUrl: string;
let jaegerAddress: string;
let output = '';

beforeAll(async () => {
  if (!existsSync(program)) throw new Error(`${program} is missing: run npm run build`);
  database = await createFreshDatabase();
  const [httpPort, grpcPort, otlpHttpPort] = [await freePort(), await freePort(), await freePort()];
  const jaegerPort = await freePort();
  url = `http://127.0.0.1:${httpPort}`;
  grpcAddress = `127.0.0.1:${grpcPort}`;
  jaegerAddress = `127.0.0.1:${jaegerPort}`;
  tracesUrl = `http://127.0.0.1:${otlpHttpPort}/v1/traces`;
  tracestore = spawn(process.execPath, ['--import', '@spandrel/telemetry/register', program], {
    cwd: root,
    env: {
      PATH: process.env['PATH'],
      TRACESTORE_DATABASE_URL: database.url,
      TRACESTORE_HTTP_PORT: String(httpPort),
      TRACESTORE_OTLP_GRPC_PORT: String(grpcPort),
      TRACESTORE_OTLP_HTTP_PORT: String(otlpHttpPort),
      TRACESTORE_JAEGER_GRPC_PORT: String(jaegerPort),
      TRACESTORE_TEMPO_PORT: String(await freePort()),
      // The spans of tests are of 2023.
      TRACESTORE_RETENTION: '36500d',
      OTEL_SERVICE_NAME: 'tracestore',
      OTEL_EXPORTER_OTLP_PROTOCOL: 'http/protobuf',
      OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${otlpHttpPort}`,
      OTEL_BSP_SCHEDULE_DELAY: '100',
    },
  });
  for (const stream of [tracestore.stdout, tracestore.stderr]) stream?.on('data', (data) => (output += String(data)));
  while ((await fetch(`${url}/readyz`).catch(() => undefined))?.status !== 200) {
    if (tracestore.exitCode !== null) throw new Error(`tracestore ended with ${tracestore.exitCode}: ${output}`);
    await wait(50);
  }
});

afterAll(async () => {
  tracestore.kill('SIGKILL');
  await database.drop();
});

/** A span in OTLP JSON. */
const jsonSpan = {
  traceId: '0123456789abcdef0123456789abcdef',
  spanId: '0000000000000001',
  startTimeUnixNano: '1700000000000000000',
  endTimeUnixNano: '1700000001000000000',
};

async function countSpans(): Promise<Readonly<Record<string, number>>> {
  const rows = await queryOnce<{ service_name: string; spans: number }>(
    database.url,
    'SELECT service_name, count(*)::int AS spans FROM ps_trace.span GROUP BY service_name',
  );
  return Object.fromEntries(rows.map(({ service_name: service, spans }) => [service, spans]));
}

async function wait(milliseconds: number): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, milliseconds));
}

/** Waits until no span has been added for a second, in which ten exports had time. */
async function settledSpans(): Promise<Readonly<Record<string, number>>> {
  const deadlineMs = performance.now() + 30_000;
  for (let before = await countSpans(); performance.now() < deadlineMs;) {
    await wait(1_000);
    const now = await countSpans();
    if (JSON.stringify(now) === JSON.stringify(before)) return now;
    before = now;
  }
  throw new Error(`spans are still being added: ${JSON.stringify(await countSpans())}`);
}

interface OwnSpan {
  readonly span_id: string;
  readonly parent_span_id: string | null;
  readonly span_name: string;
  readonly span_kind: string;
  readonly span_tags: Readonly<Record<string, unknown>>;
}

/** The spans of tracestore itself. */
function ownSpans(): Promise<readonly OwnSpan[]> {
  return queryOnce<OwnSpan>(
    database.url,
    `SELECT span_id::text, parent_span_id::text, span_name, span_kind::text, span_tags
     FROM ps_trace.span WHERE service_name = 'tracestore' ORDER BY start_time`,
  );
}

const requests = 20;

describe('a tracestore that exports to itself', () => {
  it('makes at most two spans of each request, by whichever protocol it comes, and none of those spans', async () => {
    for (let n = 0; n < requests / 2; n += 1) {
      // The same bytes again would count as a retry.
      await sendGrpc(grpcAddress, encodeProtobuf(requestOf([goodSpan({ name: `over gRPC ${n}` })])));
      await post(tracesUrl, encodeProtobuf(requestOf([goodSpan({ name: `over HTTP ${n}` })])), {
        'content-type': 'application/x-protobuf',
      });
    }
    await expect.poll(async () => (await countSpans())['tracestore'] ?? 0, { timeout: 15_000 }).toBeGreaterThan(0);
    // If storing a span made another, there would be more of them every 100 ms.
    const { shop, tracestore: own = 0 } = await settledSpans();
    expect(shop).toBe(requests);
    expect(own).toBeGreaterThanOrEqual(requests);
    expect(own).toBeLessThanOrEqual(2 * requests);
  });

  it('shows each request with its transaction', async () => {
    const spans = await ownSpans();
    const received = spans.filter(({ span_kind: kind }) => kind === 'server');
    expect(received).toHaveLength(requests);
    expect(new Set(received.map(({ span_name: name }) => name))).toEqual(
      new Set(['opentelemetry.proto.collector.trace.v1.TraceService/Export', 'POST /v1/traces']),
    );
    for (const { span_tags: tags } of received) {
      expect(tags).toMatchObject({ 'tracestore.spans.accepted': 1, 'tracestore.request.size': expect.any(Number) });
    }
    const ids = new Set(received.map(({ span_id: id }) => id));
    const commits = spans.filter(({ span_kind: kind }) => kind === 'client');
    expect(commits.length).toBeGreaterThan(0);
    for (const commit of commits) {
      expect(commit).toMatchObject({
        span_name: 'BATCH COPY tracestore.span',
        span_tags: { 'db.system.name': 'postgresql' },
      });
      expect(ids).toContain(commit.parent_span_id);
    }
  });

  it('makes no span of a request that holds spans of writes, also through a Collector that sends JSON', async () => {
    const before = await settledSpans();
    const scopeSpans = [
      { scope: { name: 'spandrel.tracestore.ingest' }, spans: [{ ...jsonSpan, name: 'of another replica' }] },
      { scope: { name: 'other' }, spans: [{ ...jsonSpan, spanId: '0000000000000002', name: 'of the same batch' }] },
    ];
    const resource = { attributes: [{ key: 'service.name', value: { stringValue: 'shop' } }] };
    const body = JSON.stringify({ resourceSpans: [{ resource, scopeSpans }] });
    expect((await post(tracesUrl, body, { 'content-type': 'application/json' })).status).toBe(200);
    expect(await settledSpans()).toEqual({ ...before, shop: (before['shop'] ?? 0) + 2 });
  });

  it('makes spans of reads, a fixed number of them, over HTTP and over gRPC', async () => {
    const before = (await settledSpans())['tracestore'] ?? 0;
    await (await fetch(`${url}/api/services`)).text();
    const jaeger = new GrpcClient(jaegerAddress);
    await jaeger.unary(TraceReader.method.getServices, {});
    jaeger.close();
    const after = (await settledSpans())['tracestore'] ?? 0;
    // Each has a few statements and functions. Their export is at most two requests, with two spans each.
    expect(after - before).toBeGreaterThan(3);
    expect(after - before).toBeLessThan(40);
    const call = (await ownSpans()).find(({ span_name: name }) => name === 'jaeger.storage.v2.TraceReader/GetServices');
    expect(call).toMatchObject({ span_kind: 'server', parent_span_id: null });
    const children = (await ownSpans()).filter(({ parent_span_id: parent }) => parent === call?.span_id);
    expect(children.length).toBeGreaterThan(0);
  });

  it('ends in good time and order', async () => {
    const ended = new Promise<number | null>((resolve) => {
      tracestore.on('exit', resolve);
    });
    const startedAt = performance.now();
    tracestore.kill('SIGTERM');
    expect({ exitCode: await ended, output }).toMatchObject({ exitCode: 0 });
    expect(performance.now() - startedAt).toBeLessThan(8_000);
  });
});
