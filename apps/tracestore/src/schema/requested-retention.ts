import type { ClientBase } from 'pg';
import { readSqlFile } from '../sql-file.js';
import { type LifecycleConfig, withRetention } from '../config/lifecycle.config.js';

const findRetention = readSqlFile(import.meta.url, 'find-retention.sql');
const noteRetention = readSqlFile(import.meta.url, 'note-retention.sql');

/**
 * What the lifecycle keeps to: the configuration, unless `ps_trace.set_trace_retention_period` was called.
 *
 * @param client to a migrated database
 */
export async function withRequestedRetention(client: ClientBase, config: LifecycleConfig): Promise<LifecycleConfig> {
  const { rows } = await client.query<{ requested_ms: number | null }>(findRetention);
  const requestedMs = rows[0]?.requested_ms ?? null;
  return requestedMs === null ? config : withRetention(config, requestedMs);
}

/** Tells the database what is configured, for `ps_trace.get_trace_retention_period` to say. */
export async function noteConfiguredRetention(client: ClientBase, { retentionMs }: LifecycleConfig): Promise<void> {
  await client.query(noteRetention, [retentionMs / 1000]);
}
