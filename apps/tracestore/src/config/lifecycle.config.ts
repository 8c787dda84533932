import { duration, unitMs } from '../duration.js';

/**
 * For how long what is kept, and when it is compressed. What is kept is dropped when both its own time and its receipt are
 * so long ago.
 */
export interface LifecycleConfig {
  readonly retentionMs: number;
  /** The digests of requests. Never shorter than needed for a retry to be known: see docs/operations.md. */
  readonly ledgerRetentionMs: number;
  /** Aggregates of calls. */
  readonly rollupRetentionMs: number;
  /** How long after its end a chunk is compressed. */
  readonly compressAfterMs: number;
  /** Which of the others are as long as `retentionMs` whatever that is, because they were not set; by default none. */
  readonly followRetention?: readonly ('ledgerRetentionMs' | 'rollupRetentionMs')[];
}

/** The variables of the lifecycle, for `parseEnvironment`. */
export const lifecycleVariables = {
  TRACESTORE_RETENTION: duration(unitMs.h, '1h').default(30 * unitMs.d),
  // A retry that comes later than its spans' retention stores what is dropped at once.
  TRACESTORE_LEDGER_RETENTION: duration(unitMs.h, '1h').optional(),
  TRACESTORE_ROLLUP_RETENTION: duration(unitMs.h, '1h').optional(),
  TRACESTORE_COMPRESS_AFTER: duration(unitMs.m, '1m').default(6 * unitMs.h),
  TRACESTORE_MAX_CLOCK_OFFSET: duration(unitMs.s, '1s').default(5 * unitMs.m),
};

/** Fills in what depends on another variable. */
export function lifecycleConfigOf(values: {
  readonly TRACESTORE_RETENTION: number;
  readonly TRACESTORE_LEDGER_RETENTION?: number | undefined;
  readonly TRACESTORE_ROLLUP_RETENTION?: number | undefined;
  readonly TRACESTORE_COMPRESS_AFTER: number;
}): LifecycleConfig {
  return {
    retentionMs: values.TRACESTORE_RETENTION,
    ledgerRetentionMs: values.TRACESTORE_LEDGER_RETENTION ?? values.TRACESTORE_RETENTION,
    rollupRetentionMs: values.TRACESTORE_ROLLUP_RETENTION ?? values.TRACESTORE_RETENTION,
    compressAfterMs: values.TRACESTORE_COMPRESS_AFTER,
    followRetention: [
      ...(values.TRACESTORE_LEDGER_RETENTION === undefined ? (['ledgerRetentionMs'] as const) : []),
      ...(values.TRACESTORE_ROLLUP_RETENTION === undefined ? (['rollupRetentionMs'] as const) : []),
    ],
  };
}

/** The same with spans kept for another time, and all that follows it. */
export function withRetention(config: LifecycleConfig, retentionMs: number): LifecycleConfig {
  const following = Object.fromEntries((config.followRetention ?? []).map((name) => [name, retentionMs]));
  return { ...config, ...following, retentionMs };
}
