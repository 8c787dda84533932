import pg from 'pg';
import { backendPidOf } from './database-session.js';
import { readSqlFile } from '../sql-file.js';

const cancelBackend = readSqlFile(import.meta.url, 'cancel-statement.sql');

/**
 * Cancels the current statement of a client. This uses a connection of its own, because all of a pool may be busy. It
 * never rejects: an unavailable database does not execute the statement any more, and otherwise its time-out ends it.
 *
 * @param connection to the same server as the same user
 */
export async function cancelStatement(connection: pg.ClientConfig, client: pg.ClientBase): Promise<void> {
  const other = new pg.Client(connection);
  other.on('error', () => undefined);
  try {
    await other.connect();
    await other.query(cancelBackend, [backendPidOf(client)]);
  } catch {
    // The docstring says why.
  } finally {
    await other.end().catch(() => undefined);
  }
}
