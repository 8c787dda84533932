import type { SystemResponse } from '../api/types.ts';

/** The value of a metric, summed over its labels; NaN if the metric does not exist (yet). */
export function valueOf({ ingest }: SystemResponse, name: string): number {
  const values = ingest.flatMap((metric) => metric.values).filter((value) => value.name === name);
  return values.length === 0 ? NaN : values.reduce((sum, { value }) => sum + value, 0);
}

/** The values of a counter by one of its labels, largest first, without zeros. */
export function countsOf({ ingest }: SystemResponse, name: string, label: string) {
  return ingest
    .flatMap((metric) => metric.values)
    .filter((value) => value.name === name && value.value > 0)
    .map(({ labels, value }) => ({ label: labels[label] ?? '', value }))
    .toSorted((a, b) => b.value - a.value);
}
