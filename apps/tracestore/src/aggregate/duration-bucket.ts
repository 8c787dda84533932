/**
 * The bucket of a duration: 0 for none, otherwise 1 + floor(8 × log2(ns)). Apart from the offset of 1 this is the index
 * of OpenTelemetry's base-2 exponential histogram at scale 3, so that a value read from a bucket is at most 4.5 % off.
 * `ps_trace.call_percentile` and similar functions read buckets by the same rule.
 *
 * @param ns nanoseconds
 */
export function durationBucket(ns: number): number {
  return ns <= 0 ? 0 : 1 + Math.floor(Math.log2(ns) * 8);
}
