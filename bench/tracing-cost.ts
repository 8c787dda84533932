import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { Agent, get } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { freePort } from '@spandrel/testing/free-port';
import { median } from './median.ts';
import { cpuTimeNs } from './process-accounting.ts';
import { type SpanSink, startSpanSink } from '@spandrel/testing/span-sink';

/** Measurements of each variant. The two variants take turns, so that a change of the machine affects both. */
const rounds = 5;
const warmUpRequests = 3000;
const measuredRequests = 6000;
/** Slow enough for the exporter to keep up. A dropped span would cost nothing. */
const requestsPerSecond = 1200;
/** Longer than the delay of the export, so that the whole cost of the spans is counted. */
const exportDelayMs = 500;

export interface TracingCost {
  /** CPU time of the process per request without `--import`, in µs: the median of the rounds. */
  readonly untracedCpuUs: number;
  /** The same with `--import`, with every request sampled and exported. */
  readonly tracedCpuUs: number;
  /** The median of the ratios of all rounds. */
  readonly tracedRatio: number;
}

/**
 * Measures what tracing costs `GET /` of upper, with all faults off and the same logs.
 *
 * @param flagsOff path of a flags file in which every fault is off
 * @throws Error if a request fails or a span is missing, because the results would be wrong
 */
export async function measureTracingCost(flagsOff: string, say: (line: string) => void): Promise<TracingCost> {
  const sink = await startSpanSink();
  try {
    const untraced: number[] = [];
    const traced: number[] = [];
    for (let round = 1; round <= rounds; round++) {
      untraced.push(await cpuUsPerRequest([], flagsOff, sink));
      traced.push(await cpuUsPerRequest(['--import', '@spandrel/telemetry/register'], flagsOff, sink));
      say(
        `round ${round} of ${rounds}: untraced ${untraced.at(-1)?.toFixed(0)} µs, traced ${traced.at(-1)?.toFixed(0)} µs`,
      );
    }
    return {
      untracedCpuUs: median(untraced),
      tracedCpuUs: median(traced),
      tracedRatio: median(traced.map((cost, round) => cost / (untraced[round] ?? Number.NaN))),
    };
  } finally {
    sink.close();
  }
}

/** The server span, the controller, and the three steps of a character. */
const spansPerRequest = 5;

async function cpuUsPerRequest(nodeOptions: readonly string[], flagsOff: string, sink: SpanSink): Promise<number> {
  const port = await freePort();
  const service = spawn('node', [...nodeOptions, 'dist/apps/upper/main.js'], {
    env: {
      PATH: process.env['PATH'],
      PORT: String(port),
      FLAGS_FILE: flagsOff,
      OTEL_SERVICE_NAME: 'upper',
      OTEL_EXPORTER_OTLP_ENDPOINT: sink.url,
      OTEL_BSP_SCHEDULE_DELAY: String(exportDelayMs),
    },
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  const agent = new Agent({ keepAlive: true });
  try {
    const url = `http://127.0.0.1:${port}/`;
    await untilReady(url, service);
    await sendRequests(url, warmUpRequests, agent);
    await sleep(exportDelayMs * 3);
    const spansBefore = sink.spanCount();
    const cpuBefore = await cpuTimeNs(service.pid ?? 0);
    await sendRequests(url, measuredRequests, agent);
    await sleep(exportDelayMs * 3);
    const cpuNs = (await cpuTimeNs(service.pid ?? 0)) - cpuBefore;
    const spans = sink.spanCount() - spansBefore;
    const expected = nodeOptions.length === 0 ? 0 : measuredRequests * spansPerRequest;
    if (spans !== expected) throw new Error(`${spans} spans arrived, ${expected} were expected`);
    return cpuNs / 1000 / measuredRequests;
  } finally {
    agent.destroy();
    service.kill('SIGTERM');
    if (service.exitCode === null) await once(service, 'exit');
  }
}

async function untilReady(url: string, service: ChildProcess): Promise<void> {
  for (;;) {
    if (service.exitCode !== null) throw new Error(`upper ended with status ${service.exitCode} before it was ready`);
    const ready = await fetch(`${url}readyz`).then(
      (response) => response.ok,
      () => false,
    );
    if (ready) return;
    await sleep(50);
  }
}

/** Sends requests at a constant rate, whether or not earlier ones have a response. */
async function sendRequests(url: string, count: number, agent: Agent): Promise<void> {
  const pending: Promise<void>[] = [];
  const start = performance.now();
  for (let sent = 0; sent < count;) {
    const due = Math.min(count, Math.ceil(((performance.now() - start) / 1000) * requestsPerSecond));
    for (; sent < due; sent++) pending.push(request(url, agent));
    await sleep(2);
  }
  await Promise.all(pending);
}

function request(url: string, agent: Agent): Promise<void> {
  return new Promise((resolve, reject) => {
    get(url, { agent }, (response) => {
      response.resume();
      response.on('end', () =>
        response.statusCode === 200 ? resolve() : reject(new Error(`status ${response.statusCode}`)),
      );
    }).on('error', reject);
  });
}
