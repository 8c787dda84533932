import { begin, commit, readSql } from '../../sql.js';
import type { QueryConnection, QueryDatabaseService } from '../query-database.service.js';
import type { ResponseReservation } from '../response-memory.js';

/** Sets how the next statements of a transaction are planned. */
export const planJoins = readSql<{ readonly bitmap_scans: 'on' | 'off' }>(import.meta.url, 'plan-joins.sql');

/**
 * Run statements in a transaction whose joins are planned for relations of unknown size.
 *
 * @param bitmapScans whether ranges of time are read
 * @throws TracestoreError
 */
export async function withJoins<T>(
  database: QueryDatabaseService,
  bitmapScans: 'on' | 'off',
  signal: AbortSignal | undefined,
  run: (connection: QueryConnection, memory: ResponseReservation) => Promise<T>,
): Promise<T> {
  const connection = await database.connect(signal);
  const memory = database.memory.open();
  try {
    await connection.query(begin);
    await connection.query(planJoins.bind({ bitmap_scans: bitmapScans }));
    return await run(connection, memory);
  } finally {
    // Also after an error of ours, which leaves the connection usable.
    await connection.query(commit).catch(() => undefined);
    connection.release();
    memory.releaseSoon();
  }
}
