import { type Results, rounded } from '../results.ts';
import { median } from '../median.ts';
import { percentile } from './percentile.ts';
import type { QueryProcess } from './query-process.ts';

/** Queries of each kind and build that run before the clock starts. */
const warmUpQueries = 25;

/** How often the panels of both builds run. */
const panelRounds = 3;

/**
 * Runs the same queries against two builds by turns.
 *
 * @param build the build of this checkout
 * @param before the other build
 * @param asks queries of each kind
 * @returns for each kind that both have `…OverBefore`, the median of the ratios of two queries in a row, and
 * `…P95OverBefore`, the ratio of the 95th percentiles
 */
export async function compareBuilds(
  build: QueryProcess,
  before: QueryProcess,
  asks: number,
  say: (line: string) => void,
): Promise<Results> {
  const results: Record<string, number> = {};
  for (const kind of build.kinds.filter((name) => before.kinds.includes(name))) {
    for (let index = 0; index < Math.min(warmUpQueries, asks); index++) {
      for (const side of [build, before]) await side.query({ kind, index, isWarmUp: true });
    }
    const ownMs: number[] = [];
    const beforeMs: number[] = [];
    for (let index = 0; index < asks; index++) {
      const turns = [
        async () => ownMs.push(await build.query({ kind, index, isWarmUp: false })),
        async () => beforeMs.push(await before.query({ kind, index, isWarmUp: false })),
      ];
      for (const turn of index % 2 === 0 ? turns : turns.toReversed()) await turn();
    }
    const ratio = median(ownMs.map((durationMs, index) => durationMs / (beforeMs[index] ?? Number.NaN)));
    const [own, other] = [percentile(ownMs, 0.95), percentile(beforeMs, 0.95)];
    results[`${kind}OverBefore`] = rounded(ratio, 3);
    results[`${kind}P95OverBefore`] = rounded(own / other, 3);
    say(
      `${kind.padEnd(16)} this build p50 ${percentile(ownMs, 0.5).toFixed(2)} ms, p95 ${own.toFixed(2)} ms; ` +
        `before p50 ${percentile(beforeMs, 0.5).toFixed(2)} ms, p95 ${other.toFixed(2)} ms; ratio ${ratio.toFixed(3)}`,
    );
  }
  return { ...results, ...(await comparePanels(build, before, say)) };
}

async function comparePanels(build: QueryProcess, before: QueryProcess, say: (line: string) => void): Promise<Results> {
  const ratios = new Map<string, number[]>();
  for (let round = 1; round <= panelRounds; round++) {
    const own = await build.panels();
    const other = await before.panels();
    for (const [name, value] of Object.entries(own)) {
      const ratio = value / (other[name] ?? Number.NaN);
      ratios.set(name, [...(ratios.get(name) ?? []), ratio]);
      say(`${name.padEnd(16)} this build p95 ${value} ms, before ${other[name]} ms`);
    }
  }
  return Object.fromEntries([...ratios].map(([name, values]) => [`${name}OverBefore`, rounded(median(values), 3)]));
}
