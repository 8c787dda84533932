/** The results of a benchmark by name. Names end with the unit. */
export type Results = Readonly<Record<string, number>>;

/**
 * A benchmark.
 *
 * @param say reports the progress, one line at a time
 * @param options of the command line, without those of all benchmarks
 */
export type Bench = (say: (line: string) => void, options: readonly string[]) => Promise<Results>;

/** Rounds a result to a number of decimals. */
export function rounded(value: number, digits: number): number {
  return Number(value.toFixed(digits));
}
