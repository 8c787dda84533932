import { setTimeout as sleep } from 'node:timers/promises';
import { Client, DatabaseError, type QueryResultRow } from 'pg';
import type { BenchDatabase } from './bench-database.ts';

/** The tables that grow with the spans. */
export const spanTables = ['span', 'event', 'link'] as const;

/** Rows by table. */
export type RowCounts = Readonly<Record<(typeof spanTables)[number], number>>;

export async function countRows({ query }: BenchDatabase): Promise<RowCounts> {
  const counts = spanTables.map((table) => `(SELECT count(*)::int FROM tracestore.${table}) AS ${table}`);
  const [row] = await query<RowCounts & QueryResultRow>(`SELECT ${counts.join(', ')}`);
  if (row === undefined) throw new Error('the count has no row');
  return row;
}

/** @returns the number of transactions that wrote the spans */
export async function countTransactions({ query }: BenchDatabase): Promise<number> {
  const [row] = await query<{ count: number }>('SELECT count(DISTINCT xmin::text)::int AS count FROM tracestore.span');
  return row?.count ?? 0;
}

/**
 * Empties all tables except dictionaries and migrations, so that a store finds the dictionaries of one that has run for
 * some time.
 */
export async function empty({ query }: BenchDatabase): Promise<void> {
  const tables = await query<{ name: string }>(
    `SELECT format('%I.%I', n.nspname, c.relname) AS name
     FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
     WHERE n.nspname = 'tracestore' AND c.relkind IN ('r', 'p') AND NOT c.relispartition
       AND c.relname !~ 'migration|_lock$|^lifecycle_'
       AND c.relname NOT IN ('resource', 'scope', 'operation', 'call_state', 'time_gap', 'applied_retention')
     -- In the order in which writers and the count of calls take their locks.
     ORDER BY c.relname <> 'ledger', c.relname <> 'span', c.relname`,
  );
  await truncate(query, `TRUNCATE ${tables.map(({ name }) => name).join(', ')}`);
  await query('CHECKPOINT');
}

/** The store's lifecycle may lock the tables in another order. PostgreSQL then cancels one of the two transactions. */
async function truncate(query: BenchDatabase['query'], sql: string): Promise<void> {
  for (let tries = 1; ; tries++) {
    try {
      await query(sql);
      return;
    } catch (error) {
      if (!(error instanceof DatabaseError) || error.code !== deadlockDetected || tries === mostTries) throw error;
    }
  }
}

const deadlockDetected = '40P01';
const mostTries = 10;

/** The size of one relation on disk. */
export interface DiskUse {
  readonly name: string;
  readonly bytes: number;
}

/** @returns tables and indexes; partitions and chunks count for the table or index that they are part of */
export async function diskUse({ query }: BenchDatabase): Promise<readonly DiskUse[]> {
  return query<DiskUse & QueryResultRow>(
    `WITH stored AS (
       SELECT coalesce(pg_partition_root(c.oid), c.oid)::regclass::text AS name,
         pg_relation_size(c.oid) + coalesce(pg_total_relation_size(nullif(c.reltoastrelid, 0)), 0)
           + pg_relation_size(c.oid, 'fsm') + pg_relation_size(c.oid, 'vm') AS bytes
       FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
       WHERE n.nspname IN ('tracestore', '_timescaledb_internal') AND c.relkind IN ('r', 'i', 'm')
     )
     SELECT name, sum(bytes)::float8 AS bytes FROM stored GROUP BY name HAVING sum(bytes) > 0 ORDER BY bytes DESC`,
  );
}

/**
 * Prevents stores from aggregating calls, so that writing is measured alone.
 *
 * @returns a function that allows it again
 */
export async function holdCounting({ url }: BenchDatabase): Promise<() => Promise<void>> {
  const client = new Client(url);
  await client.connect();
  await client.query('BEGIN');
  await client.query('LOCK TABLE tracestore.calls_lock IN EXCLUSIVE MODE');
  return () => client.end();
}

/** Waits until the store has aggregated the calls of all spans. */
export async function untilCounted({ query }: BenchDatabase): Promise<void> {
  const deadline = performance.now() + settleTimeoutMs;
  for (;;) {
    const [row] = await query<{ waits: boolean }>(
      `SELECT tracestore.has_uncounted_spans('-infinity', 'infinity') AS waits`,
    );
    if (row?.waits === false) return;
    if (performance.now() > deadline) throw new Error('the store did not aggregate all calls in time');
    await sleep(500);
  }
}

const settleTimeoutMs = 120_000;

/** Does the maintenance that PostgreSQL and the store would do eventually. */
export async function settle({ query }: BenchDatabase): Promise<void> {
  const indexes = await query<{ name: string }>(
    `SELECT i.indexrelid::regclass::text AS name
     FROM pg_index i
     JOIN pg_class c ON c.oid = i.indexrelid
     JOIN pg_am a ON a.oid = c.relam
     JOIN pg_class t ON t.oid = i.indrelid
     WHERE c.relnamespace = 'tracestore'::regnamespace AND a.amname = 'btree' AND t.relispartition`,
  );
  for (const { name } of indexes) {
    await query(`ALTER INDEX ${name} SET (fillfactor = 100)`);
    await query(`REINDEX INDEX ${name}`);
  }
  await query('VACUUM (ANALYZE)');
  await query('CHECKPOINT');
}

/** Compresses every chunk. @returns false without TimescaleDB or with its Apache edition */
export async function compress({ query }: BenchDatabase): Promise<boolean> {
  const [found] = await query<{ found: boolean }>(
    "SELECT to_regclass('timescaledb_information.hypertables') IS NOT NULL AS found",
  );
  if (found?.found !== true) return false;
  const chunks = await query<{ chunk: string }>(
    `SELECT format('%I.%I', c.chunk_schema, c.chunk_name) AS chunk
     FROM timescaledb_information.chunks c
     JOIN timescaledb_information.hypertables h USING (hypertable_schema, hypertable_name)
     WHERE c.hypertable_schema = 'tracestore' AND h.compression_enabled AND NOT c.is_compressed`,
  );
  for (const { chunk } of chunks) await query('SELECT compress_chunk($1::regclass)', [chunk]);
  return chunks.length > 0;
}
