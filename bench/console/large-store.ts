import { type Results, rounded } from '../results.ts';
import { measureDifferences } from '../queries/differences.ts';
import { type LoadedSpans, loadSpans, sharedBuffers } from '../queries/loaded-store.ts';
import { percentile } from '../queries/percentile.ts';
import { type BenchDatabase, startBenchDatabase } from '../write/bench-database.ts';
import { defaultConnections } from '../write/ingest-path.ts';
import { startStore } from '../write/processes.ts';
import { measureSqlExamples } from './sql-examples.ts';

const hourMs = 3_600_000;
const nsPerMs = 1_000_000n;

/** Each search runs this many times, after one run that does not count. */
const rounds = 7;

/** How many comparisons, and how many groupings: the three selections by turns. */
const comparisons = 30;

/** A condition of a search, as the query string of the API has it. */
type Search = readonly (readonly [name: string, value: string])[];

/**
 * Measures what the console counts over an hour of many spans: the heat map and the facets of several searches, through its API,
 * comparisons of traces, as `npm run bench -- queries` does, and the examples of the SQL page. The store is the one of that
 * benchmark.
 *
 * @param spans in the store, over 24 hours
 * @param keptFolder a folder of `npm run bench -- queries --keep`; by default the store is made and deleted
 */
export async function measureLargeStore(
  spans: number,
  keptFolder: string | undefined,
  say: (line: string) => void,
): Promise<Results> {
  const database = await startBenchDatabase({ sharedBuffers, keptFolder });
  try {
    const loaded = await loadSpans(database, spans, say);
    const searches = await searchesOf(database, loaded);
    const store = await startStore(database.url, await defaultConnections(), undefined);
    try {
      const url = `http://127.0.0.1:${store.httpPort}`;
      return {
        searchHeatmapMs: await measure(url, 'traces/heatmap', searches, loaded, say),
        searchFacetsMs: await measure(url, 'traces/facets', searches, loaded, say),
        ...(await measureDifferences(database.url, loaded, comparisons, say)),
        ...(await measureSqlExamples(database.url, loaded, say)),
      };
    } finally {
      await store.stop();
    }
  } finally {
    await database.stop();
  }
}

/** Searches of each kind of condition. */
async function searchesOf({ query }: BenchDatabase, { endMs }: LoadedSpans): Promise<ReadonlyMap<string, Search>> {
  const [operation] = await query<{ service_name: string; span_name: string }>(
    'SELECT service_name, span_name FROM tracestore.operation ORDER BY last_seen DESC, id LIMIT 1',
  );
  const [attribute] = await query<{ key: string; value: string }>(
    `SELECT t.key, t.value
     FROM (SELECT attributes FROM tracestore.span WHERE start_time >= $1 LIMIT 1) AS s, jsonb_each_text(s.attributes) t
     WHERE t.value NOT IN ('true', 'false') LIMIT 1`,
    [new Date(endMs - hourMs / 2)],
  );
  const service = operation?.service_name ?? '';
  return new Map<string, Search>([
    ['everything', []],
    ['a service', [['service', service]]],
    [
      'an operation',
      [
        ['service', service],
        ['operation', operation?.span_name ?? ''],
      ],
    ],
    ['failed spans', [['status', 'error']]],
    ['a kind', [['kind', 'client']]],
    ['long traces', [['minDurationNs', '300000000']]],
    ['an attribute', [['attribute', `"${attribute?.key ?? ''}"=${attribute?.value ?? ''}`]]],
    ['a key', [['attribute', `"${attribute?.key ?? ''}"`]]],
    ['a text', [['text', attribute?.value ?? '']]],
  ]);
}

/** @returns the 95th percentile of all searches in ms */
async function measure(
  url: string,
  path: string,
  searches: ReadonlyMap<string, Search>,
  { endMs }: LoadedSpans,
  say: (line: string) => void,
): Promise<number> {
  const all: number[] = [];
  for (const [name, search] of searches) {
    const durations = await timesOf(`${url}/api/${path}?${queryOf(search, endMs)}`);
    all.push(...durations);
    say(
      `${path} of ${name.padEnd(14)} p50 ${percentile(durations, 0.5).toFixed(0)} ms, slowest ${Math.max(...durations).toFixed(0)} ms`,
    );
  }
  return rounded(percentile(all, 0.95), 0);
}

/** The last hour of the store. */
function queryOf(search: Search, endMs: number): string {
  const range: Search = [
    ['from', String(BigInt(endMs - hourMs) * nsPerMs)],
    ['to', String(BigInt(endMs) * nsPerMs)],
  ];
  return new URLSearchParams([...search, ...range].map(([name, value]): [string, string] => [name, value])).toString();
}

async function timesOf(url: string): Promise<readonly number[]> {
  const durations: number[] = [];
  for (let round = -1; round < rounds; round++) {
    const startedAt = performance.now();
    const response = await fetch(url);
    const body = await response.text();
    if (!response.ok) throw new Error(`${url} responded with ${response.status}: ${body}`);
    if (round >= 0) durations.push(performance.now() - startedAt);
  }
  return durations;
}
