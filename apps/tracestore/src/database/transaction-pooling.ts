import type { ClientBase } from 'pg';
import { begin as beginTransaction, readSql, rollback } from '../sql.js';
import { UnsuitableDatabaseError } from '../errors/database-failure.js';

const readPid = readSql(import.meta.url, 'read-pid.sql');

/** Rounds of the check: one finds a pool that hands out the connection that was used last, the others any other pool. */
const rounds = 4;

/** Thrown if a pooler changes the server's session between two transactions. */
export class TransactionPoolingError extends UnsuitableDatabaseError {
  override readonly name = 'TransactionPoolingError';

  constructor() {
    super(
      'TRACESTORE_DATABASE_URL leads to a pooler in transaction or statement mode; tracestore needs a session of its own ' +
        'for each connection: set pool_mode = session for this database and role, or connect to PostgreSQL itself',
    );
  }
}

/**
 * Checks that each connection has a server process of its own. If a pooler shares it, settings, prepared statements and
 * temporary functions are lost or leak. The check changes no session.
 *
 * @param first, second connected at the same time, in no transaction
 * @throws TransactionPoolingError if a pooler shares server processes
 * @throws DatabaseError of pg
 */
export async function requireSessions(first: ClientBase, second: ClientBase): Promise<void> {
  for (let round = 0; round < rounds; round += 1) {
    const before = await backendPid(first);
    // Inside of a transaction every pooler keeps the process, so the other connection gets another one.
    await begin(second);
    try {
      const other = await backendPid(second);
      const after = await backendPid(first);
      if (other === before || after !== before) throw new TransactionPoolingError();
    } finally {
      await second.query(rollback).catch(() => undefined);
    }
  }
}

async function begin(client: ClientBase): Promise<void> {
  try {
    await client.query(beginTransaction);
  } catch (error) {
    // pgbouncer in statement mode: "transaction blocks not allowed in statement pooling mode".
    if (error instanceof Error && error.message.includes('statement pooling')) throw new TransactionPoolingError();
    throw error;
  }
}

async function backendPid(client: ClientBase): Promise<number | undefined> {
  const { rows } = await client.query<{ pid: number }>(readPid.bind());
  return rows[0]?.pid;
}
