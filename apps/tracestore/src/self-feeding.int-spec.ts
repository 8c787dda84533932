import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createFreshDatabase, type FreshDatabase } from '@spandrel/testing/fresh-database';
import { freePort } from '@spandrel/testing/free-port';
import { encodeProtobuf, post, sendGrpc } from '@spandrel/testing/otlp-client';
import { goodSpan, requestOf } from '@spandrel/testing/requests';
import { queryOnce } from '@spandrel/testing/running-tracestore';

const root = fileURLToPath(new URL('../../../', import.meta.url));
const program = fileURLToPath(new URL('../../../dist/apps/tracestore/main.js', import.meta.url));

let database: FreshDatabase;
let tracestore: ChildProcess;
let url: string;
let grpcAddress: string;
let tracesUrl: string;
let output = '';

beforeAll(async () => {
  if (!existsSync(program)) throw new Error(`${program} is missing: run npm run build`);
  database = await createFreshDatabase();
  const [httpPort, grpcPort, otlpHttpPort] = [await freePort(), await freePort(), await freePort()];
  url = `http://127.0.0.1:${httpPort}`;
  grpcAddress = `127.0.0.1:${grpcPort}`;
  tracesUrl = `http://127.0.0.1:${otlpHttpPort}/v1/traces`;
  tracestore = spawn(process.execPath, ['--import', '@spandrel/telemetry/register', program], {
    cwd: root,
    env: {
      PATH: process.env['PATH'],
      TRACESTORE_DATABASE_URL: database.url,
      TRACESTORE_HTTP_PORT: String(httpPort),
      TRACESTORE_OTLP_GRPC_PORT: String(grpcPort),
      TRACESTORE_OTLP_HTTP_PORT: String(otlpHttpPort),
      TRACESTORE_JAEGER_GRPC_PORT: String(await freePort()),
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

describe('a tracestore that exports to itself', () => {
  it('takes spans without making any, by whichever way they come', async () => {
    for (let n = 0; n < 10; n += 1) {
      // The same bytes again would count as a retry.
      await sendGrpc(grpcAddress, encodeProtobuf(requestOf([goodSpan({ name: `over gRPC ${n}` })])));
      await post(tracesUrl, encodeProtobuf(requestOf([goodSpan({ name: `over HTTP ${n}` })])), {
        'content-type': 'application/x-protobuf',
      });
    }
    await wait(1_500);
    expect(await countSpans()).toEqual({ shop: 20 });
  });

  it('is traced for all that: other requests make spans, a fixed number of them', async () => {
    await fetch(`${url}/openapi.json`);
    await expect.poll(async () => (await countSpans())['tracestore'] ?? 0, { timeout: 10_000 }).toBeGreaterThan(0);
    await wait(500);
    const before = await countSpans();
    // Had exporting a span made another, there would be more of them every 100 ms.
    await wait(1_500);
    expect(await countSpans()).toEqual(before);
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
