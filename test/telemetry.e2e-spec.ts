import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { Agent, get } from 'node:http';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { writeFlagsFile } from '../stack/flags-file.ts';
import { freePort } from '@spandrel/testing/free-port';
import { type SpanSink, startSpanSink } from '@spandrel/testing/span-sink';

const root = path.dirname(import.meta.dirname);
/** SERVER, controller, random_upper, process_upper, render_upper. Injected faults may add spans. */
const leastSpansPerRequest = 5;

let sink: SpanSink;
let service: ChildProcess;
let url: string;
let log = '';

beforeEach(async () => {
  sink = await startSpanSink();
});
afterEach(async () => {
  if (service.exitCode === null && service.signalCode === null) {
    service.kill('SIGKILL');
    await once(service, 'exit');
  }
  sink.close();
});

async function startUpper(environment: Readonly<Record<string, string>>): Promise<void> {
  const port = await freePort();
  url = `http://127.0.0.1:${port}/`;
  log = '';
  service = spawn(process.execPath, ['--import', '@spandrel/telemetry/register', 'dist/apps/upper/main.js'], {
    cwd: root,
    env: {
      PORT: String(port),
      OTEL_SERVICE_NAME: 'upper',
      OTEL_EXPORTER_OTLP_ENDPOINT: sink.url,
      // Longer than any test: every received span was flushed at the end.
      OTEL_BSP_SCHEDULE_DELAY: '600000',
      ...environment,
    },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  service.stdout?.on('data', (text: Buffer) => (log += text.toString()));
  while (
    !(await fetch(`${url}readyz`)
      .then((response) => response.ok)
      .catch(() => false))
  )
    await sleep(50);
}

describe('SIGTERM', () => {
  it('loses no span of finished requests and of requests in flight', async () => {
    await startUpper({});
    for (let request = 0; request < 40; request++) await (await fetch(url)).text();
    const agent = new Agent({ keepAlive: true });
    let taken = 0;
    let refused = 0;
    const inFlight = Array.from(
      { length: 20 },
      () =>
        new Promise<void>((resolve) => {
          get(url, { agent }, (response) => {
            // Requests after the signal are rejected, each with a SERVER span.
            if (response.statusCode === 503) refused++;
            else taken++;
            response.resume().on('end', resolve);
          }).on('error', () => resolve());
        }),
    );
    // Long enough to send the requests, too short for all responses.
    await sleep(3);
    service.kill('SIGTERM');
    await Promise.all([...inFlight, once(service, 'exit')]);
    agent.destroy();
    expect(service.exitCode).toBe(0);
    expect(taken + refused).toBeGreaterThan(0);
    expect(sink.spanCount()).toBeGreaterThanOrEqual((40 + taken) * leastSpansPerRequest + refused);
  });
});

describe('log lines', () => {
  it('have the ids of the trace in the response', async () => {
    await startUpper({ LOG_LEVEL: 'debug' });
    const response = await fetch(url);
    const [, traceId, spanId] = response.headers.get('traceresponse')?.split('-') ?? [];
    await sleep(200);
    const lines = log
      .split('\n')
      .filter((line) => line.includes('"req"'))
      .map((line) => JSON.parse(line) as Readonly<Record<string, unknown>>);
    expect(lines).toHaveLength(1);
    expect(lines[0]).toMatchObject({ trace_id: traceId, span_id: spanId, trace_flags: '01' });
  });

  it('are not written for successful requests and probes', async () => {
    const folder = await mkdtemp(path.join(tmpdir(), 'spandrel-'));
    await startUpper({ FLAGS_FILE: writeFlagsFile(root, folder, false) });
    const before = log;
    await fetch(url);
    await fetch(`${url}readyz`);
    await sleep(200);
    expect(log).toBe(before);
    await rm(folder, { recursive: true });
  });
});

describe('probes', () => {
  it('create no span', async () => {
    await startUpper({});
    for (let probe = 0; probe < 5; probe++) await fetch(`${url}livez`);
    service.kill('SIGTERM');
    await once(service, 'exit');
    expect(sink.spanCount()).toBe(0);
  });
});
