import { Client } from 'pg';
import { exampleGroups } from '../../apps/console/src/sql/examples.ts';
import { type Results, rounded } from '../results.ts';
import { median } from '../median.ts';
import type { LoadedSpans } from '../queries/loaded-store.ts';

/** Each example runs this many times, after one run that does not count. */
const rounds = 3;

/**
 * Measures the examples of the SQL page as a reader, with the end of the spans as the present. The result is the median of the
 * slowest example.
 */
export async function measureSqlExamples(
  databaseUrl: string,
  { endMs }: LoadedSpans,
  say: (line: string) => void,
): Promise<Results> {
  const client = new Client(databaseUrl);
  await client.connect();
  try {
    await client.query('SET ROLE ps_trace_reader');
    const present = `timestamptz '${new Date(endMs).toISOString()}'`;
    let slowest = 0;
    for (const { title, sql } of exampleGroups.flatMap(({ examples }) => examples)) {
      const durationsMs: number[] = [];
      for (let round = -1; round < rounds; round++) {
        const startedAt = performance.now();
        await client.query(sql.replaceAll('now()', present));
        if (round >= 0) durationsMs.push(performance.now() - startedAt);
      }
      say(`SQL example ${title.padEnd(70)} ${median(durationsMs).toFixed(0)} ms`);
      slowest = Math.max(slowest, median(durationsMs));
    }
    return { sqlExampleMs: rounded(slowest, 0) };
  } finally {
    await client.end();
  }
}
