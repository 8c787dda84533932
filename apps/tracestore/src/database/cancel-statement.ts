import pg from 'pg';
import { backendPidOf } from './database-session.js';
import { readSqlFile } from '../sql-file.js';

const cancelBackend = readSqlFile(import.meta.url, 'cancel-statement.sql');

/**
 * Has the server stop what it does for a client, on a connection of its own, as all of a pool may be busy. Never rejects: a
 * database that is away does not work on it any more, and the statement's own time-out is what else ends it.
 *
 * @param connection how to reach the same server as the same user
 */
export async function cancelStatement(connection: pg.ClientConfig, client: pg.ClientBase): Promise<void> {
  const other = new pg.Client(connection);
  other.on('error', () => undefined);
  try {
    await other.connect();
    await other.query(cancelBackend, [backendPidOf(client)]);
  } catch {
    // See above.
  } finally {
    await other.end().catch(() => undefined);
  }
}
