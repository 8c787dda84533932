const smallestMs = 0.01;
const growth = 1.02;
const buckets = Math.ceil(Math.log(1e7) / Math.log(growth));

/**
 * Counts durations in buckets that grow by 2 %. From 10 µs to 100 s its percentiles are within 2 % of the exact ones. It
 * always takes 6 KB.
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
   * Computes a percentile of the durations.
   *
   * @param share from 0 to 1: 0.95 for the 95th percentile
   * @returns the percentile in ms, or undefined without a duration
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
