import type { ClientBase } from 'pg';
import { readSqlFile } from '../sql-file.js';

const beginSessionSql = readSqlFile(import.meta.url, 'begin-session.sql');

/** Time-outs of a session, in ms; 0 is none. */
export interface SessionTimeouts {
  readonly statementMs: number;
  readonly idleInTransactionMs: number;
  readonly lockMs: number;
}

const backendPids = new WeakMap<ClientBase, number>();

/**
 * Sets the time-outs of a session and stores the pid of its server process. It uses a statement, because poolers reject
 * unknown parameters at the start of a connection, and return other pids.
 */
export async function beginSession(client: ClientBase, timeouts: SessionTimeouts): Promise<void> {
  const { statementMs, idleInTransactionMs, lockMs } = timeouts;
  const values = [String(statementMs), String(idleInTransactionMs), String(lockMs)];
  const { rows } = await client.query<{ pid: number }>(beginSessionSql, values);
  if (rows[0] !== undefined) noteBackendPid(client, rows[0].pid);
}

/** Stores the server process of a session, as returned by `pg_backend_pid()`. */
export function noteBackendPid(client: ClientBase, pid: number): void {
  backendPids.set(client, pid);
}

/** Returns the server process of a session: the stored one, or that which the server or a pooler named at the start. */
export function backendPidOf(client: ClientBase & { readonly processID?: number | null }): number | undefined {
  return backendPids.get(client) ?? client.processID ?? undefined;
}
