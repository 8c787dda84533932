import type { ClientBase } from 'pg';
import { readSqlFile } from '../sql-file.js';

const beginSessionSql = readSqlFile(import.meta.url, 'begin-session.sql');

/** For how long the server works for a session before it stops, each in ms; 0 is for ever. */
export interface SessionTimeouts {
  readonly statementMs: number;
  readonly idleInTransactionMs: number;
  readonly lockMs: number;
}

const backendPids = new WeakMap<ClientBase, number>();

/**
 * Sets the time-outs of a session and notes its server process. By a statement: poolers refuse parameters at the start of
 * a connection that they do not know, and name processes of their own.
 */
export async function beginSession(client: ClientBase, timeouts: SessionTimeouts): Promise<void> {
  const { statementMs, idleInTransactionMs, lockMs } = timeouts;
  const values = [String(statementMs), String(idleInTransactionMs), String(lockMs)];
  const { rows } = await client.query<{ pid: number }>(beginSessionSql, values);
  if (rows[0] !== undefined) noteBackendPid(client, rows[0].pid);
}

/** Notes the server process of a session, as `pg_backend_pid()` says it. */
export function noteBackendPid(client: ClientBase, pid: number): void {
  backendPids.set(client, pid);
}

/** The server process of a session: as noted, or as the server, or a pooler in front of it, named it at the start. */
export function backendPidOf(client: ClientBase & { readonly processID?: number | null }): number | undefined {
  return backendPids.get(client) ?? client.processID ?? undefined;
}
