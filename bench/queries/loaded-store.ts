import { availableParallelism, totalmem } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import type { CorpusOptions } from '../corpus/corpus.ts';
import type { BenchDatabase } from '../write/bench-database.ts';
import { defaultConnections, openIngestPath } from '../write/ingest-path.ts';
import { startStore } from '../write/processes.ts';
import { settle } from '../write/stored.ts';
import { makeCorpusAside } from './corpus-thread.ts';

const nsPerMs = 1_000_000n;
const msPerDay = 86_400_000;

const spansPerRequest = 1000;
const seed = 7;

/** Concurrent requests: enough for two transactions, and some that wait. */
const requestsInFlight = 16;

const sharedBuffersMb = (totalmem() * 0.4) / 2 ** 20;

/** 40 % of the machine's memory, the maximum that PostgreSQL's manual recommends. */
export const sharedBuffers = `${Math.floor(sharedBuffersMb)}MB`;

/** For each of two servers that run at the same time. */
export const halfOfSharedBuffers = `${Math.floor(sharedBuffersMb / 2)}MB`;

/** The content of the store. */
export interface LoadedSpans {
  readonly spans: number;
  /** In ms since 1970. The spans are distributed over the 24 hours before. */
  readonly endMs: number;
}

/**
 * Fills a database with spans of the shape `clickhouse` over the last 24 hours, through the store's ingest path, and waits
 * until calls are aggregated and tables are vacuumed. A database that already has as many spans stays unchanged.
 */
export async function loadSpans(
  database: BenchDatabase,
  spans: number,
  say: (line: string) => void,
): Promise<LoadedSpans> {
  const known = await findLoaded(database);
  if (known?.spans === spans) {
    say(`${spans} spans are stored, up to ${new Date(known.endMs).toISOString()}`);
    await warm(database, say);
    return known;
  }
  if (known !== undefined)
    throw new Error(`the database must have ${spans} spans, got ${known.spans}: name another one`);
  const endMs = Date.now();
  const startedAt = performance.now();
  await write(database, spans, endMs, say);
  const seconds = (performance.now() - startedAt) / 1000;
  say(`${spans} spans stored in ${seconds.toFixed(0)} s, generated on another of ${availableParallelism()} cores`);
  await untilAtRest(database, say);
  await database.query('CREATE TABLE public.bench_loaded AS SELECT $1::int8 AS spans, $2::int8 AS end_ms', [
    spans,
    endMs,
  ]);
  await warm(database, say);
  return { spans, endMs };
}

/** @returns the options of the corpus in a store, to fill another store with it */
export function corpusOf({ spans, endMs }: LoadedSpans): CorpusOptions {
  return {
    shape: 'clickhouse',
    spans,
    spansPerRequest,
    seed,
    startTimeUnixNano: BigInt(endMs - msPerDay) * nsPerMs,
    durationNano: BigInt(msPerDay) * nsPerMs,
  };
}

async function findLoaded({ query }: BenchDatabase): Promise<LoadedSpans | undefined> {
  const [table] = await query<{ found: boolean }>("SELECT to_regclass('public.bench_loaded') IS NOT NULL AS found");
  if (table?.found !== true) return undefined;
  const [row] = await query<{ spans: string; end_ms: string }>('SELECT spans, end_ms FROM public.bench_loaded');
  return row === undefined ? undefined : { spans: Number(row.spans), endMs: Number(row.end_ms) };
}

async function write(
  database: BenchDatabase,
  spans: number,
  endMs: number,
  say: (line: string) => void,
): Promise<void> {
  const path = await openIngestPath({
    databaseUrl: database.url,
    connections: await defaultConnections(),
    without: [],
  });
  try {
    const underWay = new Set<Promise<void>>();
    let stored = 0;
    for await (const { bytes, spanCount } of makeCorpusAside(corpusOf({ spans, endMs }))) {
      if (underWay.size >= requestsInFlight) await Promise.race(underWay);
      const done = path.ingest(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)).then(() => {
        underWay.delete(done);
        // Freed at once, because the garbage collector would let them accumulate.
        (bytes.buffer as ArrayBuffer).transfer(0);
        const before = stored;
        stored += spanCount;
        if (Math.floor(before / 1e6) < Math.floor(stored / 1e6)) say(`${Math.floor(stored / 1e6)} M spans stored`);
      });
      underWay.add(done);
    }
    await Promise.all(underWay);
  } finally {
    await path.close();
  }
}

/** Runs the store until all calls are aggregated, then the maintenance that autovacuum would do. */
async function untilAtRest(database: BenchDatabase, say: (line: string) => void): Promise<void> {
  const startedAt = performance.now();
  const loadedAt = new Date();
  const store = await startStore(database.url, await defaultConnections(), undefined);
  try {
    while (!(await isCounted(database, loadedAt))) await sleep(1000);
  } finally {
    await store.stop();
  }
  say(`aggregated after ${((performance.now() - startedAt) / 1000).toFixed(0)} s`);
  await settle(database);
  say(`at rest after ${((performance.now() - startedAt) / 1000).toFixed(0)} s`);
}

/** Reads the database into shared buffers as far as it fits, as after some time of operation. */
async function warm({ query }: BenchDatabase, say: (line: string) => void): Promise<void> {
  const startedAt = performance.now();
  const available = await query("SELECT FROM pg_available_extensions WHERE name = 'pg_prewarm'");
  if (available.length === 0) {
    say('NOT WARMED: the server has no pg_prewarm');
    return;
  }
  await query('CREATE EXTENSION IF NOT EXISTS pg_prewarm');
  const [row] = await query<{ megabytes: string }>(
    `SELECT sum(pg_prewarm(oid, 'buffer')) * current_setting('block_size')::int8 / 1000000 AS megabytes
     FROM pg_class WHERE relkind IN ('r', 'i', 't') AND pg_relation_size(oid) > 0`,
  );
  say(`${Number(row?.megabytes).toFixed(0)} MB read in ${((performance.now() - startedAt) / 1000).toFixed(0)} s`);
}

/** Whether all calls are aggregated, also by 5 minutes and hours as far as these are over, and late ones too. */
async function isCounted({ query }: BenchDatabase, loadedAt: Date): Promise<boolean> {
  const [row] = await query<{ counted: boolean }>(
    `SELECT counted_at >= $1 AND rolled_5m >= $1::timestamptz - interval '15 minutes'
       AND rolled_1h >= $1::timestamptz - interval '2 hours' AND NOT EXISTS (SELECT FROM tracestore.late_call) AS counted
     FROM ps_trace.call_progress`,
    [loadedAt],
  );
  return row?.counted === true;
}
