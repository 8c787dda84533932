import type { ClientBase } from 'pg';
import { dayMs, hourMs, minuteMs } from '../duration.js';
import type { DatabaseCapabilities } from '../schema/capabilities.js';
import { addMissingPartitions, partitionWidthMs, retentionOf, timedTables } from '../schema/partitions.js';
import { type BoundStatement, readSql } from '../sql.js';
import type { LifecycleConfig } from '../config/lifecycle.config.js';
import type { LifecycleWork } from '../metrics/lifecycle-metrics.service.js';

interface OfTable {
  readonly table: string;
}

interface OfAge {
  readonly kept_s: number;
}

interface OfPart extends OfTable, OfAge {
  readonly part: string;
}

interface Limited {
  readonly limit: number;
}

interface OfIndex {
  readonly index: string;
}

const deleteLedger = readSql<OfAge & Limited>(import.meta.url, 'delete-ledger.sql');
const findExpiredParts = readSql<OfTable & OfAge>(import.meta.url, 'find-expired-parts.sql');
const dropPart = readSql<OfPart>(import.meta.url, 'drop-part.sql');
const findMixedParts = readSql<OfTable & OfAge>(import.meta.url, 'find-mixed-parts.sql');
const deleteExpiredRows = readSql<OfPart & Limited>(import.meta.url, 'delete-expired-rows.sql');
const enableCompression = readSql<OfTable>(import.meta.url, 'enable-compression.sql');
const setChunkWidth = readSql<OfTable & { readonly width_s: number }>(import.meta.url, 'set-chunk-width.sql');
const findLooseIndexes = readSql<{ readonly older_s: number }>(import.meta.url, 'find-loose-indexes.sql');
const findBrokenIndexes = readSql(import.meta.url, 'find-broken-indexes.sql');
const dropIndex = readSql<OfIndex>(import.meta.url, 'drop-index.sql');
const fillPages = readSql<OfIndex>(import.meta.url, 'fill-pages.sql');
const resetFillfactor = readSql<OfIndex>(import.meta.url, 'reset-fillfactor.sql');
const rebuildIndex = readSql<OfIndex>(import.meta.url, 'rebuild-index.sql');
const findCompressibleChunks = readSql<OfTable & { readonly older_s: number; readonly younger_s: number }>(
  import.meta.url,
  'find-compressible-chunks.sql',
);
const compressChunk = readSql<{ readonly chunk: string }>(import.meta.url, 'compress-chunk.sql');
const forgetEntries = readSql<OfTable & OfAge & Limited>(import.meta.url, 'forget-entries.sql');

