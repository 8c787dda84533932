import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createFreshDatabase, type FreshDatabase } from '@spandrel/testing/fresh-database';
import { sendPasswordTraces } from '@spandrel/testing/password-traces';
import { queryAsReader, queryOnce, startTracestore } from '@spandrel/testing/running-tracestore';

const hourMs = 3_600_000;
const dayMs = 24 * hourMs;
const daysKept = 5;
/** Midnight UTC. */
const todayMs = Math.floor(Date.now() / dayMs) * dayMs;

let database: FreshDatabase;

beforeAll(async () => {
  // Chunks of TimescaleDB have other names.
  database = await createFreshDatabase({ timescale: false });
  const store = await startTracestore(database.url);
  for (let day = 0; day <= daysKept; day++) {
    for (const table of ['span', 'event', 'link']) {
      await queryOnce(database.url, 'SELECT tracestore.add_partition($1, $2, $3)', [
        table,
        new Date(todayMs - day * dayMs),
        new Date(todayMs - (day - 1) * dayMs),
      ]);
    }
    await sendPasswordTraces(store, todayMs - day * dayMs + 12 * hourMs);
  }
  await store.stop();
});

afterAll(() => database.drop());

interface PlanNode {
  readonly 'Node Type': string;
  readonly 'Relation Name'?: string;
  readonly 'Subplans Removed'?: number;
  readonly Plans?: readonly PlanNode[];
}

/** The nodes of the plan of a reader's statement, which is not run. */
async function planOf(sql: string): Promise<readonly PlanNode[]> {
  const [row] = await queryAsReader<{ 'QUERY PLAN': readonly [{ readonly Plan: PlanNode }] }>(
    database.url,
    `EXPLAIN (FORMAT JSON) ${sql}`,
  );
  const nodesOf = (node: PlanNode): readonly PlanNode[] => [node, ...(node.Plans ?? []).flatMap(nodesOf)];
  return row === undefined ? [] : nodesOf(row['QUERY PLAN'][0].Plan);
}

const partitionsOf = (nodes: readonly PlanNode[], table: string): readonly string[] => [
  ...new Set(
    nodes.map((node) => node['Relation Name'] ?? '').filter((name) => new RegExp(`^${table}_(\\d|default)`).test(name)),
  ),
];

const dayOf = (ms: number): string => new Date(ms).toISOString().slice(0, 10).replaceAll('-', '');

const iso = (ms: number): string => `'${new Date(ms).toISOString()}'`;

/** The day before yesterday, from 6:00 to 18:00. */
const from = todayMs - 2 * dayMs + 6 * hourMs;
const to = from + 12 * hourMs;
/** A day and a half ago. */
const since = `now() - interval '36 hours'`;

const siblings = [
  ['spans', 'span', ['span'], 'start_time'],
  ['events', 'event', ['event', 'span'], 'span_start_time'],
  ['links', 'link', ['link', 'span'], 'start_time'],
] as const;

describe.each(siblings)('%s_between', (name, view, tables, time) => {
  it('has the rows of the view in that range, its start included and its end not', async () => {
    // 12:00:00 and, a trace and 10 s later, 12:00:10 are starts of spans.
    const noon = from + 6 * hourMs;
    const expected = (low: number, high: number): string =>
      `SELECT * FROM ps_trace.${view} WHERE ${time} >= ${iso(low)} AND ${time} < ${iso(high)}`;
    const actual = (low: number, high: number): string =>
      `SELECT * FROM ps_trace.${name}_between(${iso(low)}, ${iso(high)})`;
    for (const [low, high] of [
      [from, to],
      [noon, noon + 10_000],
      [from, noon],
      [todayMs - 10 * dayMs, todayMs + dayMs],
      [to, from],
    ] as const) {
      const [both] = await queryAsReader<{ missing: number; further: number }>(
        database.url,
        `SELECT (SELECT count(*)::int FROM (${expected(low, high)} EXCEPT ALL ${actual(low, high)}) AS m) AS missing,
           (SELECT count(*)::int FROM (${actual(low, high)} EXCEPT ALL ${expected(low, high)}) AS f) AS further`,
      );
      expect(both).toEqual({ missing: 0, further: 0 });
    }
    expect(await queryAsReader(database.url, actual(from, to))).not.toHaveLength(0);
    expect(await queryAsReader(database.url, actual(from, noon))).toHaveLength(0);
  });

  it('is inlined, and literal times leave one partition of each table in the plan', async () => {
    const nodes = await planOf(`SELECT service_name FROM ps_trace.${name}_between(${iso(from)}, ${iso(to)})`);
    expect(nodes.map((node) => node['Node Type'])).not.toContain('Function Scan');
    for (const table of tables) {
      // The linked span can be of any time.
      if (view === 'link' && table === 'span') continue;
      expect(partitionsOf(nodes, table), table).toEqual([`${table}_${dayOf(from)}_0000`]);
    }
  });

  it('is inlined with now(), and skips the other partitions when it is executed', async () => {
    const nodes = await planOf(`SELECT service_name FROM ps_trace.${name}_between(${since}, now())`);
    expect(nodes.map((node) => node['Node Type'])).not.toContain('Function Scan');
    expect(nodes.some((node) => (node['Subplans Removed'] ?? 0) >= 2)).toBe(true);
    expect(partitionsOf(nodes, view)).not.toContain(`${view}_${dayOf(todayMs - 4 * dayMs)}_0000`);
  });
});

describe.each(siblings)('%s_since', (name, view, _tables, time) => {
  it('has the rows of the view from that time on, those of the future included', async () => {
    // In one statement, so that now() is the same.
    const [counts] = await queryAsReader<{ actual: number; expected: number }>(
      database.url,
      `SELECT (SELECT count(*)::int FROM ps_trace.${name}_since('36 hours')) AS actual,
         (SELECT count(*)::int FROM ps_trace.${view} WHERE ${time} >= ${since}) AS expected`,
    );
    expect(counts?.actual).toBe(counts?.expected);
    expect(counts?.actual).toBeGreaterThan(0);
  });

  it('is inlined, and skips the other partitions when it is executed', async () => {
    const nodes = await planOf(`SELECT service_name FROM ps_trace.${name}_since('36 hours')`);
    expect(nodes.map((node) => node['Node Type'])).not.toContain('Function Scan');
    expect(partitionsOf(nodes, view)).not.toContain(`${view}_${dayOf(todayMs - 4 * dayMs)}_0000`);
  });
});

it('spans_between does not compute columns that a statement does not read', async () => {
  const nodes = await planOf(`SELECT span_id FROM ps_trace.spans_between(${iso(from)}, ${iso(to)})`);
  expect(partitionsOf(nodes, 'event')).toEqual([]);
  expect(nodes.map((node) => node['Relation Name'])).not.toContain('operation');
});
