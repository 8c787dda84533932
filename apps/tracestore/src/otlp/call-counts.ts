import type { DictionaryEntry } from './dictionary-entry.js';
import type { OperationRow, SpanRow } from './trace-rows.js';

/** Rollups are kept for buckets of so many seconds. */
export const bucketSeconds = 10;

/** Calls of one bucket: parallel arrays with an element for each operation and class of durations. */
export interface BucketCounts {
  /** Seconds since 1970, a multiple of `bucketSeconds`. */
  readonly startSeconds: number;
  readonly operations: DictionaryEntry<OperationRow>[];
  readonly durationClasses: number[];
  readonly calls: number[];
  readonly errors: number[];
  readonly durationsNs: number[];
  readonly indexes: Map<number, number>;
}

/**
 * A class of durations: 0 for none, then eight classes an octave, so that what is read from a class is at most 4.5 %
 * off.
 *
 * @param ns nanoseconds
 */
export function durationClass(ns: number): number {
  return ns <= 0 ? 0 : 1 + Math.floor(Math.log2(ns) * 8);
}

/** What a span's row says of the call that it was. */
export function callOf(row: SpanRow): {
  readonly startSeconds: number;
  readonly durationNs: number;
  readonly isError: boolean;
} {
  return {
    startSeconds: Number(row.startTimeUnixNano / 1_000_000_000n),
    durationNs: Number(row.endTimeUnixNano - row.startTimeUnixNano),
    isError: row.statusCode === 2,
  };
}

/** More classes than there can be: the longest duration, 2^63 ns, is in class 505. */
const classBound = 512;

/** Counts the calls of operations, for the rollups that are written with the spans. */
export class CallCounts {
  readonly buckets = new Map<number, BucketCounts>();
  private last: BucketCounts | undefined;

  /**
   * @param startSeconds when the span started, in whole seconds since 1970
   * @param durationNs how long it took, in ns
   */
  add(operation: DictionaryEntry<OperationRow>, startSeconds: number, durationNs: number, isError: boolean): void {
    const bucketStart = startSeconds - (startSeconds % bucketSeconds);
    let bucket = this.last;
    if (bucket === undefined || bucket.startSeconds !== bucketStart) bucket = this.bucketAt(bucketStart);
    const durations = durationClass(durationNs);
    const key = operation.serial * classBound + durations;
    let index = bucket.indexes.get(key);
    if (index === undefined) {
      index = bucket.operations.length;
      bucket.indexes.set(key, index);
      bucket.operations.push(operation);
      bucket.durationClasses.push(durations);
      bucket.calls.push(0);
      bucket.errors.push(0);
      bucket.durationsNs.push(0);
    }
    bucket.calls[index] = (bucket.calls[index] ?? 0) + 1;
    if (isError) bucket.errors[index] = (bucket.errors[index] ?? 0) + 1;
    bucket.durationsNs[index] = (bucket.durationsNs[index] ?? 0) + Math.max(0, durationNs);
  }

  addRow(operation: DictionaryEntry<OperationRow>, row: SpanRow): void {
    const { startSeconds, durationNs, isError } = callOf(row);
    this.add(operation, startSeconds, durationNs, isError);
  }

  clear(): void {
    this.buckets.clear();
    this.last = undefined;
  }

  private bucketAt(startSeconds: number): BucketCounts {
    let bucket = this.buckets.get(startSeconds);
    if (bucket === undefined) {
      bucket = {
        startSeconds,
        operations: [],
        durationClasses: [],
        calls: [],
        errors: [],
        durationsNs: [],
        indexes: new Map(),
      };
      this.buckets.set(startSeconds, bucket);
    }
    this.last = bucket;
    return bucket;
  }
}
