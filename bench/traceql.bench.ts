import { parseArgs } from 'node:util';
import { loadSpans, sharedBuffers } from './queries/loaded-store.ts';
import { percentile } from './queries/percentile.ts';
import { type Results, rounded } from './results.ts';
import { makeTraceqlAsks } from './traceql/traceql-asks.ts';
import { startBenchDatabase } from './write/bench-database.ts';

/** Queries of each kind that run before the clock starts. They are others than those that count. */
const warmUpAsks = 5;

/**
 * Measures queries in TraceQL over the spans of `npm run bench -- queries`, as 95th percentiles in ms. docs/benchmarks.md explains each
 * result.
 */
export async function traceqlBench(say: (line: string) => void, args: readonly string[]): Promise<Results> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      spans: { type: 'string', default: '10000000' },
      asks: { type: 'string', default: '30' },
      keep: { type: 'string' },
    },
  });
  const spans = countOf('spans', values.spans, 10_000);
  const asks = countOf('asks', values.asks, 5);
  const database = await startBenchDatabase({ sharedBuffers, keptFolder: values.keep });
  try {
    const loaded = await loadSpans(database, spans, say);
    const warmUp = await makeTraceqlAsks(database, loaded, warmUpAsks, 1);
    const measured = await makeTraceqlAsks(database, loaded, asks, 2);
    const results: Record<string, number> = {};
    for (const [name, questions] of measured.asks) {
      for (const ask of warmUp.asks.get(name) ?? []) await ask();
      const durationsMs: number[] = [];
      let answers = 0;
      for (const ask of questions) {
        const startedAt = performance.now();
        answers += await ask();
        durationsMs.push(performance.now() - startedAt);
      }
      results[name] = rounded(percentile(durationsMs, 0.95), 2);
      say(
        `${name.padEnd(16)} p50 ${percentile(durationsMs, 0.5).toFixed(2)} ms, p95 ${results[name]} ms; ` +
          `${(answers / questions.length).toFixed(1)} answers each`,
      );
    }
    await Promise.all([warmUp.close(), measured.close()]);
    return results;
  } finally {
    await database.stop();
  }
}

function countOf(name: string, text: string, least: number): number {
  const value = Number(text);
  if (Number.isInteger(value) && value >= least) return value;
  throw new Error(`--${name} must be an integer of at least ${least}, got ${text}`);
}
