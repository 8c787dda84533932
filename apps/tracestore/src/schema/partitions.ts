import type { ClientBase } from 'pg';
import type { LifecycleConfig } from '../config/lifecycle.config.js';
import { dayMs, hourMs } from '../duration.js';
import { readSql } from '../sql.js';

const findMissingPartitions = readSql<{
  readonly table: TimedTable;
  readonly width_s: number;
  readonly behind: number;
  readonly ahead: number;
  readonly kept_s: number;
  readonly enough_rows: number;
}>(import.meta.url, 'find-missing-partitions.sql');
const addPartition = readSql<{ readonly table: TimedTable; readonly start: Date; readonly end: Date }>(
  import.meta.url,
  'add-partition.sql',
);

/** The tables that are stored by time, in the order in which they lose expired rows. Equal to `tracestore.timed_table`. */
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

/** How long aggregates of 10 seconds are kept. Equals `tracestore.finest_aggregates_kept()`. */
export const finestAggregatesMs = 2 * dayMs;

/** How long the rows of a table are kept. */
export function retentionOf(table: TimedTable, { retentionMs, aggregateRetentionMs }: LifecycleConfig): number {
  switch (table) {
    case 'call_5m':
    case 'call_1h':
    case 'service_call_5m':
    case 'service_call_1h':
      return aggregateRetentionMs;
    case 'call_10s':
    case 'service_call_10s':
      return Math.min(aggregateRetentionMs, finestAggregatesMs);
    default:
      return retentionMs;
  }
}

/** Ranges before the present one that get a partition even if empty: for late spans, and for imports. */
const slotsBehind = 2;

/** Ranges after the present one: tracestore can be away for so long, or fail to get a lock. */
const slotsAhead = 3;

/** A range with this many rows in the default partition gets its own partition; fewer rows stay. */
const enoughRows = 10_000;

/** A partition that was added. */
export interface AddedPartition {
  readonly table: TimedTable;
  readonly start: Date;
  /** How many rows the default partition had of it. */
  readonly movedRows: number;
}

/**
 * The width of partitions and chunks for a retention. About 30 of them hold it, so that planning a query is fast and few rows
 * are kept longer than configured. Every width divides a day, so partitions of different widths fit together.
 */
export function partitionWidthMs(retentionMs: number): number {
  if (retentionMs >= 7 * dayMs) return dayMs;
  return retentionMs >= 2 * dayMs ? 6 * hourMs : hourMs;
}

/**
 * Creates the missing native partitions of a table, by the database's clock; does nothing where the table is a hypertable.
 * Each is created in a transaction of its own.
 *
 * @param client in no transaction, with a lock_timeout
 * @throws DatabaseError of pg when a lock is not free in time; partitions created by then stay
 */
export async function addMissingPartitions(
  client: ClientBase,
  table: TimedTable,
  retentionMs: number,
): Promise<readonly AddedPartition[]> {
  const { rows: missing } = await client.query<{ range_start: Date; range_end: Date }>(
    findMissingPartitions.bind({
      table,
      width_s: partitionWidthMs(retentionMs) / 1000,
      behind: slotsBehind,
      ahead: slotsAhead,
      kept_s: retentionMs / 1000,
      enough_rows: enoughRows,
    }),
  );
  const added: AddedPartition[] = [];
  for (const { range_start: start, range_end: end } of missing) {
    // One after the other: each takes a lock of the table that writers wait for.
    const { rows } = await client.query<{ moved: number | null }>(addPartition.bind({ table, start, end }));
    const moved = rows[0]?.moved;
    if (moved !== null && moved !== undefined) added.push({ table, start, movedRows: moved });
  }
  return added;
}
