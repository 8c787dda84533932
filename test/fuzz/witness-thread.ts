/** The thread of the healthy client, described in witness-client.ts. */
import { setTimeout as sleep } from 'node:timers/promises';
import { parentPort, workerData } from 'node:worker_threads';
import { HttpClient, httpBytes } from './http-client.ts';
import type { StorePorts } from './requests.ts';
import { bytes, encodeTree, fixed64, message, varint } from './wire-tree.ts';
import type { WitnessStats } from './witness-client.ts';

const pauseMs = 100;
const serviceName = 'healthy';

const { ports, slowMs } = workerData as { readonly ports: StorePorts; readonly slowMs: number };
await run();

async function run(): Promise<void> {
  const client = new HttpClient();
  const times: number[] = [];
  const failures: Record<string, number> = {};
  let notReadable = 0;
  let requests = 0;
  const state = { isPaused: false, isStopped: false };
  let current: Promise<void> = Promise.resolve();
  parentPort?.on('message', (command: 'pause' | 'resume' | 'stop') => {
    state.isPaused = command !== 'resume';
    state.isStopped ||= command === 'stop';
    void current.then(() => {
      const sorted = times.toSorted((left, right) => left - right);
      const stats: WitnessStats = {
        requests,
        failures,
        notReadable,
        slowestMs: Math.round(sorted.at(-1) ?? 0),
        p99Ms: Math.round(sorted[Math.floor(sorted.length * 0.99)] ?? 0),
      };
      parentPort?.postMessage({ done: command, stats }, []);
    });
  });
  const timed = async (what: string, port: number, request: Buffer): Promise<number> => {
    const startedAt = performance.now();
    const result = await client.send({ kind: 'http', port, pieces: [request], keepsAlive: true });
    const ms = performance.now() - startedAt;
    times.push(ms);
    requests++;
    if (ms > slowMs) parentPort?.postMessage({ slow: { ms: Math.round(ms), what } }, []);
    const status = result.kind === 'http' ? result.status : 0;
    if (status !== 200) {
      const outcome = `${what}: ${result.kind === 'http' ? status : result.kind}`;
      failures[outcome] = (failures[outcome] ?? 0) + 1;
    }
    return status;
  };
  const beat = async (number: number): Promise<void> => {
    const traceId = Buffer.alloc(16, 0xf6);
    traceId.writeUInt32BE(number, 12);
    const { target, body } = requestOf(traceId);
    const headers = { host: `127.0.0.1:${ports.otlpHttp}`, 'content-type': 'application/x-protobuf' };
    if ((await timed('write', ports.otlpHttp, httpBytes('POST', target, headers, body))) !== 200) return;
    const path = `/api/traces/${traceId.toString('hex')}`;
    const status = await timed('read', ports.http, httpBytes('GET', path, { host: `127.0.0.1:${ports.http}` }));
    if (status === 404) notReadable++;
  };
  for (let number = 1; !state.isStopped; number++) {
    if (!state.isPaused) {
      current = beat(number);
      await current;
    }
    await sleep(pauseMs);
  }
}

function requestOf(traceId: Buffer): { readonly target: string; readonly body: Buffer } {
  const now = BigInt(Date.now()) * 1_000_000n;
  const span = message(2, [
    bytes(1, traceId),
    bytes(2, traceId.subarray(8)),
    bytes(5, 'beat'),
    varint(6, 2),
    fixed64(7, now),
    fixed64(8, now + 1_000n),
  ]);
  const service = message(1, [message(1, [bytes(1, 'service.name'), message(2, [bytes(1, serviceName)])])]);
  return { target: '/v1/traces', body: encodeTree([message(1, [service, message(2, [span])])]) };
}
