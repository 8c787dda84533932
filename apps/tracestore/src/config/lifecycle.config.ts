import { dayMs, duration, hourMs, minuteMs, optionalDuration } from '../duration.js';

/**
 * How long data is kept, and when it is compressed. Rows are dropped when both their own time and their receipt are
 * longer ago than their retention.
 */
export interface LifecycleConfig {
  readonly retentionMs: number;
  /** Of request digests. Never shorter than the time in which a sender may retry: see docs/operations.md. */
  readonly ledgerRetentionMs: number;
  /** Aggregates of calls. */
  readonly aggregateRetentionMs: number;
  /** How long after its end a chunk is compressed. */
  readonly compressAfterMs: number;
  /** The retentions that were not set and therefore equal `retentionMs`, also when it changes. None by default. */
  readonly followRetention?: readonly ('ledgerRetentionMs' | 'aggregateRetentionMs')[];
}

const asRetention = 'the value of `TRACESTORE_RETENTION`';

/** The variables of the lifecycle, for `parseEnvironment`. */
export const lifecycleVariables = {
  TRACESTORE_RETENTION: duration('1h', 30 * dayMs).describe(
    'How long spans, events and links are kept, counted from their start and from their receipt, whichever is later.',
  ),
  // A retry after the retention of its spans stores rows that the next run of the lifecycle drops.
  TRACESTORE_LEDGER_RETENTION: optionalDuration('1h', asRetention).describe('How long request digests are kept.'),
  TRACESTORE_AGGREGATE_RETENTION: optionalDuration('1h', asRetention).describe('How long aggregates are kept.'),
  TRACESTORE_COMPRESS_AFTER: duration('1m', 6 * hourMs).describe(
    'With TimescaleDB: how long after its end a chunk is compressed.',
  ),
  TRACESTORE_MAX_CLOCK_OFFSET: duration('1s', 5 * minuteMs).describe(
    "Maximum difference between the store's clock and the database's. Beyond it, nothing is dropped.",
  ),
};

/** Fills in the values that default to another variable. */
export function lifecycleConfigOf(values: {
  readonly TRACESTORE_RETENTION: number;
  readonly TRACESTORE_LEDGER_RETENTION?: number | undefined;
  readonly TRACESTORE_AGGREGATE_RETENTION?: number | undefined;
  readonly TRACESTORE_COMPRESS_AFTER: number;
}): LifecycleConfig {
  return {
    retentionMs: values.TRACESTORE_RETENTION,
    ledgerRetentionMs: values.TRACESTORE_LEDGER_RETENTION ?? values.TRACESTORE_RETENTION,
    aggregateRetentionMs: values.TRACESTORE_AGGREGATE_RETENTION ?? values.TRACESTORE_RETENTION,
    compressAfterMs: values.TRACESTORE_COMPRESS_AFTER,
    followRetention: [
      ...(values.TRACESTORE_LEDGER_RETENTION === undefined ? (['ledgerRetentionMs'] as const) : []),
      ...(values.TRACESTORE_AGGREGATE_RETENTION === undefined ? (['aggregateRetentionMs'] as const) : []),
    ],
  };
}

/** @returns the configuration with another retention of spans, and of everything that follows it */
export function withRetention(config: LifecycleConfig, retentionMs: number): LifecycleConfig {
  const following = Object.fromEntries((config.followRetention ?? []).map((name) => [name, retentionMs]));
  return { ...config, ...following, retentionMs };
}
