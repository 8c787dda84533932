import type { DictionaryEntry } from './dictionary-entry.js';
import type { OperationRow, SpanRow } from './trace-rows.js';

/** Rollups are kept for buckets of so many seconds. */
export const bucketSeconds = 10;

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

/** A power of two. A transaction may have thousands of buckets, with one call each. */
const initialCapacity = 16;

/** Calls of one bucket: parallel arrays, of which the first `length` elements are for an operation and a class each. */
export class BucketCounts {
  /** Seconds since 1970, a multiple of `bucketSeconds`. */
  startSeconds = 0;
  length = 0;
  readonly operations: DictionaryEntry<OperationRow>[] = [];
  durationClasses = new Int16Array(initialCapacity);
  calls = new Int32Array(initialCapacity);
  errors = new Int32Array(initialCapacity);
  durationsNs = new Float64Array(initialCapacity);
  /** A hash table with open addressing: 1 more than the index of an element, 0 where there is none. */
  private places = new Int32Array(initialCapacity * 2);

  add(operation: DictionaryEntry<OperationRow>, durationClass: number, durationNs: number, isError: boolean): void {
    const index = this.indexOf(operation, durationClass);
    this.calls[index] = (this.calls[index] as number) + 1;
    if (isError) this.errors[index] = (this.errors[index] as number) + 1;
    this.durationsNs[index] = (this.durationsNs[index] as number) + Math.max(0, durationNs);
  }

  /** Empties the bucket, which keeps its memory. */
  clear(): void {
    this.operations.length = 0;
    this.calls.fill(0, 0, this.length);
    this.errors.fill(0, 0, this.length);
    this.durationsNs.fill(0, 0, this.length);
    this.places.fill(0);
    this.length = 0;
  }

  private indexOf(operation: DictionaryEntry<OperationRow>, durationClass: number): number {
    const { places } = this;
    const mask = places.length - 1;
    for (let place = placeOf(operation, durationClass) & mask; ; place = (place + 1) & mask) {
      const index = (places[place] as number) - 1;
      if (index < 0) {
        places[place] = this.length + 1;
        return this.append(operation, durationClass);
      }
      if (this.durationClasses[index] === durationClass && this.operations[index] === operation) return index;
    }
  }

  private append(operation: DictionaryEntry<OperationRow>, durationClass: number): number {
    const index = this.length++;
    this.operations.push(operation);
    this.durationClasses[index] = durationClass;
    if (this.length === this.calls.length) this.grow();
    return index;
  }

  private grow(): void {
    const capacity = this.calls.length * 2;
    this.durationClasses = longer(this.durationClasses, new Int16Array(capacity));
    this.calls = longer(this.calls, new Int32Array(capacity));
    this.errors = longer(this.errors, new Int32Array(capacity));
    this.durationsNs = longer(this.durationsNs, new Float64Array(capacity));
    this.places = new Int32Array(capacity * 2);
    const mask = this.places.length - 1;
    for (const [index, operation] of this.operations.entries()) {
      let place = placeOf(operation, this.durationClasses[index] as number) & mask;
      while (this.places[place] !== 0) place = (place + 1) & mask;
      this.places[place] = index + 1;
    }
  }
}

/** Ids of operations are random. */
function placeOf({ idLow }: DictionaryEntry<OperationRow>, durationClass: number): number {
  return idLow ^ Math.imul(durationClass, 0x9e3779b1);
}

function longer<Numbers extends Int16Array | Int32Array | Float64Array>(from: Numbers, to: Numbers): Numbers {
  to.set(from);
  return to;
}

/** Buckets that are kept for the next transaction: nearly all of its spans started within the same 10 seconds, or 20. */
const keptBuckets = 2;

/** What an exceptional transaction has made a bucket grow to is given back. */
const keptCapacity = 16_384;

/** Counts the calls of operations, for the rollups that are written with the spans. */
export class CallCounts {
  readonly buckets = new Map<number, BucketCounts>();
  private last: BucketCounts | undefined;
  private readonly kept: BucketCounts[] = [];

  /**
   * @param startSeconds when the span started, in whole seconds since 1970
   * @param durationNs how long it took, in ns
   */
  add(operation: DictionaryEntry<OperationRow>, startSeconds: number, durationNs: number, isError: boolean): void {
    const bucketStart = startSeconds - (startSeconds % bucketSeconds);
    let bucket = this.last;
    if (bucket === undefined || bucket.startSeconds !== bucketStart) bucket = this.bucketAt(bucketStart);
    bucket.add(operation, durationClass(durationNs), durationNs, isError);
  }

  clear(): void {
    for (const bucket of this.buckets.values()) {
      if (this.kept.length === keptBuckets || bucket.calls.length > keptCapacity) continue;
      bucket.clear();
      this.kept.push(bucket);
    }
    this.buckets.clear();
    this.last = undefined;
  }

  private bucketAt(startSeconds: number): BucketCounts {
    let bucket = this.buckets.get(startSeconds);
    if (bucket === undefined) {
      bucket = this.kept.pop() ?? new BucketCounts();
      bucket.startSeconds = startSeconds;
      this.buckets.set(startSeconds, bucket);
    }
    this.last = bucket;
    return bucket;
  }
}
