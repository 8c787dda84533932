import type { SystemAnswer } from '../api/answers.ts';

/** A reading of a metric without labels, or the sum over them; NaN where it is not there (yet). */
export function valueOf({ ingest }: SystemAnswer, name: string): number {
  const values = ingest.flatMap((metric) => metric.values).filter((value) => value.name === name);
  return values.length === 0 ? NaN : values.reduce((sum, { value }) => sum + value, 0);
}

/** What a counter has counted, by one of its labels, the greatest first; without what never happened. */
export function countsOf({ ingest }: SystemAnswer, name: string, label: string) {
  return ingest
    .flatMap((metric) => metric.values)
    .filter((value) => value.name === name && value.value > 0)
    .map(({ labels, value }) => ({ label: labels[label] ?? '', value }))
    .toSorted((a, b) => b.value - a.value);
}
