import type { ClientBase } from 'pg';
import { dayMs } from '../duration.js';
import type { OperatorWarning } from '../database/database.service.js';
import { readSql } from '../sql.js';
import type { LifecycleConfig } from '../config/lifecycle.config.js';

const applyRetention = readSql<{
  readonly names: readonly Name[];
  readonly seconds: readonly number[];
  readonly wait_s: number;
}>(import.meta.url, 'apply-retention.sql');

/** The delay of a shorter retention that is not confirmed. */
export const shorterRetentionWaitsMs = dayMs;

const names = ['traces', 'aggregates', 'ledger'] as const;
type Name = (typeof names)[number];

interface Row {
  readonly name: Name;
  readonly applied_s: number;
  readonly pending_s: number | null;
}

/** The retentions that apply now. */
export interface AppliedRetention {
  readonly config: LifecycleConfig;
  /** The shorter retentions that are delayed, in ms, by their subject. */
  readonly pendingMs: ReadonlyMap<Name, number>;
}

/**
 * Returns the retentions that apply. A shorter retention waits until it is confirmed or a day has passed.
 *
 * @param client of the store that holds the lock of the lifecycle
 * @param wanted as configured or requested
 * @throws DatabaseError of pg
 */
export async function applyRetentions(client: ClientBase, wanted: LifecycleConfig): Promise<AppliedRetention> {
  const wantedMs: Readonly<Record<Name, number>> = {
    traces: wanted.retentionMs,
    aggregates: wanted.aggregateRetentionMs,
    ledger: wanted.ledgerRetentionMs,
  };
  const { rows } = await client.query<Row>(
    applyRetention.bind({
      names,
      seconds: names.map((name) => wantedMs[name] / 1000),
      wait_s: shorterRetentionWaitsMs / 1000,
    }),
  );
  const appliedMs = new Map(rows.map((row) => [row.name, row.applied_s * 1000]));
  return {
    config: {
      ...wanted,
      retentionMs: appliedMs.get('traces') ?? wanted.retentionMs,
      aggregateRetentionMs: appliedMs.get('aggregates') ?? wanted.aggregateRetentionMs,
      ledgerRetentionMs: appliedMs.get('ledger') ?? wanted.ledgerRetentionMs,
    },
    pendingMs: new Map(rows.flatMap((row) => (row.pending_s === null ? [] : [[row.name, row.pending_s * 1000]]))),
  };
}

/** Formats milliseconds as an interval of PostgreSQL, such as `7 days` or `90 minutes`. */
export function intervalText(ms: number): string {
  for (const [unit, unitMs] of [
    ['day', dayMs],
    ['hour', 3_600_000],
    ['minute', 60_000],
  ] as const) {
    if (ms % unitMs === 0) return `${ms / unitMs} ${unit}${ms === unitMs ? '' : 's'}`;
  }
  return `${ms / 1000} seconds`;
}

/** Returns the warning about delayed retentions; undefined if there are none. */
export function pendingRetentionWarning(
  applied: LifecycleConfig,
  pendingMs: AppliedRetention['pendingMs'],
): Required<OperatorWarning> | undefined {
  if (pendingMs.size === 0) return undefined;
  const appliedMs: Readonly<Record<Name, number>> = {
    traces: applied.retentionMs,
    aggregates: applied.aggregateRetentionMs,
    ledger: applied.ledgerRetentionMs,
  };
  const changes = [...pendingMs].map(
    ([name, ms]) => `${name} from ${intervalText(appliedMs[name])} to ${intervalText(ms)}`,
  );
  const statements = [...new Set(pendingMs.values())].map(
    (ms) => `SELECT ps_trace.confirm_trace_retention('${intervalText(ms)}');`,
  );
  return {
    message:
      `A shorter retention waits for 24 hours before anything is deleted (${changes.join(', ')}). ` +
      'To keep the data, set the retention back; to delete what is older now, confirm it',
    statement: statements.join('\n'),
  };
}
