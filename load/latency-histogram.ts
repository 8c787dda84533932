const smallestMs = 0.01;
const growth = 1.02;
const buckets = Math.ceil(Math.log(1e7) / Math.log(growth));

/**
 * Counts durations in buckets that grow by 2 %, so percentiles are right to 2 % from 10 µs to 100 s, in a fixed
 * 6 KB however long the load runs.
 */
export class LatencyHistogram {
  private readonly counts = new Float64Array(buckets);
  private total = 0;

  add(durationMs: number): void {
    const bucket = Math.floor(Math.log(Math.max(durationMs, smallestMs) / smallestMs) / Math.log(growth));
    const index = Math.min(bucket, buckets - 1);
    this.counts[index] = (this.counts[index] ?? 0) + 1;
    this.total += 1;
  }

  /**
   * The duration, in ms, that a share of all durations does not exceed; undefined if there are none.
   *
   * @param share from 0 to 1, as in 0.95
   */
  percentile(share: number): number | undefined {
    let left = share * this.total;
    for (let index = 0; index < buckets; index += 1) {
      const count = this.counts[index] ?? 0;
      left -= count;
      if (count > 0 && left <= 1e-9) return smallestMs * growth ** (index + 0.5);
    }
    return undefined;
  }
}
