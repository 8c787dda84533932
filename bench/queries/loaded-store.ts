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

/** Requests on their way at once: two transactions' worth, and some that wait. */
const requestsInFlight = 16;

const sharedBuffersMb = (totalmem() * 0.4) / 2 ** 20;

/** 40 % of the machine's memory, the maximum that PostgreSQL's manual recommends. */
export const sharedBuffers = `${Math.floor(sharedBuffersMb)}MB`;

/** For each of two servers that run at the same time. */
export const halfOfSharedBuffers = `${Math.floor(sharedBuffersMb / 2)}MB`;

/** What is in the store. */
export interface LoadedSpans {
  readonly spans: number;
  /** ms since 1970: the spans are spread over the 24 hours before. */
  readonly endMs: number;
}

/**
 * Fills a database with spans of the `clickhouse` shape, over the 24 hours up to now, through the way of writing that the
 * store has, and lets it come to rest. A database that holds as many already is left as it is.
 */
export async function loadSpans(
  database: BenchDatabase,
  spans: number,
  say: (line: string) => void,
): Promise<LoadedSpans> {
  const known = await findLoaded(database);
  if (known?.spans === spans) {
    say(`${spans} spans are there, up to ${new Date(known.endMs).toISOString()}`);
    await warm(database, say);
    return known;
  }
  if (known !== undefined) throw new Error(`the database holds ${known.spans} spans, not ${spans}: name another one`);
  const endMs = Date.now();
  const startedAt = performance.now();
  await write(database, spans, endMs, say);
  const seconds = (performance.now() - startedAt) / 1000;
  say(
    `${spans} spans stored in ${seconds.toFixed(0)} s, with the making of them on the other of ${availableParallelism()} cores`,
  );
  await untilAtRest(database, say);
  await database.query('CREATE TABLE public.bench_loaded AS SELECT $1::int8 AS spans, $2::int8 AS end_ms', [
    spans,
    endMs,
  ]);
  await warm(database, say);
  return { spans, endMs };
}

/** What it was filled with, to fill another store with the same. */
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
        // Freed at once: there is so little else to collect that these would pile up.
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

/** The store runs until its figures have all that is stored; then the database does what it does in time. */
async function untilAtRest(database: BenchDatabase, say: (line: string) => void): Promise<void> {
  const startedAt = performance.now();
  const loadedAt = new Date();
  const store = await startStore(database.url, await defaultConnections(), undefined);
  try {
    while (!(await isCounted(database, loadedAt))) await sleep(1000);
  } finally {
    await store.stop();
  }
  say(`counted after ${((performance.now() - startedAt) / 1000).toFixed(0)} s`);
  await settle(database);
  say(`at rest after ${((performance.now() - startedAt) / 1000).toFixed(0)} s`);
}

/** Has all of it read into the server's memory, as far as there is room, as it is once a server has run for a while. */
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

/** Whether calls are counted, and summed up to minutes and hours, late ones again, as far as they can be now. */
async function isCounted({ query }: BenchDatabase, loadedAt: Date): Promise<boolean> {
  const [row] = await query<{ counted: boolean }>(
    `SELECT counted_at >= $1 AND rolled_5m >= $1::timestamptz - interval '15 minutes'
       AND rolled_1h >= $1::timestamptz - interval '2 hours' AND NOT EXISTS (SELECT FROM tracestore.late_call) AS counted
     FROM ps_trace.call_progress`,
    [loadedAt],
  );
  return row?.counted === true;
}
