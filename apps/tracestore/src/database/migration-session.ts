import pg from 'pg';
import { DatabaseUnavailableError, problemOf } from '../errors/database-failure.js';
import { cancelStatement } from './cancel-statement.js';
import { beginSession } from './database-session.js';
import { LockWaitWatch } from './lock-wait.js';
import { requireSessions } from './transaction-pooling.js';

/** Migrations may take any time. */
const timeouts = { statementMs: 0, idleInTransactionMs: 0, lockMs: 5_000 };

/**
 * Runs a function on a new connection for migrations. No pool is used, because it may wait long for another process.
 *
 * @param onWait gets a description of each lock that the connection waits for, as the end of "The store waits for …"
 * @param signal cancels the current statement and closes the connection, so that its transaction is rolled back at once
 * @throws TransactionPoolingError if a pooler shares server processes
 * @throws DatabaseUnavailableError naming the lock that was not free in time
 * @throws what `run` throws, and DatabaseError of pg
 */
export async function withMigrationSession<Result>(
  connection: pg.ClientConfig,
  onWait: (what: string) => void,
  signal: AbortSignal,
  run: (client: pg.Client) => Promise<Result>,
): Promise<Result> {
  const client = await openSession(connection);
  const stop = (): void => void cancelStatement(connection, client).then(() => client.end().catch(() => undefined));
  signal.addEventListener('abort', stop, { once: true });
  if (signal.aborted) stop();
  const watch = new LockWaitWatch(connection, client, onWait);
  try {
    return await run(client);
  } catch (error) {
    if (watch.last === undefined || problemOf(error).code !== 'lock-timeout') throw error;
    throw new DatabaseUnavailableError(`The start waited for ${watch.last}`, { cause: error });
  } finally {
    signal.removeEventListener('abort', stop);
    await watch.stop();
    await client.end().catch(() => undefined);
  }
}

/** Makes sure that nothing changes the session of the connection. */
async function openSession(connection: pg.ClientConfig): Promise<pg.Client> {
  const [client, other] = [new pg.Client(connection), new pg.Client(connection)];
  // Every current query fails with the connection, so the event needs no handling.
  for (const each of [client, other]) each.on('error', () => undefined);
  try {
    await client.connect();
    await other.connect();
    await requireSessions(client, other);
    await beginSession(client, timeouts);
    return client;
  } catch (error) {
    await client.end().catch(() => undefined);
    throw error;
  } finally {
    await other.end().catch(() => undefined);
  }
}
