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

/** What a step works with. */
export interface LifecycleContext {
  /** In no transaction; has a lock_timeout. */
  readonly client: ClientBase;
  readonly capabilities: DatabaseCapabilities;
  /** What is applied: see `applyRetentions`. */
  readonly config: LifecycleConfig;
  /** Ends a step between two portions. */
  readonly signal?: AbortSignal | undefined;
}

/** Something that is done again and again. Doing it twice, or half of it, harms nothing. */
export interface LifecycleStep {
  readonly name: string;
  readonly everyMs: number;
  /** The server gives a statement of this step up after so long. */
  readonly statementTimeoutMs: number;
  /** Whether it removes or rewrites what is of some age. A store whose clock is not the database's leaves that alone. */
  readonly goesByAge: boolean;
  /**
   * Resolves with what was done, in words, or undefined when there was nothing to do.
   *
   * @throws DatabaseError of pg; the next run goes on from what was done
   */
  run(context: LifecycleContext): Promise<string | undefined>;
}

const secondMs = 1_000;

/** Rows a portion: a transaction of tens of milliseconds. */
const rowsPerPortion = 5_000;

/** Portions a run, so that one step never keeps the others waiting for long. */
const portionsPerRun = 200;

/** How long beyond all retention a dictionary's row stays: many times longer than a writer may rely on it. */
const dictionaryGraceMs = 2 * dayMs;

/** In the order in which they are done. */
export const lifecycleSteps: readonly LifecycleStep[] = [
  { name: 'partitions', everyMs: minuteMs, statementTimeoutMs: 10 * minuteMs, goesByAge: false, run: addPartitions },
  { name: 'retention', everyMs: 10 * minuteMs, statementTimeoutMs: 10 * minuteMs, goesByAge: true, run: dropExpired },
  { name: 'ledger', everyMs: 10 * minuteMs, statementTimeoutMs: minuteMs, goesByAge: true, run: cleanLedger },
  { name: 'compression', everyMs: 10 * minuteMs, statementTimeoutMs: 2 * hourMs, goesByAge: true, run: compress },
  { name: 'indexes', everyMs: 10 * minuteMs, statementTimeoutMs: 2 * hourMs, goesByAge: true, run: packIndexes },
  { name: 'dictionaries', everyMs: hourMs, statementTimeoutMs: 10 * minuteMs, goesByAge: true, run: cleanDictionaries },
];

/** Makes partitions ahead of time, and gives those rows of the default partition a home that are many. */
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
 * Drops whole partitions or chunks whose time is beyond retention and of which nothing was received within it, and such
 * rows of the partitions that hold any time.
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
    ...(rowCount === 0 ? [] : [`deleted ${rowCount} rows that came too early or too late for a partition`]),
  ];
  return done.length === 0 ? undefined : done.join(' and ');
}

/** Forgets requests whose retry nobody waits for any more. */
export async function cleanLedger(context: LifecycleContext): Promise<string | undefined> {
  const keptSeconds = context.config.ledgerRetentionMs / secondMs;
  const count = await inPortions(context, deleteLedger, [keptSeconds, rowsPerPortion]);
  return count === 0 ? undefined : `forgot ${count} requests`;
}

/** Compresses the chunks that nobody writes to any more. */
export async function compress({
  client,
  config,
  capabilities,
  signal,
}: LifecycleContext): Promise<string | undefined> {
  if (!capabilities.compression) return undefined;
  const compressed: string[] = [];
  for (const table of timedTables) {
    // Most of a block is random bits, which nothing compresses.
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
 * Builds the indexes of partitions anew that nobody writes to any more. Rows that came in another order than that of an
 * index have left its pages half full: packed, an index of operations takes three fifths of it.
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

/** Forgets resources, scopes and operations that nothing refers to any more. */
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
