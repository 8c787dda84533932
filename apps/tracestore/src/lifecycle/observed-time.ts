import { randomUUID } from 'node:crypto';
import type { ClientBase } from 'pg';
import type { OperatorWarning } from '../database/database.service.js';
import { readSql } from '../sql.js';
import { intervalText } from './applied-retention.js';
import { dayMs, hourMs } from '../duration.js';
import type { LifecycleConfig } from '../config/lifecycle.config.js';

const observeTime = readSql<{
  readonly store: string;
  readonly elapsed_s: number;
  readonly tolerance_s: number;
  readonly longest_kept_s: number;
}>(import.meta.url, 'observe-time.sql');
const readTimeGap = readSql(import.meta.url, 'read-time-gap.sql');

/** The interval in which a store advances observed time. */
const everyMs = 60_000;

/** Dictionaries are kept for the longest retention and 2 days. Receipt marks are kept a little longer. */
const beyondRetentionMs = 5 * dayMs;

/**
 * Observed time, in which the retention since receipt counts. A process measures it with its monotonic clock. For times
 * without a process, the database's clock counts, for at most a tenth of the retention.
 */
export class ObservedTime {
  private readonly store = randomUUID();
  private notedAtMs: number | undefined;
  /** The time gap in ms: a jump of the database's clock that does not count; undefined if there is none. */
  gapMs: number | undefined;

  /**
   * Advances observed time, once a minute.
   *
   * @param client of the store that holds the lock of the lifecycle
   * @throws DatabaseError of pg; the time then counts with the next call
   */
  async note(
    client: ClientBase,
    { retentionMs, aggregateRetentionMs, ledgerRetentionMs }: LifecycleConfig,
  ): Promise<void> {
    const startMs = performance.now();
    if (this.notedAtMs !== undefined && startMs - this.notedAtMs < everyMs) return;
    const longestKeptMs = Math.max(retentionMs, aggregateRetentionMs, ledgerRetentionMs) + beyondRetentionMs;
    await client.query(
      observeTime.bind({
        store: this.store,
        elapsed_s: this.notedAtMs === undefined ? 0 : (startMs - this.notedAtMs) / 1000,
        tolerance_s: Math.max(hourMs, retentionMs / 10) / 1000,
        longest_kept_s: longestKeptMs / 1000,
      }),
    );
    this.notedAtMs = startMs;
    const { rows } = await client.query<{ gap_s: number | null }>(readTimeGap.bind());
    const gapSeconds = rows[0]?.gap_s ?? null;
    this.gapMs = gapSeconds === null ? undefined : gapSeconds * 1000;
  }
}

/** Returns the warning about a time gap. */
export function timeGapWarning(gapMs: number): Required<OperatorWarning> {
  const gap = intervalText(Math.max(Math.round(gapMs / hourMs), 1) * hourMs);
  return {
    message:
      `The database's clock went ahead by ${gap} while no store observed it: no store ran, or the clock was set. ` +
      'What was received before is kept for so much longer, unless it is confirmed that the clock is right',
    statement: 'SELECT ps_trace.confirm_time_gap();',
  };
}
