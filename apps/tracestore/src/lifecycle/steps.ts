import type { ClientBase } from 'pg';
import type { DatabaseCapabilities } from '../schema/capabilities.js';
import { addMissingPartitions, partitionWidthMs, timedTables } from '../schema/partitions.js';
import { readSqlFile } from '../sql-file.js';
import { type LifecycleConfig, retentionOf } from './lifecycle.config.js';

const compactRollups = readSqlFile(import.meta.url, 'compact-rollups.sql');
const deleteLedger = readSqlFile(import.meta.url, 'delete-ledger.sql');
const deleteStrays = readSqlFile(import.meta.url, 'delete-strays.sql');
const findExpiredPartitions = readSqlFile(import.meta.url, 'find-expired-partitions.sql');
const dropPartition = readSqlFile(import.meta.url, 'drop-partition.sql');
const dropChunks = readSqlFile(import.meta.url, 'drop-chunks.sql');
const enableCompression = readSqlFile(import.meta.url, 'enable-compression.sql');
const setChunkWidth = readSqlFile(import.meta.url, 'set-chunk-width.sql');
const findLooseIndexes = readSqlFile(import.meta.url, 'find-loose-indexes.sql');
const findBrokenIndexes = readSqlFile(import.meta.url, 'find-broken-indexes.sql');
const findCompressibleChunks = readSqlFile(import.meta.url, 'find-compressible-chunks.sql');
const compressChunk = readSqlFile(import.meta.url, 'compress-chunk.sql');
const forgetEntries = readSqlFile(import.meta.url, 'forget-entries.sql');

/** What a step works with. */
export interface LifecycleContext {
  /** In no transaction; has a lock_timeout. */
  readonly client: ClientBase;
  readonly capabilities: DatabaseCapabilities;
  readonly config: LifecycleConfig;
  readonly now: Date;
  /** Ends a step between two portions. */
  readonly signal?: AbortSignal | undefined;
}

/** Something that is done again and again. Doing it twice, or half of it, harms nothing. */
export interface LifecycleStep {
  readonly name: string;
  readonly everyMs: number;
  /** The server gives a statement of this step up after so long. */
  readonly statementTimeoutMs: number;
  /**
   * Resolves with what was done, in words, or undefined when there was nothing to do.
   *
   * @throws DatabaseError of pg; the next run goes on from what was done
   */
  run(context: LifecycleContext): Promise<string | undefined>;
}

const secondMs = 1_000;
const minuteMs = 60 * secondMs;
const hourMs = 60 * minuteMs;
const dayMs = 24 * hourMs;

/** Rows a portion: a transaction of tens of milliseconds. */
const rowsPerPortion = 5_000;
const deltasPerPortion = 200;

/** Portions a run, so that one step never keeps the others waiting for long. */
const portionsPerRun = 200;

/** How long beyond all retention a dictionary's row stays: many times longer than any writer believes it is there. */
const dictionaryGraceMs = 2 * dayMs;

/** In the order in which they are done. */
export const lifecycleSteps: readonly LifecycleStep[] = [
  { name: 'partitions', everyMs: minuteMs, statementTimeoutMs: 10 * minuteMs, run: addPartitions },
  { name: 'rollups', everyMs: 10 * secondMs, statementTimeoutMs: minuteMs, run: compact },
  { name: 'retention', everyMs: 10 * minuteMs, statementTimeoutMs: minuteMs, run: dropExpired },
  { name: 'ledger', everyMs: 10 * minuteMs, statementTimeoutMs: minuteMs, run: cleanLedger },
  { name: 'compression', everyMs: 10 * minuteMs, statementTimeoutMs: 2 * hourMs, run: compress },
  { name: 'indexes', everyMs: 10 * minuteMs, statementTimeoutMs: 2 * hourMs, run: packIndexes },
  { name: 'dictionaries', everyMs: hourMs, statementTimeoutMs: 10 * minuteMs, run: cleanDictionaries },
];

/** Makes partitions ahead of time, and gives those rows of the default partition a home that are many. */
export async function addPartitions({
  client,
  config,
  capabilities,
  now,
}: LifecycleContext): Promise<string | undefined> {
  const added = [];
  for (const table of timedTables) {
    const retentionMs = retentionOf(table, config);
    if (capabilities.storage === 'hypertables') {
      await client.query(setChunkWidth, [table, partitionWidthMs(retentionMs) / secondMs]);
    } else {
      added.push(...(await addMissingPartitions(client, table, now, retentionMs)));
    }
  }
  if (added.length === 0) return undefined;
  const moved = added.reduce((sum, { movedRows }) => sum + movedRows, 0);
  const tables = [...new Set(added.map(({ table }) => table))].join(', ');
  return `added ${added.length} partitions to ${tables}${moved === 0 ? '' : ` and moved ${moved} rows into them`}`;
}

