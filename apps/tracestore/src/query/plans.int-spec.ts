import type { QueryResultRow } from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { makeCorpus } from '../../../../bench/corpus/corpus.ts';
import { createFreshDatabase, type FreshDatabase } from '@spandrel/testing/fresh-database';
import { sendGrpc } from '@spandrel/testing/otlp-client';
import { queryOnce, type RunningTracestore, startTracestore } from '@spandrel/testing/running-tracestore';
import type { BoundStatement } from '../sql.js';
import { allOf, attributeIs, fieldCompares, fieldIs, type Filter } from './filter/filter.js';
import { findTraces } from './find-traces/find-traces.js';
import type { TraceSearch } from './find-traces/trace-search.js';
import { getTraces } from './get-traces/get-traces.js';
import { type QueryConnection, type QueryDatabaseConfig, QueryDatabaseService } from './query-database.service.js';
import { summarizeTraces } from './summarize-traces/summarize-traces.js';

const msPerDay = 86_400_000;
const nsPerMs = 1_000_000n;
const spans = 60_000;

let fresh: FreshDatabase;
let store: RunningTracestore;
let database: PlanningDatabase;
/** An evening, UTC: most of the spans are in one partition and some in another, at whatever hour the test runs. */
const endMs = Math.floor(Date.now() / msPerDay) * msPerDay - 4 * 3_600_000;

interface PlanNode {
  readonly 'Node Type': string;
  readonly 'Scan Direction'?: string;
  readonly 'Relation Name'?: string;
  readonly 'Index Name'?: string;
  readonly 'CTE Name'?: string;
  readonly Plans?: readonly PlanNode[];
}

/** Notes the plan of each query. */
class PlanningDatabase extends QueryDatabaseService {
  plans: PlanNode[] = [];
  private readonly planner: QueryDatabaseService;

  constructor(config: QueryDatabaseConfig) {
    super(config);
    this.planner = new QueryDatabaseService(config);
  }

  protected override async acquire(signal: AbortSignal | undefined): Promise<QueryConnection> {
    const connection = await super.acquire(signal);
    return {
      ...connection,
      query: async <Row extends QueryResultRow>(statement: BoundStatement) => {
        // First, as the statements of a query are sent one after the other.
        const result = connection.query<Row>(statement);
        const query = /\b(?:SELECT|WITH)\b[^]*$/.exec(statement.text)?.[0];
        if (query !== undefined) await this.plan({ text: query, values: statement.values });
        return result;
      },
    };
  }

  override async onApplicationShutdown(): Promise<void> {
    await this.planner.onApplicationShutdown();
    await super.onApplicationShutdown();
  }

  private async plan({ text, values }: BoundStatement): Promise<void> {
    const [row] = await this.planner.query<{ 'QUERY PLAN': readonly [{ readonly Plan: PlanNode }] }>(
      { text: `EXPLAIN (FORMAT JSON) ${text}`, values },
      undefined,
    );
    if (row !== undefined) this.plans.push(row['QUERY PLAN'][0].Plan);
  }
}

beforeAll(async () => {
  fresh = await createFreshDatabase();
  store = await startTracestore(fresh.url);
  const corpus = makeCorpus({
    shape: 'clickhouse',
    spans,
    spansPerRequest: 1000,
    seed: 3,
    startTimeUnixNano: BigInt(endMs - msPerDay) * nsPerMs,
    durationNano: BigInt(msPerDay) * nsPerMs,
  });
  for (const { bytes } of corpus) await sendGrpc(store.grpcAddress, Buffer.from(bytes));
  await queryOnce(fresh.url, 'VACUUM (ANALYZE)');
  database = new PlanningDatabase({ databaseUrl: fresh.url, queryConnections: 2, queryTimeoutMs: 30_000 });
});

afterAll(async () => {
  await database.onApplicationShutdown();
  await store.stop();
  await fresh.drop();
});

async function nodesOf(run: () => Promise<unknown>): Promise<readonly PlanNode[]> {
  database.plans = [];
  await run();
  return database.plans.flatMap(allNodes);
}

/** How a query reads tables that have rows. Of partitions only the larger ones count: a small one is quickly read as a whole. */
async function readsOf(run: () => Promise<unknown>): Promise<readonly PlanNode[]> {
  const nodes = await nodesOf(run);
  const parts = (await relations()).filter(({ rows }) => rows > 0);
  const largest = (root: string): number => Math.max(...parts.filter((p) => p.root === root).map(({ rows }) => rows));
  const full = new Set(parts.filter(({ root, rows }) => rows >= largest(root) / 2).map(({ name }) => name));
  return nodes.filter((node) => full.has(node['Relation Name'] ?? ''));
}

/** These are so small that a page more or less decides how they are read. */
const dictionaries: readonly string[] = ['operation', 'resource', 'scope'];

/** The ways of reading tables except dictionaries, each once. Partitions have the name of their table. */
async function waysOf(run: () => Promise<unknown>): Promise<readonly string[]> {
  const roots = new Map((await relations()).map(({ name, root }) => [name, root]));
  const reads = (await readsOf(run)).filter((node) => !dictionaries.includes(node['Relation Name'] ?? ''));
  const ways = reads.map((node) => {
    const [table = '', index] = [node['Relation Name'], node['Index Name']].map(
      (name) => roots.get(name ?? '') ?? name,
    );
    const direction = node['Scan Direction'] === 'Backward' ? ' backward' : '';
    return `${table}: ${node['Node Type']}${direction}${index === undefined ? '' : ` of ${index}`}`;
  });
  return [...new Set(ways)].toSorted();
}

function allNodes(node: PlanNode): readonly PlanNode[] {
  return [node, ...(node.Plans ?? []).flatMap(allNodes)];
}

