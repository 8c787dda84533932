import { Client } from 'pg';
import { dashboards, readQuery } from '../../dashboards/all.ts';
import { bindQuery, type Query } from '../../dashboards/query.ts';
import { type Results, rounded } from '../results.ts';
import type { LoadedSpans } from './loaded-store.ts';
import { percentile } from './percentile.ts';

/** The time ranges of the dashboards. */
const ranges = [
  { result: 'panels1h', milliseconds: 3_600_000 },
  { result: 'panels24h', milliseconds: 86_400_000 },
] as const;

/** Runs of each query, for all services and for each service by turns. */
const asksEach = 20;

/** Measures the queries of the dashboards. The results are the p95 of the slowest one, over an hour and over a day. */
export async function askPanels(
  databaseUrl: string,
  loaded: LoadedSpans,
  services: readonly string[],
  say: (line: string) => void,
): Promise<Results> {
  const client = new Client(databaseUrl);
  await client.connect();
  try {
    const results: Record<string, number> = {};
    for (const { result, milliseconds } of ranges) {
      const range = {
        from: new Date(loaded.endMs - milliseconds).toISOString(),
        to: new Date(loaded.endMs).toISOString(),
      };
      let slowest = 0;
      for (const { name, query } of panelQueries()) {
        const p95 = await ask(client, query, range, services);
        if (p95 > slowest / 2) say(`${result.padEnd(10)} ${name.padEnd(60)} p95 ${p95.toFixed(1)} ms`);
        slowest = Math.max(slowest, p95);
      }
      results[result] = rounded(slowest, 1);
    }
    return results;
  } finally {
    await client.end();
  }
}

/** Every query of a panel, once. */
function panelQueries(): readonly { readonly name: string; readonly query: Query }[] {
  return dashboards.flatMap(({ folder, dashboard }) =>
    [...new Set(dashboard.panels.flatMap(({ queries }) => queries))].map((file) => ({
      name: `${folder}/${file}`,
      query: readQuery(folder, file),
    })),
  );
}

async function ask(
  client: Client,
  query: Query,
  range: Readonly<Record<'from' | 'to', string>>,
  services: readonly string[],
): Promise<number> {
  const durationsMs: number[] = [];
  for (let n = 0; n <= asksEach; n++) {
    const chosen: Readonly<Record<string, string>> = {
      ...range,
      service: ['', ...services][n % (services.length + 1)] ?? '',
    };
    const known = query.parameters.map(({ name }) => name).filter((name) => name in chosen);
    const { text, values } = bindQuery(query, Object.fromEntries(known.map((name) => [name, chosen[name] ?? ''])));
    const startedAt = performance.now();
    await client.query(text, [...values]);
    // The first run does not count, because it finds no plan and no data in memory.
    if (n > 0) durationsMs.push(performance.now() - startedAt);
  }
  return percentile(durationsMs, 0.95);
}
