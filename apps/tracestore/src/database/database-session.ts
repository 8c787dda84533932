import type { ClientBase } from 'pg';
import { readSql } from '../sql.js';

const setTimeouts = readSql<{
  readonly statement_timeout_ms: string;
  readonly idle_in_transaction_timeout_ms: string;
  readonly lock_timeout_ms: string;
}>(import.meta.url, 'begin-session.sql');

/** The time-outs of a session, in ms; 0 is none. */
export interface SessionTimeouts {
  readonly statementMs: number;
  readonly idleInTransactionMs: number;
  readonly lockMs: number;
}

const backendPids = new WeakMap<ClientBase, number>();

/**
 * Set the time-outs of a session, and note its server process. It is done by a statement, because poolers refuse start-up
 * parameters that they do not know, and report process ids of their own.
 */
export async function beginSession(client: ClientBase, timeouts: SessionTimeouts): Promise<void> {
  const { statementMs, idleInTransactionMs, lockMs } = timeouts;
  const { rows } = await client.query<{ pid: number }>(
    setTimeouts.bind({
      statement_timeout_ms: String(statementMs),
      idle_in_transaction_timeout_ms: String(idleInTransactionMs),
      lock_timeout_ms: String(lockMs),
    }),
  );
  if (rows[0] !== undefined) noteBackendPid(client, rows[0].pid);
}

/** Note the server process of a session, as `pg_backend_pid()` returns it. */
export function noteBackendPid(client: ClientBase, pid: number): void {
  backendPids.set(client, pid);
}

/** The server process of a session: as noted, else as the server or a pooler reported it at the start. */
export function backendPidOf(client: ClientBase & { readonly processID?: number | null }): number | undefined {
  return backendPids.get(client) ?? client.processID ?? undefined;
}
