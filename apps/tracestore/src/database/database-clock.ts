import type { ClientBase } from 'pg';
import { readSql } from '../sql.js';

const readClock = readSql(import.meta.url, 'read-clock.sql');

/** One comparison of the clocks of this process and the database. */
export interface ClockReading {
  /** How far this process's clock is ahead, in ms; negative if it is behind. */
  readonly offsetMs: number;
  /** The maximum error of `offsetMs`: half of the time of the query. */
  readonly uncertaintyMs: number;
  /** The epoch of the dictionaries, at the same moment. */
  readonly epoch: number;
}

/**
 * Compares the database's clock with this process's. It assumes that the database read its clock in the middle of the
 * query's time.
 *
 * @param client connected to a migrated database
 * @throws DatabaseError of pg
 */
export async function compareClocks(client: ClientBase): Promise<ClockReading> {
  const requestedAtMs = Date.now();
  const startMs = performance.now();
  const { rows } = await client.query<{ seconds: number; epoch: number }>(readClock.bind());
  const tookMs = performance.now() - startMs;
  const [row] = rows;
  if (row === undefined) throw new Error('The table tracestore.lifecycle_time has no row');
  return {
    offsetMs: requestedAtMs + tookMs / 2 - row.seconds * 1000,
    uncertaintyMs: tookMs / 2,
    epoch: row.epoch,
  };
}
