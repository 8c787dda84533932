import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { removeFolder } from '@spandrel/embedded/unprivileged';
import { hasJaeger, type JaegerBackend, startJaeger } from '../test/jaeger/jaeger-process.ts';
import { type Results, rounded } from './results.ts';
import { feed } from './jaeger/feed.ts';
import { httpQueries, type Samples, takeSamples } from './jaeger/http-queries.ts';
import { measureLargeTrace } from './jaeger/large-trace.ts';
import { type LoadedSpans, loadSpans, sharedBuffers } from './queries/loaded-store.ts';
import { percentile } from './queries/percentile.ts';
import { startBenchDatabase } from './write/bench-database.ts';
import { defaultConnections } from './write/ingest-path.ts';
import { startStore } from './write/processes.ts';

/** Queries of each kind that run before the clock starts. They are others than those that count. */
const warmUpAsks = 10;

/** This many spans fit into Jaeger's memory on any machine that this runs on. */
const mostForPeers = 1_000_000;

/**
 * Measures queries over Jaeger's HTTP API, and a trace of 100,000 spans over its storage API. If `jaeger` is on the PATH,
 * it also measures Jaeger with its own stores. docs/jaeger.md has results.
 */
export async function jaegerBench(say: (line: string) => void, args: readonly string[]): Promise<Results> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      spans: { type: 'string', default: '1000000' },
      asks: { type: 'string', default: '100' },
      // A folder of `npm run bench -- queries --keep`, with as many spans.
      keep: { type: 'string' },
    },
  });
  const [spans, asks] = [Number(values.spans), Number(values.asks)];
  if (!(Number.isInteger(spans) && spans >= 10_000 && Number.isInteger(asks) && asks >= 10)) {
    throw new Error('--spans must be an integer of at least 10000, --asks one of at least 10');
  }
  const results: Record<string, number> = {};
  const database = await startBenchDatabase({ sharedBuffers, keptFolder: values.keep });
  let samples: Samples;
  let loaded: LoadedSpans;
  try {
    loaded = await loadSpans(database, spans, say);
    const store = await startStore(database.url, await defaultConnections(), undefined);
    try {
      const url = `http://127.0.0.1:${store.httpPort}/jaeger`;
      samples = await takeSamples(url, loaded);
      Object.assign(results, await ask('tracestore', url, samples, loaded, asks, say));
      Object.assign(results, await measureLargeTrace(store, say));
    } finally {
      await store.stop();
    }
  } finally {
    await database.stop();
  }
  if (!hasJaeger() || spans > mostForPeers) {
    say(hasJaeger() ? `Jaeger's own stores are measured with up to ${mostForPeers} spans` : 'no `jaeger` on the PATH');
    return results;
  }
  const folder = mkdtempSync(path.join(tmpdir(), 'spandrel-bench-badger-'));
  const backends: Readonly<Record<string, JaegerBackend>> = {
    jaegerMemory: { memory: { max_traces: spans } },
    jaegerBadger: { badger: { ephemeral: false, directories: { keys: `${folder}/keys`, values: `${folder}/values` } } },
  };
  try {
    for (const [name, backend] of Object.entries(backends)) {
      const jaeger = await startJaeger(backend);
      try {
        await feed(jaeger.otlpPort, loaded, say);
        Object.assign(results, await ask(name, jaeger.url, samples, loaded, asks, say));
      } finally {
        await jaeger.stop();
      }
    }
  } finally {
    removeFolder(folder);
  }
  return results;
}

async function ask(
  name: string,
  url: string,
  samples: Samples,
  loaded: LoadedSpans,
  asks: number,
  say: (line: string) => void,
): Promise<Results> {
  const results: Record<string, number> = {};
  const warmUp = httpQueries(samples, loaded, warmUpAsks, 1);
  for (const [question, paths] of httpQueries(samples, loaded, asks, 2)) {
    for (const path of warmUp.get(question) ?? []) await read(`${url}${path}`);
    const durationsMs: number[] = [];
    let bytes = 0;
    for (const path of paths) {
      const startedAt = performance.now();
      bytes += await read(`${url}${path}`);
      durationsMs.push(performance.now() - startedAt);
    }
    const [p50, p95] = [percentile(durationsMs, 0.5), percentile(durationsMs, 0.95)];
    results[`${name}${question[0]?.toUpperCase()}${question.slice(1)}P50Ms`] = rounded(p50, 2);
    results[`${name}${question[0]?.toUpperCase()}${question.slice(1)}P95Ms`] = rounded(p95, 2);
    say(
      `${name} ${question.padEnd(16)} p50 ${p50.toFixed(2)} ms, p95 ${p95.toFixed(2)} ms, ` +
        `${(bytes / paths.length / 1000).toFixed(1)} kB each`,
    );
  }
  return results;
}

async function read(url: string): Promise<number> {
  const response = await fetch(url);
  const { byteLength } = await response.arrayBuffer();
  if (!response.ok) throw new Error(`${url} responds with ${response.status}`);
  return byteLength;
}
