/** What a benchmark found: figures by name, each with its unit in the name. */
export type Figures = Readonly<Record<string, number>>;

/**
 * A benchmark.
 *
 * @param say tells a person how it goes, a line at a time
 * @param options those of the command line that are its own
 */
export type Bench = (say: (line: string) => void, options: readonly string[]) => Promise<Figures>;

/** A figure with as many decimals as it deserves. */
export function rounded(value: number, digits: number): number {
  return Number(value.toFixed(digits));
}
