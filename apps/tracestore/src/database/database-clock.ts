import type { ClientBase } from 'pg';
import { readSql } from '../sql.js';

const readClock = readSql(import.meta.url, 'read-clock.sql');

/** The clock of this process beside that of the database, measured once. */
export interface ClockReading {
  /** How far this process's clock is ahead, in ms; negative if it is behind. */
  readonly offsetMs: number;
  /** The true offset is at most so far from `offsetMs`: half of what the question took. */
  readonly uncertaintyMs: number;
  /** The epoch of the dictionaries, at the same moment. */
  readonly epoch: number;
}

/**
 * Asks the database for its clock and compares it with this process's, as if the answer had been given in the middle of
 * the time that it took.
 *
 * @param client to a migrated database
 * @throws DatabaseError of pg
 */
export async function compareClocks(client: ClientBase): Promise<ClockReading> {
  const askedAtMs = Date.now();
  const startMs = performance.now();
  const { rows } = await client.query<{ seconds: number; epoch: number }>(readClock.bind());
  const tookMs = performance.now() - startMs;
  const [row] = rows;
  if (row === undefined) throw new Error('The table tracestore.lifecycle_time has no row');
  return {
    offsetMs: askedAtMs + tookMs / 2 - row.seconds * 1000,
    uncertaintyMs: tookMs / 2,
    epoch: row.epoch,
  };
}
