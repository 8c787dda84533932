const second = 1_000_000n;
const minute = 60n * second;
const hour = 60n * minute;
const day = 24n * hour;

/** Steps that people read easily. Aggregates of calls have whole steps of 10 seconds. */
const steps: readonly bigint[] = [
  ...[1n, 2n, 5n, 10n, 20n, 30n].map((seconds) => seconds * second),
  ...[1n, 2n, 5n, 10n, 15n, 30n].map((minutes) => minutes * minute),
  ...[1n, 2n, 3n, 6n, 12n, 24n].map((hours) => hours * hour),
];

const finest: readonly bigint[] = [1n, 2n, 5n].flatMap((digit) =>
  [1n, 10n, 100n, 1_000n, 10_000n, 100_000n].map((power) => digit * power),
);

const maxColumns = 120n;
/** A longer range has steps of at least 10 seconds, so that aggregates can answer. */
const aggregatedFromUs = 5n * minute;

/** The columns of a heat map, in µs since 1970. */
export interface HeatmapColumns {
  readonly startUs: bigint;
  readonly stepUs: bigint;
  readonly count: number;
}

/** Divide a range into at most 121 columns that start at whole steps. Both times are in µs since 1970, inclusive. */
export function columnsOf(minUs: bigint, maxUs: bigint): HeatmapColumns {
  const fitting = (maxUs - minUs + maxColumns - 1n) / maxColumns;
  const least = maxUs - minUs >= aggregatedFromUs && fitting < 10n * second ? 10n * second : fitting;
  const known = [...finest.toSorted((a, b) => Number(a - b)), ...steps].find((step) => step >= least);
  const stepUs = known ?? ((least + day - 1n) / day) * day;
  const startUs = (minUs / stepUs) * stepUs;
  return { startUs, stepUs, count: Number((maxUs - startUs) / stepUs) + 1 };
}

/** A part of a column that is read. */
export interface Slice {
  readonly startUs: bigint;
  readonly endUs: bigint;
}

/**
 * The parts of a range that are read if only a share of it is: one part of each column. They are not all at the start of their
 * columns, because work that starts each minute would then count too much.
 *
 * @param share from 0 to 1
 */
export function slicesOf(minUs: bigint, maxUs: bigint, columns: HeatmapColumns, share: number): readonly Slice[] {
  if (share >= 1) return [{ startUs: minUs, endUs: maxUs }];
  const golden = 0.618_033_988_75;
  return Array.from({ length: columns.count }, (_, n) => {
    const start = columns.startUs + BigInt(n) * columns.stepUs;
    const from = start < minUs ? minUs : start;
    const end = start + columns.stepUs - 1n;
    const width = Number((end > maxUs ? maxUs : end) - from);
    const offset = ((n * golden) % 1) * (1 - share) * width;
    const startUs = from + BigInt(Math.floor(offset));
    return { startUs, endUs: startUs + BigInt(Math.floor(share * width)) };
  });
}
