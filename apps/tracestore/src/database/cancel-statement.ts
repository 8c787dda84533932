import pg from 'pg';
import { backendPidOf } from './database-session.js';
import { readSql } from '../sql.js';

const cancelBackend = readSql<{ readonly pid: number }>(import.meta.url, 'cancel-statement.sql');

/**
 * Cancel the statement that runs for a client. It uses a connection of its own, as all of a pool may be busy. Never rejects: if
 * the database is away, nothing runs, and the time-out of the statement ends it otherwise.
 *
 * @param connection to the same server as the same user
 */
export async function cancelStatement(connection: pg.ClientConfig, client: pg.ClientBase): Promise<void> {
  const pid = backendPidOf(client);
  if (pid === undefined) return;
  const other = new pg.Client(connection);
  other.on('error', () => undefined);
  try {
    await other.connect();
    await other.query(cancelBackend.bind({ pid }));
  } catch {
    // The docstring says why.
  } finally {
    await other.end().catch(() => undefined);
  }
}
