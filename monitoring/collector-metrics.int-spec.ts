import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { freePort } from '@spandrel/testing/free-port';
import { encodeJson } from '@spandrel/testing/otlp-client';
import { goodSpan, requestOf } from '@spandrel/testing/requests';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { collectorMetrics } from './known-metrics.ts';

const files = path.join(path.dirname(import.meta.dirname), 'helm/spandrel/files/collector');
const hasCollector = spawnSync('otelcol', ['--version']).error === undefined;

describe.skipIf(!hasCollector)('the Collector with the configuration of the chart (requires otelcol)', () => {
  let folder: string;
  let collector: ChildProcess;
  let metricsUrl: string;
  let output = '';

  beforeAll(async () => {
    folder = mkdtempSync(path.join(tmpdir(), 'spandrel-collector-'));
    const [grpc, http, health, metrics] = [await freePort(), await freePort(), await freePort(), await freePort()];
    const ports: Readonly<Record<string, number>> = { 4317: grpc, 4318: http, 13133: health, 8888: metrics };
    const base = readFileSync(path.join(files, 'base.yaml'), 'utf8')
      .replaceAll('/var/lib/otelcol', folder)
      .replaceAll(/endpoint: ':(\d+)'/g, (_, port: string) => `endpoint: '127.0.0.1:${ports[port]}'`)
      .replaceAll(/host: '', port: (\d+)/g, (_, port: string) => `host: 127.0.0.1, port: ${ports[port]}`);
    writeFileSync(path.join(folder, 'base.yaml'), base);
    // A queue that is full after one request, and stores that are not there and are given up at once: only then do all
    // metrics have a value.
    const queue = 'sending_queue: { queue_size: 1, num_consumers: 1 }';
    writeFileSync(
      path.join(folder, 'small.yaml'),
      `exporters:\n  otlp_http/tracestore:\n    ${queue}\n    retry_on_failure: { enabled: true, max_interval: 1s, max_elapsed_time: 1s }\n  otlp_grpc/tempo:\n    retry_on_failure: { enabled: false }\n`,
    );
    const configs = [
      path.join(folder, 'base.yaml'),
      ...['tempo.yaml', 'tracestore.yaml'].map((name) => path.join(files, name)),
      path.join(folder, 'small.yaml'),
    ];
    collector = spawn(
      'otelcol',
      configs.map((file) => `--config=${file}`),
      {
        env: { ...process.env, TRACESTORE_ENDPOINT: 'http://127.0.0.1:1', TEMPO_ENDPOINT: '127.0.0.1:1' },
      },
    );
    for (const stream of [collector.stdout, collector.stderr]) stream?.on('data', (data) => (output += String(data)));
    metricsUrl = `http://127.0.0.1:${metrics}/metrics`;
    const send = (n: number): Promise<number | undefined> =>
      fetch(`http://127.0.0.1:${http}/v1/traces`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: encodeJson(requestOf([goodSpan({ name: `${n}` })])),
      }).then(
        ({ status }) => status,
        () => undefined,
      );
    const start = async (): Promise<void> => {
      if ((await send(0)) === undefined) throw new Error(`the Collector does not answer: ${output}`);
    };
    await vi.waitFor(start, { timeout: 60_000, interval: 100 });
    for (let n = 1; n <= 6; n += 1) await send(n);
  });

  afterAll(() => {
    collector.kill('SIGKILL');
    rmSync(folder, { recursive: true });
  });

  it('exposes every metric that rules and the dashboard use, under that name', async () => {
    const missing = async (): Promise<readonly string[]> => {
      const text = await (await fetch(metricsUrl)).text();
      const names = new Set([...text.matchAll(/^# TYPE (\S+)/gm)].map(([, name]) => name));
      return collectorMetrics.filter((name) => !names.has(name));
    };
    await expect.poll(missing, { timeout: 60_000, message: output }).toEqual([]);
  });
});