/** Tables and indexes, with the table or index that they are a partition of. */
async function relations() {
  return queryOnce<{ name: string; root: string; rows: number }>(
    fresh.url,
    `SELECT c.relname AS name, coalesce(root.relname, c.relname) AS root, c.reltuples::float8 AS rows
     FROM pg_class c
     LEFT JOIN pg_class root ON root.oid = pg_partition_root(c.oid)
     WHERE c.relnamespace = 'tracestore'::regnamespace`,
  );
}

function search(filter: Filter | undefined, over: Partial<TraceSearch> = {}): () => Promise<unknown> {
  const day = {
    startTimeMinUnixNano: BigInt(endMs - msPerDay) * nsPerMs,
    startTimeMaxUnixNano: BigInt(endMs) * nsPerMs,
  };
  return () => findTraces(database, { filter, limit: 20, ...day, ...over });
}

const value = { type: 'string', value: 'value-7' } as const;
const service = fieldIs('resource.service', 'cart');

const queries: Readonly<Record<string, () => Promise<unknown>>> = {
  'the newest': search(undefined),
  'a service': search(service),
  'an operation': search(allOf(service, fieldIs('span.name', 'SELECT cart_0'))),
  'spans that failed': search(allOf(service, fieldIs('span.status', 'error'))),
  'spans that took long': search(fieldCompares('span.duration', 'gte', 404_000_000n)),
  'the slowest': search(undefined, { order: 'slowest' }),
  'an attribute': search(attributeIs('attribute.key_02', value)),
  'an attribute of the resource': search(
    attributeIs('service.namespace', { type: 'string', value: 'shop' }, ['resource']),
  ),
  'a trace': () => wholeTrace(),
  summaries: async () => summarizeTraces(database, await someTraceIds()),
};

async function someTraceIds(): Promise<readonly string[]> {
  const { traces } = await findTraces(database, { limit: 20 });
  database.plans = [];
  return traces.map(({ traceId }) => traceId);
}

async function wholeTrace(): Promise<void> {
  const [traceId = ''] = await someTraceIds();
  for await (const { spans: some } of getTraces(database, [{ traceId }])) expect(some.length).toBeGreaterThan(0);
}

describe('plans of queries', () => {
  it('read by indexes, the same on every major version', async (context) => {
    // Plans of hypertables look different, though chunks are read in the same ways.
    context.skip(!(await hasPartitions()), 'the spans are in hypertables');
    const ways: Record<string, readonly string[]> = {};
    for (const [name, run] of Object.entries(queries)) ways[name] = await waysOf(run);
    expect(ways).toMatchInlineSnapshot(`
      {
        "a service": [
          "span: Index Scan of span_by_trace",
          "span_block: Index Only Scan backward of span_block_by_time",
          "span_block: Index Scan backward of span_block_by_time",
        ],
        "a trace": [
          "event: Index Scan of event_by_span",
          "span: Index Scan of span_by_trace",
        ],
        "an attribute": [
          "event: Index Scan of event_by_span",
          "span: Index Scan of span_by_trace",
          "span_block: Index Only Scan backward of span_block_by_time",
          "span_block: Index Scan backward of span_block_by_time",
        ],
        "an attribute of the resource": [
          "span: Index Scan of span_by_trace",
          "span_block: Index Only Scan backward of span_block_by_time",
          "span_block: Index Scan backward of span_block_by_time",
        ],
        "an operation": [
          "span: Index Scan backward of span_by_operation",
        ],
        "spans that failed": [
          "span: Index Scan of span_by_trace",
          "span_block: Index Only Scan backward of span_block_by_time",
          "span_block: Index Scan backward of span_block_by_time",
        ],
        "spans that took long": [
          "span: Index Scan of span_by_trace",
          "span_block: Index Only Scan backward of span_block_by_time",
          "span_block: Index Scan backward of span_block_by_time",
        ],
        "summaries": [
          "span: Index Scan of span_by_trace",
        ],
        "the newest": [
          "span: Index Scan of span_by_trace",
          "span_block: Index Only Scan backward of span_block_by_time",
          "span_block: Index Scan backward of span_block_by_time",
        ],
        "the slowest": [
          "span: Index Scan of span_by_trace",
          "span_block: Index Scan backward of span_block_by_duration",
        ],
      }
    `);
  });

  it('find by an index of blocks that no span took longer than all', async (context) => {
    context.skip(!(await hasPartitions()), 'the spans are in hypertables');
    const ways = await waysOf(search(fieldCompares('span.duration', 'gte', 500_000_000n)));
    // Both indexes have the longest duration.
    expect(ways).toContainEqual(
      expect.stringMatching(/^span_block: Index Scan( backward)? of span_block_by_(time|duration)$/),
    );
    expect(ways).not.toContainEqual(expect.stringContaining('Seq Scan'));
  });

  it('exclude the partitions of other times', async (context) => {
    context.skip(!(await hasPartitions()), 'the spans are in hypertables');
    const anHour = {
      startTimeMinUnixNano: BigInt(endMs - 3_600_000) * nsPerMs,
      startTimeMaxUnixNano: BigInt(endMs) * nsPerMs,
    };
    const tables = new Set((await nodesOf(search(service, anHour))).map((node) => node['Relation Name'] ?? ''));
    const day = new Date(endMs).toISOString().slice(0, 10).replaceAll('-', '');
    expect([...tables].filter((table) => /^span_\d/.test(table))).toEqual([`span_${day}_0000`]);
  });
});

async function hasPartitions(): Promise<boolean> {
  const [row] = await queryOnce<{ found: boolean }>(
    fresh.url,
    "SELECT relkind = 'p' AS found FROM pg_class WHERE oid = 'tracestore.span'::regclass",
  );
  return row?.found === true;
}