/** Drops whole partitions or chunks that are beyond retention, and such rows of the default partitions. */
export async function dropExpired(context: LifecycleContext): Promise<string | undefined> {
  const { client, config, capabilities, now } = context;
  const dropped: string[] = [];
  let rowCount = 0;
  for (const table of timedTables) {
    const cutoff = new Date(now.getTime() - retentionOf(table, config));
    if (capabilities.storage === 'hypertables') {
      const { rows } = await client.query<{ chunk: string }>(dropChunks, [table, cutoff]);
      dropped.push(...rows.map(({ chunk }) => chunk));
      continue;
    }
    const { rows } = await client.query<{ partition: string }>(findExpiredPartitions, [table, cutoff]);
    for (const { partition } of rows) {
      await client.query(dropPartition, [table, partition]);
      dropped.push(partition);
    }
    rowCount += await inPortions(context, deleteStrays, [table, cutoff, rowsPerPortion]);
  }
  const done = [
    ...(dropped.length === 0 ? [] : [`dropped ${dropped.join(', ')}`]),
    ...(rowCount === 0 ? [] : [`deleted ${rowCount} rows of default partitions`]),
  ];
  return done.length === 0 ? undefined : done.join(' and ');
}

/** Moves what transactions added to the figures of operations to where they are summed. */
export async function compact(context: LifecycleContext): Promise<string | undefined> {
  const count = await inPortions(context, compactRollups, [deltasPerPortion]);
  return count === 0 ? undefined : `compacted ${count} rows`;
}

/** Forgets requests whose retry nobody waits for any more. */
export async function cleanLedger(context: LifecycleContext): Promise<string | undefined> {
  const cutoff = new Date(context.now.getTime() - context.config.ledgerRetentionMs);
  const count = await inPortions(context, deleteLedger, [cutoff, rowsPerPortion]);
  return count === 0 ? undefined : `forgot ${count} requests`;
}

/** Compresses the chunks that nobody writes to any more. */
export async function compress({
  client,
  config,
  capabilities,
  now,
  signal,
}: LifecycleContext): Promise<string | undefined> {
  if (!capabilities.compression) return undefined;
  for (const table of timedTables) {
    // Most of a block is random bits, which nothing compresses.
    if (table !== 'span_block') await client.query(enableCompression, [table]);
  }
  const cutoff = new Date(now.getTime() - config.compressAfterMs);
  const { rows } = await client.query<{ chunk: string }>(findCompressibleChunks, [cutoff]);
  const compressed: string[] = [];
  for (const { chunk } of rows) {
    if (signal?.aborted === true) break;
    const { rows: outcome } = await client.query<{ compressed: boolean }>(compressChunk, [chunk]);
    if (outcome[0]?.compressed === true) compressed.push(chunk);
  }
  return compressed.length === 0 ? undefined : `compressed ${compressed.join(', ')}`;
}

/**
 * Builds the indexes of partitions anew that nobody writes to any more. Rows that came in another order than that of an
 * index have left its pages half full: packed, an index of operations takes three fifths of it.
 */
export async function packIndexes({
  client,
  config,
  capabilities,
  now,
  signal,
}: LifecycleContext): Promise<string | undefined> {
  if (capabilities.storage === 'hypertables') return undefined;
  for (const { index } of (await client.query<{ index: string }>(findBrokenIndexes)).rows) {
    await client.query(`DROP INDEX ${index}`);
  }
  const cutoff = new Date(now.getTime() - config.compressAfterMs);
  const { rows } = await client.query<{ index: string }>(findLooseIndexes, [cutoff]);
  let packed = 0;
  // The names come from the database, quoted where they have to be.
  for (const { index } of rows) {
    if (signal?.aborted === true) break;
    await client.query(`ALTER INDEX ${index} SET (fillfactor = 100)`);
    try {
      await client.query(`REINDEX INDEX CONCURRENTLY ${index}`);
    } catch (error) {
      await client.query(`ALTER INDEX ${index} RESET (fillfactor)`);
      throw error;
    }
    packed++;
  }
  return packed === 0 ? undefined : `packed ${packed} indexes`;
}

/** Forgets resources, scopes and operations that nothing refers to any more. */
export async function cleanDictionaries(context: LifecycleContext): Promise<string | undefined> {
  const { config, now } = context;
  const keptMs = Math.max(config.retentionMs, config.rollupRetentionMs) + dictionaryGraceMs;
  const cutoff = new Date(now.getTime() - keptMs);
  const done: string[] = [];
  for (const table of ['resource', 'scope', 'operation']) {
    const count = await inPortions(context, forgetEntries, [table, now, cutoff, rowsPerPortion]);
    if (count > 0) done.push(`${count} of ${table}`);
  }
  return done.length === 0 ? undefined : `forgot ${done.join(', ')}`;
}

/** Runs a statement, each time in a transaction of its own, until it finds nothing; the sum of what it counted. */
async function inPortions(
  { client, signal }: LifecycleContext,
  sql: string,
  values: readonly unknown[],
): Promise<number> {
  let sum = 0;
  for (let portion = 0; portion < portionsPerRun; portion++) {
    if (signal?.aborted === true) break;
    const { rows } = await client.query<{ count: number }>(sql, [...values]);
    const count = rows[0]?.count ?? 0;
    if (count === 0) break;
    sum += count;
  }
  return sum;
}
