import type { ClientBase } from 'pg';
import { dayMs, hourMs, minuteMs } from '../duration.js';
import type { DatabaseCapabilities } from '../schema/capabilities.js';
import { addMissingPartitions, partitionWidthMs, retentionOf, timedTables } from '../schema/partitions.js';
import { readSqlFile } from '../sql-file.js';
import type { LifecycleConfig } from '../config/lifecycle.config.js';

const deleteLedger = readSqlFile(import.meta.url, 'delete-ledger.sql');
const findExpiredParts = readSqlFile(import.meta.url, 'find-expired-parts.sql');
const dropPart = readSqlFile(import.meta.url, 'drop-part.sql');
const findMixedParts = readSqlFile(import.meta.url, 'find-mixed-parts.sql');
const deleteExpiredRows = readSqlFile(import.meta.url, 'delete-expired-rows.sql');
const enableCompression = readSqlFile(import.meta.url, 'enable-compression.sql');
const setChunkWidth = readSqlFile(import.meta.url, 'set-chunk-width.sql');
const findLooseIndexes = readSqlFile(import.meta.url, 'find-loose-indexes.sql');
const findBrokenIndexes = readSqlFile(import.meta.url, 'find-broken-indexes.sql');
const findCompressibleChunks = readSqlFile(import.meta.url, 'find-compressible-chunks.sql');
const compressChunk = readSqlFile(import.meta.url, 'compress-chunk.sql');
const forgetEntries = readSqlFile(import.meta.url, 'forget-entries.sql');

/** The context of a step. */
export interface LifecycleContext {
  /** In no transaction, with a lock_timeout. */
  readonly client: ClientBase;
  readonly capabilities: DatabaseCapabilities;
  /** The retentions that apply: see `applyRetentions`. */
  readonly config: LifecycleConfig;
  /** Ends a step between two batches. */
  readonly signal?: AbortSignal | undefined;
}

/** A repeated step of maintenance. It may run twice or end halfway without harm. */
export interface LifecycleStep {
  readonly name: string;
  readonly everyMs: number;
  /** The statement time-out of this step. */
  readonly statementTimeoutMs: number;
  /** Whether it removes or rewrites rows by age. A store whose clock differs from the database's skips such a step. */
  readonly goesByAge: boolean;
  /**
   * Resolves with a description of the work, or undefined if there was none.
   *
   * @throws DatabaseError of pg; the next run continues
   */
  run(context: LifecycleContext): Promise<string | undefined>;
}

const secondMs = 1_000;

/** Rows of a batch, which is a transaction of tens of milliseconds. */
const rowsPerPortion = 5_000;

/** Batches in a run, so that no step delays the others for long. */
const portionsPerRun = 200;

/** How long a dictionary entry is kept beyond all retentions: many times longer than a writer may cache it. */
const dictionaryGraceMs = 2 * dayMs;

/** The steps in their order. */
export const lifecycleSteps: readonly LifecycleStep[] = [
  { name: 'partitions', everyMs: minuteMs, statementTimeoutMs: 10 * minuteMs, goesByAge: false, run: addPartitions },
  { name: 'retention', everyMs: 10 * minuteMs, statementTimeoutMs: 10 * minuteMs, goesByAge: true, run: dropExpired },
  { name: 'ledger', everyMs: 10 * minuteMs, statementTimeoutMs: minuteMs, goesByAge: true, run: cleanLedger },
  { name: 'compression', everyMs: 10 * minuteMs, statementTimeoutMs: 2 * hourMs, goesByAge: true, run: compress },
  { name: 'indexes', everyMs: 10 * minuteMs, statementTimeoutMs: 2 * hourMs, goesByAge: true, run: packIndexes },
  { name: 'dictionaries', everyMs: hourMs, statementTimeoutMs: 10 * minuteMs, goesByAge: true, run: cleanDictionaries },
];

/** Creates partitions ahead of time, and moves many default-partition rows of a range to a partition of their own. */
export async function addPartitions({ client, config, capabilities }: LifecycleContext): Promise<string | undefined> {
  const added = [];
  for (const table of timedTables) {
    const retentionMs = retentionOf(table, config);
    if (capabilities.storage === 'hypertables') {
      await client.query(setChunkWidth, [table, partitionWidthMs(retentionMs) / secondMs]);
    } else {
      added.push(...(await addMissingPartitions(client, table, retentionMs)));
    }
  }
  if (added.length === 0) return undefined;
  const moved = added.reduce((sum, { movedRows }) => sum + movedRows, 0);
  const tables = [...new Set(added.map(({ table }) => table))].join(', ');
  return `added ${added.length} partitions to ${tables}${moved === 0 ? '' : ` and moved ${moved} rows into them`}`;
}

