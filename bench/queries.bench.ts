import path from 'node:path';
import { parseArgs } from 'node:util';
import { type Results, rounded } from './results.ts';
import { Asks } from './queries/asks.ts';
import { compareBuilds } from './queries/compare-builds.ts';
import { compressOld } from './queries/compress-old.ts';
import { measureDifferences } from './queries/differences.ts';
import { halfOfSharedBuffers, loadSpans, sharedBuffers } from './queries/loaded-store.ts';
import { askPanels } from './queries/panels.ts';
import { percentile } from './queries/percentile.ts';
import { type QueryProcess, startQueryProcess } from './queries/query-process.ts';
import { openReadModel } from './queries/read-model.ts';
import { type BenchDatabase, startBenchDatabase, useBenchDatabase } from './write/bench-database.ts';
import { ownRoot } from './write/processes.ts';

interface QueriesOptions {
  readonly spans: number;
  readonly asks: number;
  readonly keptFolder: string | undefined;
  readonly databaseUrl: string | undefined;
  /** Another built checkout to compare this one with; nothing else is measured. */
  readonly before: string | undefined;
}

/** Queries of each kind that run before the clock starts. They are others than those that count. */
const warmUpAsks = 25;

/**
 * Measures the queries of the read model and the dashboards, over ten million spans of a day. docs/benchmarks.md explains
 * each result.
 */
export async function queriesBench(say: (line: string) => void, args: readonly string[]): Promise<Results> {
  const options = readOptions(args);
  if (options.before !== undefined) return compareWith(options.before, options, say);
  const embedded = await measure(
    await startBenchDatabase({ sharedBuffers, keptFolder: options.keptFolder }),
    options,
    say,
  );
  if (options.databaseUrl === undefined) return embedded;
  const given = await measure(await useBenchDatabase(options.databaseUrl), options, say);
  return { ...embedded, ...Object.fromEntries(Object.entries(given).map(([name, value]) => [`${name}Given`, value])) };
}

function readOptions(args: readonly string[]): QueriesOptions {
  const { values } = parseArgs({
    args: [...args],
    options: {
      spans: { type: 'string', default: '10000000' },
      asks: { type: 'string', default: '100' },
      keep: { type: 'string' },
      database: { type: 'string' },
      before: { type: 'string' },
    },
  });
  if (values.before !== undefined && values.database !== undefined) {
    throw new Error('--before compares builds on embedded databases: it excludes --database');
  }
  const count = (name: string, text: string, least: number): number => {
    const value = Number(text);
    if (Number.isInteger(value) && value >= least) return value;
    throw new Error(`--${name} must be an integer of at least ${least}, got ${text}`);
  };
  return {
    spans: count('spans', values.spans, 10_000),
    asks: count('asks', values.asks, 10),
    keptFolder: values.keep,
    databaseUrl: values.database ?? process.env['TEST_DATABASE_URL'],
    before: values.before === undefined ? undefined : path.resolve(values.before),
  };
}

/** Compares this build with that of another checkout, each on a database of its own with the same spans. */
async function compareWith(
  root: string,
  { spans, asks, keptFolder }: QueriesOptions,
  say: (line: string) => void,
): Promise<Results> {
  const sides = [
    { checkout: ownRoot, folder: keptFolder },
    { checkout: root, folder: keptFolder === undefined ? undefined : `${keptFolder}-before` },
  ];
  const databases: BenchDatabase[] = [];
  const processes: QueryProcess[] = [];
  try {
    for (const { checkout, folder } of sides) {
      const database = await startBenchDatabase({ sharedBuffers: halfOfSharedBuffers, keptFolder: folder });
      databases.push(database);
      say(`${checkout}: loading`);
      processes.push(await startQueryProcess({ root: checkout, databaseUrl: database.url, spans, asks }));
    }
    const [build, before] = processes;
    if (build === undefined || before === undefined) throw new Error('a build has no process');
    return await compareBuilds(build, before, asks, say);
  } finally {
    await Promise.all(processes.map((one) => one.leave()));
    await Promise.all(databases.map((database) => database.stop()));
  }
}

async function measure(
  database: BenchDatabase,
  { spans, asks }: QueriesOptions,
  say: (line: string) => void,
): Promise<Results> {
  try {
    const loaded = await loadSpans(database, spans, say);
    const compressed = await compressOld(database);
    if (compressed > 0) say(`${compressed} chunks compressed`);
    const model = await openReadModel(database.url);
    try {
      const results: Record<string, number> = {};
      const warmUp = await new Asks(database, model, loaded, 1).make(warmUpAsks);
      const measured = await new Asks(database, model, loaded, 2).make(asks);
      for (const [name, questions] of measured) {
        for (const ask of warmUp.get(name) ?? []) await ask();
        const durationsMs: number[] = [];
        let answers = 0;
        for (const ask of questions) {
          const startedAt = performance.now();
          answers += await ask();
          durationsMs.push(performance.now() - startedAt);
        }
        const p95 = rounded(percentile(durationsMs, 0.95), 2);
        results[name] = p95;
        say(
          `${name.padEnd(16)} p50 ${percentile(durationsMs, 0.5).toFixed(2)} ms, p95 ${p95} ms, ` +
            `slowest ${Math.max(...durationsMs).toFixed(2)} ms; ${(answers / questions.length).toFixed(1)} answers each`,
        );
      }
      return {
        ...results,
        ...(await measureDifferences(database.url, loaded, asks, say)),
        ...(await askPanels(database.url, loaded, await model.findServices(), say)),
      };
    } finally {
      await model.close();
    }
  } finally {
    await database.stop();
  }
}
