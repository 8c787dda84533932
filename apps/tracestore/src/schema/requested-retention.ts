import type { ClientBase } from 'pg';
import { readSql } from '../sql.js';
import { type LifecycleConfig, withRetention } from '../config/lifecycle.config.js';

const findRetention = readSql(import.meta.url, 'find-retention.sql');
const noteRetention = readSql<{ readonly retention_s: number }>(import.meta.url, 'note-retention.sql');

/**
 * What the lifecycle keeps to: the configuration, unless `ps_trace.set_trace_retention_period` was called.
 *
 * @param client to a migrated database
 */
export async function withRequestedRetention(client: ClientBase, config: LifecycleConfig): Promise<LifecycleConfig> {
  const { rows } = await client.query<{ requested_ms: number | null }>(findRetention.bind());
  const requestedMs = rows[0]?.requested_ms ?? null;
  return requestedMs === null ? config : withRetention(config, requestedMs);
}

/** Tells the database what is configured, for `ps_trace.get_trace_retention_period` to say. */
export async function noteConfiguredRetention(client: ClientBase, { retentionMs }: LifecycleConfig): Promise<void> {
  await client.query(noteRetention.bind({ retention_s: retentionMs / 1000 }));
}
