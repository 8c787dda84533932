import type { ClientBase } from 'pg';
import type { LifecycleConfig } from '../config/lifecycle.config.js';
import { dayMs, hourMs } from '../duration.js';
import { readSqlFile } from '../sql-file.js';

const findMissingPartitions = readSqlFile(import.meta.url, 'find-missing-partitions.sql');
const addPartition = readSqlFile(import.meta.url, 'add-partition.sql');

/** The tables that are kept by time, in the order in which they lose what is old. */
export const timedTables = [
  'link',
  'event',
  'span',
  'span_block',
  'call_10s',
  'call_5m',
  'call_1h',
  'service_call_10s',
  'service_call_5m',
  'service_call_1h',
] as const;
export type TimedTable = (typeof timedTables)[number];

/** As `tracestore.finest_figures_kept` has it. */
const finestFiguresMs = 2 * dayMs;

/** For how long what a table holds is kept. */
export function retentionOf(table: TimedTable, { retentionMs, aggregateRetentionMs }: LifecycleConfig): number {
  switch (table) {
    case 'call_5m':
    case 'call_1h':
    case 'service_call_5m':
    case 'service_call_1h':
      return aggregateRetentionMs;
    case 'call_10s':
    case 'service_call_10s':
      return Math.min(aggregateRetentionMs, finestFiguresMs);
    default:
      return retentionMs;
  }
}

/** Slots before this one that get a partition though they may stay empty: for spans that come late, and for loads. */
const slotsBehind = 2;

/** Slots after this one: days in which tracestore may be away, or find no quiet moment. */
const slotsAhead = 3;

/** So many rows of one slot in the default partition are worth a partition of their own; fewer stay where they are. */
const enoughRows = 10_000;

/** A partition that was added. */
export interface AddedPartition {
  readonly table: TimedTable;
  readonly start: Date;
  /** How many rows the default partition had of it. */
  readonly movedRows: number;
}

/**
 * How wide partitions and chunks are for a retention: about 30 of them hold it, so that planning a query stays cheap and
 * little more is kept than was asked for. Every width divides a day, and so fits among older ones.
 */
export function partitionWidthMs(retentionMs: number): number {
  if (retentionMs >= 7 * dayMs) return dayMs;
  return retentionMs >= 2 * dayMs ? 6 * hourMs : hourMs;
}

/**
 * Makes the native partitions that a table should have and hasn't; does nothing where the table is a hypertable. Each is
 * made in a transaction of its own. Which they are depends on the database's clock.
 *
 * @param client in no transaction, with a lock_timeout
 * @throws DatabaseError of pg when a lock was not to be had in time; what was made by then stays
 */
export async function addMissingPartitions(
  client: ClientBase,
  table: TimedTable,
  retentionMs: number,
): Promise<readonly AddedPartition[]> {
  const { rows: missing } = await client.query<{ range_start: Date; range_end: Date }>(findMissingPartitions, [
    table,
    partitionWidthMs(retentionMs) / 1000,
    slotsBehind,
    slotsAhead,
    retentionMs / 1000,
    enoughRows,
  ]);
  const added: AddedPartition[] = [];
  for (const { range_start: start, range_end: end } of missing) {
    // One after the other: each takes a lock of the table that writers wait for.
    const { rows } = await client.query<{ moved: number | null }>(addPartition, [table, start, end]);
    const moved = rows[0]?.moved;
    if (moved !== null && moved !== undefined) added.push({ table, start, movedRows: moved });
  }
  return added;
}