/** The context of a step. */
export interface LifecycleContext {
  /** In no transaction, with a lock_timeout. */
  readonly client: ClientBase;
  readonly capabilities: DatabaseCapabilities;
  /** The retentions that apply: see `applyRetentions`. */
  readonly config: LifecycleConfig;
  /** Ends a step between two batches. */
  readonly signal?: AbortSignal | undefined;
  /** Counts what a step has done, for the metrics. */
  readonly worked?: (work: LifecycleWork, count: number) => void;
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

/** Rows of a batch: a transaction of tens of milliseconds. */
const rowsPerBatch = 5_000;

/** Batches of a run, so that no step delays the others for long. */
const batchesPerRun = 200;

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
export async function addPartitions({
  client,
  config,
  capabilities,
  worked,
}: LifecycleContext): Promise<string | undefined> {
  const added = [];
  for (const table of timedTables) {
    const retentionMs = retentionOf(table, config);
    if (capabilities.storage === 'hypertables') {
      await client.query(setChunkWidth.bind({ table, width_s: partitionWidthMs(retentionMs) / secondMs }));
    } else {
      added.push(...(await addMissingPartitions(client, table, retentionMs)));
    }
  }
  worked?.('partitions-added', added.length);
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
  const { client, config, signal, worked } = context;
  const dropped: string[] = [];
  let rowCount = 0;
  for (const table of timedTables) {
    const kept_s = retentionOf(table, config) / secondMs;
    const { rows: expired } = await client.query<{ part: string }>(findExpiredParts.bind({ table, kept_s }));
    for (const { part } of expired) {
      if (signal?.aborted === true) break;
      const { rows } = await client.query<{ dropped: boolean }>(dropPart.bind({ table, part, kept_s }));
      if (rows[0]?.dropped === true) dropped.push(part);
    }
    const { rows: mixed } = await client.query<{ part: string }>(findMixedParts.bind({ table, kept_s }));
    for (const { part } of mixed) {
      rowCount += await inBatches(context, deleteExpiredRows.bind({ table, part, kept_s, limit: rowsPerBatch }));
    }
  }
  worked?.('partitions-dropped', dropped.length);
  worked?.('rows-deleted', rowCount);
  const done = [
    ...(dropped.length === 0 ? [] : [`dropped ${dropped.join(', ')}`]),
    ...(rowCount === 0 ? [] : [`deleted ${rowCount} rows that arrived too early or too late for a partition`]),
  ];
  return done.length === 0 ? undefined : done.join(' and ');
}

/** Deletes digests of requests that are not retried any more. */
export async function cleanLedger(context: LifecycleContext): Promise<string | undefined> {
  const kept_s = context.config.ledgerRetentionMs / secondMs;
  const count = await inBatches(context, deleteLedger.bind({ kept_s, limit: rowsPerBatch }));
  context.worked?.('ledger-entries-deleted', count);
  return count === 0 ? undefined : `forgot ${count} requests`;
}

/** Compresses chunks that are not written to any more. */
export async function compress({
  client,
  config,
  capabilities,
  signal,
  worked,
}: LifecycleContext): Promise<string | undefined> {
  if (!capabilities.compression) return undefined;
  const compressed: string[] = [];
  for (const table of timedTables) {
    // A block is mostly random bits, which cannot be compressed.
    if (table === 'span_block') continue;
    await client.query(enableCompression.bind({ table }));
    const ages = { older_s: config.compressAfterMs / secondMs, younger_s: retentionOf(table, config) / secondMs };
    const { rows } = await client.query<{ chunk: string }>(findCompressibleChunks.bind({ table, ...ages }));
    for (const { chunk } of rows) {
      if (signal?.aborted === true) break;
      const { rows: outcome } = await client.query<{ compressed: boolean }>(compressChunk.bind({ chunk }));
      if (outcome[0]?.compressed === true) compressed.push(chunk);
    }
  }
  worked?.('chunks-compressed', compressed.length);
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
  worked,
}: LifecycleContext): Promise<string | undefined> {
  if (capabilities.storage === 'hypertables') return undefined;
  for (const { index } of (await client.query<{ index: string }>(findBrokenIndexes.bind())).rows) {
    await client.query(dropIndex.bind({ index }));
  }
  const { rows } = await client.query<{ index: string }>(
    findLooseIndexes.bind({ older_s: config.compressAfterMs / secondMs }),
  );
  let packed = 0;
  for (const { index } of rows) {
    if (signal?.aborted === true) break;
    await client.query(fillPages.bind({ index }));
    try {
      await client.query(rebuildIndex.bind({ index }));
    } catch (error) {
      await client.query(resetFillfactor.bind({ index }));
      throw error;
    }
    packed++;
  }
  worked?.('indexes-packed', packed);
  return packed === 0 ? undefined : `packed ${packed} indexes`;
}

/** Deletes resources, scopes and operations that no row refers to any more. */
export async function cleanDictionaries(context: LifecycleContext): Promise<string | undefined> {
  const { config } = context;
  const keptMs = Math.max(config.retentionMs, config.aggregateRetentionMs) + dictionaryGraceMs;
  const done: string[] = [];
  for (const table of ['resource', 'scope', 'operation']) {
    const names = { table, kept_s: keptMs / secondMs, limit: rowsPerBatch };
    const count = await inBatches(context, forgetEntries.bind(names));
    context.worked?.('dictionary-entries-deleted', count);
    if (count > 0) done.push(`${count} of ${table}`);
  }
  return done.length === 0 ? undefined : `forgot ${done.join(', ')}`;
}

/** Repeat a statement until it finds nothing, each time in a transaction of its own. @returns the sum of its counts */
async function inBatches({ client, signal }: LifecycleContext, statement: BoundStatement): Promise<number> {
  let sum = 0;
  for (let batch = 0; batch < batchesPerRun; batch++) {
    if (signal?.aborted === true) break;
    const { rows } = await client.query<{ count: number }>(statement);
    const count = rows[0]?.count ?? 0;
    if (count === 0) break;
    sum += count;
  }
  return sum;
}
