import { importBuilt } from '@spandrel/embedded/built-tracestore';
import { SeededRandom } from '../corpus/random.ts';
import type { Ask } from '../queries/asks.ts';
import type { LoadedSpans } from '../queries/loaded-store.ts';
import type { BenchDatabase } from '../write/bench-database.ts';

type Service = typeof import('../../apps/tracestore/src/query/traceql/traceql.service.ts');
type Grid = typeof import('../../apps/tracestore/src/query/traceql/grid.ts');
type Database = typeof import('../../apps/tracestore/src/query/query-database.service.ts');
type GetTraces = typeof import('../../apps/tracestore/src/query/get-traces/get-traces.ts');

const nsPerMs = 1_000_000n;
const hourNs = 3_600_000n * nsPerMs;
const minuteNs = 60_000n * nsPerMs;

/** Queries in TraceQL by the name of the result; each one runs in this process as the protocols run it. */
export interface TraceqlAsks {
  readonly asks: ReadonlyMap<string, readonly Ask[]>;
  close(): Promise<void>;
}

/** Spans that searches look for. */
interface Sample {
  readonly trace_id: string;
  readonly start_ns: string;
  readonly service: string;
  readonly name: string;
  readonly child_service: string;
  readonly child_name: string;
  readonly key: string;
  readonly text: string;
}

/** Make different queries of each kind, always the same ones for the same data and seed. */
export async function makeTraceqlAsks(
  database: BenchDatabase,
  loaded: LoadedSpans,
  count: number,
  seed: number,
): Promise<TraceqlAsks> {
  const { TraceqlService } = await importBuilt<Service>('query/traceql/traceql.service');
  const { gridOf } = await importBuilt<Grid>('query/traceql/grid');
  const { QueryDatabaseService } = await importBuilt<Database>('query/query-database.service');
  const { getTraces } = await importBuilt<GetTraces>('query/get-traces/get-traces');
  const queries = new QueryDatabaseService({ databaseUrl: database.url, queryConnections: 2, queryTimeoutMs: 60_000 });
  const service = new TraceqlService(queries);
  const random = new SeededRandom(seed);
  const [common] = await database.query<{ readonly key: string }>(
    `SELECT a.key
     FROM (SELECT attributes FROM tracestore.span LIMIT 2000) AS s
     CROSS JOIN LATERAL jsonb_each(s.attributes) AS a
     GROUP BY a.key
     HAVING count(DISTINCT a.value) <= 20
     ORDER BY count(*) DESC, a.key
     LIMIT 1`,
  );
  const commonKey = common?.key ?? '';
  const samples = await sample(database, random, loaded, count);
  const endNs = ((BigInt(loaded.endMs) * nsPerMs) / minuteNs) * minuteNs;

  const each = (ask: (sampled: Sample) => Promise<number>): readonly Ask[] =>
    samples.map((sampled) => () => ask(sampled));
  const search = async (query: string, around: bigint): Promise<number> => {
    const { traces } = await service.search({
      query,
      startNs: around - hourNs / 2n,
      endNs: around + hourNs / 2n,
      limit: 20,
      spansPerSpanSet: 3,
    });
    return traces.length;
  };
  const metrics = (query: string, hours: bigint, stepNs: bigint): readonly Ask[] =>
    samples.map(() => async () => {
      const last = hours === 24n ? endNs : endNs - BigInt(random.below(22)) * hourNs;
      const grid = gridOf(last - hours * hourNs, last, stepNs);
      const { series } = await service.metricsRange({ query, grid, exemplars: 0, maxSeries: 1_000 });
      return series.length;
    });
  const text = (value: string): string => JSON.stringify(value);
  const asks = new Map<string, readonly Ask[]>([
    [
      'byId',
      each(async ({ trace_id: traceId }) => {
        let spans = 0;
        for await (const chunk of getTraces(queries, [{ traceId }])) spans += chunk.spans.length;
        return spans;
      }),
    ],
    ['searchService', each((one) => search(`{ resource.service.name = ${text(one.service)} }`, BigInt(one.start_ns)))],
    ['searchAttribute', each((one) => search(`{ span.${text(one.key)} = ${text(one.text)} }`, BigInt(one.start_ns)))],
    [
      'searchStructural',
      each((one) =>
        search(
          `{ resource.service.name = ${text(one.service)} && name = ${text(one.name)} } >> ` +
            `{ resource.service.name = ${text(one.child_service)} && name = ${text(one.child_name)} }`,
          BigInt(one.start_ns),
        ),
      ),
    ],
    ['rate1h', metrics('{ nestedSetParent < 0 } | rate() by(resource.service.name)', 1n, minuteNs)],
    ['quantile1h', metrics('{} | quantile_over_time(duration, 0.9)', 1n, minuteNs)],
    ['histogram24h', metrics('{} | histogram_over_time(duration)', 24n, 30n * minuteNs)],
    [
      'rateAttribute1h',
      metrics(`{ span.${text(commonKey)} != nil } | rate() by(span.${text(commonKey)})`, 1n, minuteNs),
    ],
    ['compare1h', metrics('{ nestedSetParent < 0 } | compare({ status = error })', 1n, hourNs)],
  ]);
  return { asks, close: () => queries.onApplicationShutdown() };
}

/** Spans with a parent and an attribute that is a text, at random times. */
async function sample(
  database: BenchDatabase,
  random: SeededRandom,
  { endMs }: LoadedSpans,
  count: number,
): Promise<readonly Sample[]> {
  const samples: Sample[] = [];
  while (samples.length < count) {
    const at = new Date(endMs - random.below(82_800_000) - 1_800_000);
    const [row] = await database.query<Sample>(
      `WITH near AS (
         SELECT b.trace_ids[1] AS trace_id
         FROM tracestore.span_block b
         WHERE b.start_max >= $1
         ORDER BY b.start_max
         LIMIT 1
       )
       SELECT
         replace(s.trace_id::text, '-', '') AS trace_id,
         ((extract(epoch FROM s.start_time) * 1000000)::int8 * 1000)::text AS start_ns,
         o.service_name AS service, o.span_name AS name, child_o.service_name AS child_service, child_o.span_name AS child_name,
         a.key, a.value #>> '{}' AS text
       FROM near
       JOIN tracestore.span s ON s.trace_id = near.trace_id
       JOIN tracestore.span child ON child.trace_id = s.trace_id AND child.parent_span_id = s.span_id
       JOIN tracestore.operation o ON o.id = s.operation_id
       JOIN tracestore.operation child_o ON child_o.id = child.operation_id
       CROSS JOIN LATERAL jsonb_each(child.attributes) AS a
       WHERE jsonb_typeof(a.value) = 'string'
       ORDER BY length(a.value::text) DESC
       LIMIT 1`,
      [at],
    );
    if (row !== undefined) samples.push(row);
  }
  return samples;
}
