import { importBuilt } from '@spandrel/embedded/built-tracestore';
import { SeededRandom } from '../corpus/random.ts';
import { type Results, rounded } from '../results.ts';
import type { LoadedSpans } from './loaded-store.ts';
import { percentile } from './percentile.ts';

type Database = typeof import('../../apps/tracestore/src/query/query-database.service.ts');
type Filters = typeof import('../../apps/tracestore/src/query/filter/filter.ts');
type FindDifferences = typeof import('../../apps/tracestore/src/query/differences/find-differences.ts');
type GroupSpans = typeof import('../../apps/tracestore/src/query/differences/group-spans.ts');
type Selection = import('../../apps/tracestore/src/query/differences/find-differences.ts').Selection;

const msPerHour = 3_600_000;
const hoursOfDay = 24;
const nsPerMs = 1_000_000n;

/**
 * Measures comparisons of the traces of an hour: failed ones, slowest ones, and those of half of the hour with the others. The
 * results are the p95 of a comparison, and of grouping the spans of an hour by an attribute.
 *
 * @param asks how many of each
 */
export async function measureDifferences(
  databaseUrl: string,
  loaded: LoadedSpans,
  asks: number,
  say: (line: string) => void,
): Promise<Results> {
  const { QueryDatabaseService } = await importBuilt<Database>('query/query-database.service');
  const { everything, fieldIs } = await importBuilt<Filters>('query/filter/filter');
  const { findDifferences } = await importBuilt<FindDifferences>('query/differences/find-differences');
  const { groupSpans } = await importBuilt<GroupSpans>('query/differences/group-spans');
  const database = new QueryDatabaseService({ databaseUrl, queryConnections: 2, queryTimeoutMs: 60_000 });
  const random = new SeededRandom(3);
  const hour = () => {
    const endMs = loaded.endMs - random.below(hoursOfDay - 1) * msPerHour;
    return {
      filter: everything,
      startTimeMinUnixNano: BigInt(endMs - msPerHour) * nsPerMs,
      startTimeMaxUnixNano: BigInt(endMs) * nsPerMs,
    };
  };
  const selections: readonly ((search: ReturnType<typeof hour>) => Selection)[] = [
    () => ({ filter: fieldIs('span.status', 'error') }),
    () => ({ isSlowest: true }),
    ({ startTimeMaxUnixNano }) => ({ startTimeMinUnixNano: startTimeMaxUnixNano - BigInt(msPerHour / 2) * nsPerMs }),
  ];
  const compare = async (n: number): Promise<number> => {
    const search = hour();
    const { differences } = await findDifferences(database, search, selections[n % selections.length]?.(search) ?? {});
    return differences.length;
  };
  const group = async (n: number): Promise<number> => {
    const key = `attribute.key_${String(n % 24).padStart(2, '0')}`;
    return (await groupSpans(database, hour(), { attribute: key })).groups.length;
  };
  try {
    const results: Record<string, number> = {};
    for (const [name, ask] of [
      ['differencesMs', compare],
      ['groupsMs', group],
    ] as const) {
      for (let n = 0; n < selections.length; n++) await ask(n);
      const durationsMs: number[] = [];
      let answers = 0;
      for (let n = 0; n < asks; n++) {
        const startedAt = performance.now();
        answers += await ask(n);
        durationsMs.push(performance.now() - startedAt);
      }
      results[name] = rounded(percentile(durationsMs, 0.95), 1);
      say(
        `${name.padEnd(16)} p50 ${percentile(durationsMs, 0.5).toFixed(1)} ms, p95 ${results[name]} ms, ` +
          `slowest ${Math.max(...durationsMs).toFixed(1)} ms; ${(answers / asks).toFixed(1)} answers each`,
      );
    }
    return results;
  } finally {
    await database.onApplicationShutdown();
  }
}