/**
 * Drops whole partitions or chunks that are beyond retention and received nothing within it. Deletes such rows of the
 * default partitions.
 */
export async function dropExpired(context: LifecycleContext): Promise<string | undefined> {
  const { client, config, signal } = context;
  const dropped: string[] = [];
  let rowCount = 0;
  for (const table of timedTables) {
    const keptSeconds = retentionOf(table, config) / secondMs;
    const { rows: expired } = await client.query<{ part: string }>(findExpiredParts, [table, keptSeconds]);
    for (const { part } of expired) {
      if (signal?.aborted === true) break;
      const { rows } = await client.query<{ dropped: boolean }>(dropPart, [table, part, keptSeconds]);
      if (rows[0]?.dropped === true) dropped.push(part);
    }
    const { rows: mixed } = await client.query<{ part: string }>(findMixedParts, [table, keptSeconds]);
    for (const { part } of mixed) {
      rowCount += await inPortions(context, deleteExpiredRows, [table, part, keptSeconds, rowsPerPortion]);
    }
  }
  const done = [
    ...(dropped.length === 0 ? [] : [`dropped ${dropped.join(', ')}`]),
    ...(rowCount === 0 ? [] : [`deleted ${rowCount} rows that arrived too early or too late for a partition`]),
  ];
  return done.length === 0 ? undefined : done.join(' and ');
}

/** Deletes digests of requests that are not retried any more. */
export async function cleanLedger(context: LifecycleContext): Promise<string | undefined> {
  const keptSeconds = context.config.ledgerRetentionMs / secondMs;
  const count = await inPortions(context, deleteLedger, [keptSeconds, rowsPerPortion]);
  return count === 0 ? undefined : `forgot ${count} requests`;
}

/** Compresses chunks that are not written to any more. */
export async function compress({
  client,
  config,
  capabilities,
  signal,
}: LifecycleContext): Promise<string | undefined> {
  if (!capabilities.compression) return undefined;
  const compressed: string[] = [];
  for (const table of timedTables) {
    // A block is mostly random bits, which cannot be compressed.
    if (table === 'span_block') continue;
    await client.query(enableCompression, [table]);
    const ages = [config.compressAfterMs / secondMs, retentionOf(table, config) / secondMs];
    const { rows } = await client.query<{ chunk: string }>(findCompressibleChunks, [table, ...ages]);
    for (const { chunk } of rows) {
      if (signal?.aborted === true) break;
      const { rows: outcome } = await client.query<{ compressed: boolean }>(compressChunk, [chunk]);
      if (outcome[0]?.compressed === true) compressed.push(chunk);
    }
  }
  return compressed.length === 0 ? undefined : `compressed ${compressed.join(', ')}`;
}

/**
 * Rebuilds the indexes of partitions that are not written to any more. Rows that arrived in another order than that of an
 * index have left its pages half full. A rebuilt index of operations has three fifths of the size.
 */
export async function packIndexes({
  client,
  config,
  capabilities,
  signal,
}: LifecycleContext): Promise<string | undefined> {
  if (capabilities.storage === 'hypertables') return undefined;
  for (const { index } of (await client.query<{ index: string }>(findBrokenIndexes)).rows) {
    await client.query(`DROP INDEX ${index}`);
  }
  const { rows } = await client.query<{ index: string }>(findLooseIndexes, [config.compressAfterMs / secondMs]);
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

/** Deletes resources, scopes and operations that no row refers to any more. */
export async function cleanDictionaries(context: LifecycleContext): Promise<string | undefined> {
  const { config } = context;
  const keptMs = Math.max(config.retentionMs, config.aggregateRetentionMs) + dictionaryGraceMs;
  const done: string[] = [];
  for (const table of ['resource', 'scope', 'operation']) {
    const count = await inPortions(context, forgetEntries, [table, keptMs / secondMs, rowsPerPortion]);
    if (count > 0) done.push(`${count} of ${table}`);
  }
  return done.length === 0 ? undefined : `forgot ${done.join(', ')}`;
}

/** Repeats a statement, each time in a transaction of its own, until it finds nothing. @returns the sum of its counts */
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
