import { gzipSync } from 'node:zlib';
import { parseArgs } from 'node:util';
import { GrpcClient } from '@spandrel/embedded/grpc-client';
import { type Bomb, bombs, variantOf } from '@spandrel/testing/bombs';
import { importBuilt } from '@spandrel/embedded/built-tracestore';
import { freePort } from '@spandrel/testing/free-port';
import { StoreProcess } from '../test/fuzz/store-process.ts';
import { largeTraceId, sendLargeTrace } from './console/large-trace.ts';
import { type Results, rounded } from './results.ts';
import type { LongestHold } from './pauses/loop-probe.ts';

type StorageMessages = typeof import('../apps/tracestore/src/gen/storage/v2/trace_storage_pb.ts');

/** 15 of 4 MiB each, so that a body is just below the limit of 64 MiB. */
const scale = 15;
const heapMb = 160;
const maxBytesInFlight = 64 * 1024 * 1024;

/**
 * Measures the longest pause of the store's event loop while it processes each of the largest hostile requests, and while
 * it reads a trace of 50,000 spans through each API. A result is the least of several rounds, because other processes only
 * lengthen a pause. docs/benchmarks.md explains the results.
 */
export async function pausesBench(say: (line: string) => void, args: readonly string[]): Promise<Results> {
  const { values } = parseArgs({
    args: [...args],
    options: { rounds: { type: 'string', default: '3' }, only: { type: 'string', default: '' } },
  });
  const rounds = Number(values.rounds);
  if (!Number.isInteger(rounds) || rounds < 1)
    throw new Error(`--rounds must be an integer of at least 1, got ${values.rounds}`);
  const isWanted = (name: string): boolean => name.includes(values.only);
  const probePort = await freePort();
  const probe = new URL(`pauses/loop-probe.ts?port=${probePort}`, import.meta.url).href;
  const store = await StoreProcess.start({
    heapMb,
    maxBytesInFlight,
    portOffset: undefined,
    nodeFlags: ['--import', probe],
  });
  const takeHold = async (): Promise<LongestHold> =>
    (await (await fetch(`http://127.0.0.1:${probePort}`)).json()) as LongestHold;
  const results: Record<string, number> = {};
  try {
    const measure = async (name: string, times: number, run: (round: number) => Promise<string>): Promise<void> => {
      const holds: LongestHold[] = [];
      let outcome = '';
      for (let round = 0; round < times; round++) {
        await takeHold();
        outcome = await run(round);
        holds.push(await takeHold());
      }
      const wall = holds.map(({ wallMs }) => wallMs);
      results[name] = rounded(Math.min(...wall), 0);
      const list = (values: readonly number[]): string => values.map((ms) => ms.toFixed(0).padStart(4)).join(' ');
      const [cpu, gc] = [holds.map(({ cpuMs }) => cpuMs), holds.map(({ gcMs }) => gcMs)];
      say(`${name.padEnd(50)} ms:${list(wall)}  CPU:${list(cpu)}  GC:${list(gc)}  ${outcome}`);
    };
    for (const [name, make] of Object.entries(bombs(scale)).filter(([name]) => isWanted(name))) {
      const bomb = make();
      await measure(name, rounds, (round) => send(store, variantOf(bomb, round)));
    }
    const reads = Object.entries(await largeReads(store)).filter(([name]) => isWanted(name));
    if (reads.length > 0) await sendLargeTrace(`http://127.0.0.1:${store.ports.otlpHttp}`);
    for (const [name, read] of reads) await measure(name, rounds, read);
    return results;
  } finally {
    await store.stop();
  }
}

/** @returns the status */
async function send({ ports }: StoreProcess, { body, contentType }: Bomb): Promise<string> {
  const response = await fetch(`http://127.0.0.1:${ports.otlpHttp}/v1/traces`, {
    method: 'POST',
    headers: { 'content-type': contentType, 'content-encoding': 'gzip' },
    body: gzipSync(body, { level: 1 }),
  });
  await response.arrayBuffer();
  return String(response.status);
}

/** The requests by name. Each returns the size of its response in bytes. */
async function largeReads({ ports }: StoreProcess): Promise<Readonly<Record<string, () => Promise<string>>>> {
  const { TraceReader } = await importBuilt<StorageMessages>('gen/storage/v2/trace_storage_pb');
  const get = (path: string) => async (): Promise<string> => {
    const response = await fetch(`http://127.0.0.1:${ports.http}${path}`);
    const { byteLength } = await response.arrayBuffer();
    return `${response.status}, ${byteLength} bytes`;
  };
  const nowMs = Date.now();
  const search = `service=gateway&limit=20&start=${(nowMs - 3_600_000) * 1000}&end=${(nowMs + 60_000) * 1000}`;
  return {
    'large trace: Jaeger HTTP v1': get(`/jaeger/api/traces/${largeTraceId}`),
    'large trace: Jaeger HTTP v3': get(`/jaeger/api/v3/traces/${largeTraceId}`),
    'large trace: Jaeger HTTP v1, found by a search': get(`/jaeger/api/traces?${search}`),
    'large trace: Jaeger gRPC v2': async () => {
      const client = new GrpcClient(`127.0.0.1:${ports.jaegerGrpc}`);
      try {
        const query = { query: [{ traceId: Buffer.from(largeTraceId, 'hex') }] };
        let bytes = 0;
        for await (const chunk of client.bytes(TraceReader.method.getTraces, query)) bytes += chunk.length;
        return `${bytes} bytes`;
      } finally {
        client.close();
      }
    },
    'large trace: console waterfall': get(`/api/traces/${largeTraceId}`),
    'large trace: console OTLP export': get(`/api/traces/${largeTraceId}/otlp`),
    'large trace: console text search': get(`/api/traces/${largeTraceId}/matches?text=operation`),
  };
}
