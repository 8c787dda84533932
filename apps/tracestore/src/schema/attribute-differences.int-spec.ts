import { randomUUID } from 'node:crypto';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createFreshDatabase, type FreshDatabase } from '@spandrel/testing/fresh-database';
import { SeededChance } from '@spandrel/testing/random-spans';
import { queryAsReader } from '@spandrel/testing/running-tracestore';
import { installTimescale } from './capabilities.js';
import { migrate } from './migration.js';

type Attributes = Readonly<Record<string, string | number | boolean | null | readonly string[]>>;

/** A trace as the set of attributes of each of its spans. */
interface SimulatedTrace {
  readonly id: string;
  readonly spans: readonly Attributes[];
  readonly resourceId: number;
  readonly isError?: boolean;
}

/** A row of the function. */
interface Row {
  readonly level: string;
  readonly key: string;
  readonly value: unknown;
  readonly number_min: number | null;
  readonly number_max: number | null;
  readonly inside_count: string;
  readonly inside_total: string;
  readonly outside_count: string;
  readonly outside_total: string;
  readonly inside_share: number;
  readonly outside_share: number;
  readonly effect: number;
  readonly p_value: number;
  readonly q_value: number;
}

const start = new Date(Date.UTC(2024, 0, 2, 12));
const resources = 8;

let database: FreshDatabase;
let client: pg.Client;

beforeAll(async () => {
  database = await createFreshDatabase();
  client = new pg.Client(database.url);
  await client.connect();
  await installTimescale(client);
  await migrate(client);
  await client.query(
    `INSERT INTO tracestore.operation (id, service_name, span_kind, span_name) VALUES (1, 'shop', 2, 'GET /')`,
  );
  await client.query(
    `INSERT INTO tracestore.resource (id, service_name, attributes, dropped_attributes_count)
     SELECT n, 'shop', jsonb_build_object('service.name', 'shop', 'host.name', 'host-' || n, 'zone', 'zone-' || n % 3), 0
     FROM generate_series(1, $1) AS n`,
    [resources],
  );
});

afterAll(async () => {
  await client.end();
  await database.drop();
});

/** Stores traces, whose spans start one second after the other. */
async function store(traces: readonly SimulatedTrace[]): Promise<void> {
  const spans = traces.flatMap(({ id, spans: all, resourceId, isError = false }) =>
    all.map((attributes, n) => ({ id, n: n + 1, resourceId, isError, attributes: JSON.stringify(attributes) })),
  );
  await client.query(
    `WITH added AS (
       INSERT INTO tracestore.span (trace_id, span_id, parent_span_id, start_time, start_nanos, end_time, end_nanos,
         operation_id, instance, status_code, resource_id, scope_id, attributes)
       SELECT id, n, NULL, $6::timestamptz + n * interval '1 s', 0, $6::timestamptz + n * interval '1 s', 0,
         1, 0, CASE WHEN is_error THEN 2 END, resource_id, 1, attributes::jsonb
       FROM unnest($1::uuid[], $2::int8[], $3::int8[], $4::bool[], $5::text[]) AS s (id, n, resource_id, is_error, attributes)
       RETURNING trace_id, start_time
     )
     INSERT INTO tracestore.span_block (start_max, start_min, duration_ns_max, span_count, error_count, salt, trace_ids, filter)
     SELECT max(start_time), min(start_time), 0, count(*), 0, 1, array_agg(DISTINCT trace_id), ''
     FROM (SELECT *, row_number() OVER () / 100 AS nr FROM added) AS numbered
     GROUP BY nr`,
    [
      spans.map(({ id }) => id),
      spans.map(({ n }) => n),
      spans.map(({ resourceId }) => resourceId),
      spans.map(({ isError }) => isError),
      spans.map(({ attributes }) => attributes),
      start,
    ],
  );
}

const idsOf = (traces: readonly SimulatedTrace[]): readonly string[] => traces.map(({ id }) => id);

/** What a reader gets of two sets of traces. */
function compare(
  inside: readonly string[],
  outside: readonly string[],
  traces = 1_000,
  range: readonly [string, string] = ['-infinity', 'infinity'],
): Promise<readonly Row[]> {
  return queryAsReader<Row>(
    database.url,
    'SELECT * FROM ps_trace.attribute_differences($1::uuid[]::ps_trace.trace_id[], $2::uuid[]::ps_trace.trace_id[], $3, $4, $5)',
    [inside, outside, ...range, traces],
  );
}

/** Traces of one span each. */
const tracesOf = (count: number, attributesOf: (n: number) => Attributes): SimulatedTrace[] =>
  Array.from({ length: count }, (_, n) => ({ id: randomUUID(), spans: [attributesOf(n)], resourceId: 1 }));

/** Stores both sets and compares them. */
async function compareNew(inside: readonly SimulatedTrace[], outside: readonly SimulatedTrace[]) {
  await store([...inside, ...outside]);
  return compare(idsOf(inside), idsOf(outside));
}

/*
 * The simulation. Each data set has 24 keys. A value of a key is drawn for a trace, so that its spans agree, or for each span.
 * In a set with planted differences, one value of some keys is more frequent in the traces of the selection. The draws are
 * seeded: the test has the same result each time.
 */

const dataSets = 40;
const plantedKeys = 4;
const insideTraces = 60;
const outsideTraces = 120;
/** Not reached even on a busy machine. */
const slowMs = 600_000;
/** How much more likely a planted value is inside. */
const plantedShift = 0.4;

interface DataSet {
  readonly inside: readonly SimulatedTrace[];
  readonly outside: readonly SimulatedTrace[];
  /** The keys with planted differences. */
  readonly planted: ReadonlySet<string>;
}

function simulate(chance: SeededChance, isPlanted: boolean): DataSet {
  const uniform = (): number => chance.below(1_000_000) / 1_000_000;
  const id = (): string =>
    Array.from({ length: 32 }, () => chance.below(16).toString(16))
      .join('')
      .replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-');
  const keys = Array.from({ length: 24 }, (_, n) => ({
    name: `key-${n}`,
    /** 2 to 30 values, the first of which is the most frequent. */
    values: 2 + chance.below(29),
    skew: 1 + chance.below(3),
    isOfTrace: chance.below(2) === 0,
    share: 0.3 + uniform() * 0.7,
    isPlanted: isPlanted && n < plantedKeys,
  }));
  const draw = (isInside: boolean, of: (typeof keys)[number]): string | undefined => {
    if (of.isPlanted && isInside && uniform() < plantedShift) return `planted of ${of.name}`;
    if (uniform() >= of.share) return undefined;
    return `value-${Math.floor(of.values * uniform() ** of.skew)}`;
  };
  const trace = (isInside: boolean): SimulatedTrace => {
    const ofTrace = new Map(keys.filter((of) => of.isOfTrace || of.isPlanted).map((of) => [of, draw(isInside, of)]));
    const span = (): Attributes =>
      Object.fromEntries([
        ['request.id', id()],
        ['size', Math.floor(10 ** (uniform() * 6))],
        ...keys.flatMap((of) => {
          const value = ofTrace.has(of) ? ofTrace.get(of) : draw(isInside, of);
          return value === undefined ? [] : [[of.name, value] as const];
        }),
      ]) as Attributes;
    return {
      id: id(),
      resourceId: 1 + chance.below(resources),
      spans: Array.from({ length: 1 + chance.below(4) }, span),
    };
  };
  return {
    inside: Array.from({ length: insideTraces }, () => trace(true)),
    outside: Array.from({ length: outsideTraces }, () => trace(false)),
    planted: new Set(keys.filter((of) => of.isPlanted).map(({ name }) => name)),
  };
}

/** The rows of each of many data sets. One statement compares them all, because each connection plans the function again. */
async function simulated(seed: number, isPlanted: boolean) {
  const chance = new SeededChance(seed);
  const sets = Array.from({ length: dataSets }, () => simulate(chance, isPlanted));
  await store(sets.flatMap(({ inside, outside }) => [...inside, ...outside]));
  const traces = sets.flatMap(({ inside, outside }, number) => [
    ...inside.map(({ id }) => ({ number, id, isInside: true })),
    ...outside.map(({ id }) => ({ number, id, isInside: false })),
  ]);
  const rows = await queryAsReader<Row & { readonly number: number }>(
    database.url,
    `SELECT sides.number, d.*
     FROM (
       SELECT
         t.number,
         array_agg(t.id) FILTER (WHERE t.is_inside) AS inside,
         array_agg(t.id) FILTER (WHERE NOT t.is_inside) AS outside
       FROM unnest($1::int4[], $2::uuid[], $3::bool[]) AS t (number, id, is_inside)
       GROUP BY t.number
     ) AS sides
     CROSS JOIN LATERAL ps_trace.attribute_differences(
       sides.inside::ps_trace.trace_id[], sides.outside::ps_trace.trace_id[]
     ) WITH ORDINALITY AS d
     ORDER BY sides.number, d.ordinality`,
    [traces.map(({ number }) => number), traces.map(({ id }) => id), traces.map(({ isInside }) => isInside)],
  );
  const bySet = Map.groupBy(rows, ({ number }) => number);
  return sets.map((set, number) => ({ set, rows: bySet.get(number) ?? [] }));
}

/** The two-sided p-value of Fisher's exact test, as twice the smaller tail, from sums of all its terms. */
function exactP(inside: number, insideTotal: number, outside: number, outsideTotal: number): number {
  const lnFactorial = [0];
  for (let n = 1; n <= insideTotal + outsideTotal; n++) lnFactorial.push((lnFactorial[n - 1] ?? 0) + Math.log(n));
  const lnChoose = (n: number, k: number): number =>
    (lnFactorial[n] ?? 0) - (lnFactorial[k] ?? 0) - (lnFactorial[n - k] ?? 0);
  const found = inside + outside;
  const chanceOf = (k: number): number =>
    Math.exp(
      lnChoose(insideTotal, k) + lnChoose(outsideTotal, found - k) - lnChoose(insideTotal + outsideTotal, found),
    );
  let [lower, upper] = [0, 0];
  for (let k = Math.max(0, found - outsideTotal); k <= Math.min(found, insideTotal); k++) {
    if (k <= inside) lower += chanceOf(k);
    if (k >= inside) upper += chanceOf(k);
  }
  return Math.min(1, 2 * Math.min(lower, upper));
}

describe('attribute_differences on simulated data', () => {
  it('finds planted differences, and nearly nothing else', { timeout: slowMs }, async () => {
    const found = await simulated(19, true);
    const rows = found.flatMap(({ set, rows: all }) => all.map((row) => ({ row, isTrue: set.planted.has(row.key) })));
    const recalled = found.map(
      ({ set, rows: all }) =>
        [...set.planted].filter((key) => all.some((row) => row.key === key && row.value === `planted of ${key}`))
          .length,
    );
    const falseShare = found.map(({ set, rows: all }) =>
      all.length === 0 ? 0 : all.filter((row) => !set.planted.has(row.key)).length / all.length,
    );
    const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;
    // Recall 1: the shift of 0.4 is far above chance with 60 and 120 traces.
    expect(mean(recalled) / plantedKeys).toBeGreaterThanOrEqual(0.99);
    expect(mean(falseShare)).toBeLessThanOrEqual(0.05);
    // The strongest row of each data set is a planted one.
    expect(found.map(({ set, rows: [first] }) => set.planted.has(first?.key ?? ''))).toEqual(
      Array.from({ length: dataSets }, () => true),
    );
    for (const { row } of rows) {
      const exact = exactP(
        Number(row.inside_count),
        Number(row.inside_total),
        Number(row.outside_count),
        Number(row.outside_total),
      );
      // A bound of the exact value from above, with the rounding errors of logarithms.
      expect(row.p_value).toBeGreaterThanOrEqual(exact * (1 - 1e-9));
      expect(row.p_value).toBeLessThanOrEqual(exact * 1.5);
      expect(row.q_value).toBeGreaterThanOrEqual(row.p_value);
    }
  });

  it('finds nothing where nothing differs, but for the stated rate', { timeout: slowMs }, async () => {
    const found = await simulated(7, false);
    const withRows = found.filter(({ rows }) => rows.length > 0);
    expect(withRows.length / dataSets).toBeLessThanOrEqual(0.05);
  });
});

describe('attribute_differences', () => {
  it('counts a trace once, however many of its spans have the value', async () => {
    const repeated = (value: string): SimulatedTrace => ({
      id: randomUUID(),
      spans: Array.from({ length: 90 }, () => ({ color: value })),
      resourceId: 1,
    });
    const inside = Array.from({ length: 4 }, (_, n) => repeated(n < 3 ? 'red' : 'blue'));
    const outside = Array.from({ length: 4 }, (_, n) => repeated(n < 1 ? 'red' : 'blue'));
    expect(await compareNew(inside, outside)).toEqual([]);
  });

  it('returns counts and shares of both sides, above and below', async () => {
    const rows = await compareNew(
      tracesOf(50, (n) => ({ color: n < 40 ? 'red' : 'blue' })),
      tracesOf(100, (n) => ({ color: n < 20 ? 'red' : 'blue' })),
    );
    expect(rows).toMatchObject([
      {
        level: 'span',
        key: 'color',
        value: 'red',
        inside_count: '40',
        inside_total: '50',
        outside_count: '20',
        outside_total: '100',
        inside_share: 0.8,
        outside_share: 0.2,
      },
      { level: 'span', key: 'color', value: 'blue', inside_share: 0.2, outside_share: 0.8 },
    ]);
    expect(rows.map(({ effect }) => Math.sign(effect))).toEqual([1, -1]);
  });

  it('reports a key with many values by its presence, and no value of it', async () => {
    const rows = await compareNew(
      tracesOf(40, () => ({ 'user.id': randomUUID() })),
      tracesOf(40, (n) => (n < 5 ? { 'user.id': randomUUID() } : {})),
    );
    expect(rows).toMatchObject([{ key: 'user.id', value: null, inside_count: '40', outside_count: '5' }]);
  });

  it('compares numbers of many values by ranges', async () => {
    const rows = await compareNew(
      tracesOf(60, (n) => ({ size: 8_192 + n })),
      tracesOf(60, (n) => ({ size: 8 + (n % 8) * 0.5 + n / 1_000 })),
    );
    expect(rows.map((row) => [row.number_min, row.number_max, row.inside_count, row.outside_count])).toEqual([
      [8_192, 16_384, '60', '0'],
      [8, 16, '0', '60'],
    ]);
  });

  it('compares numbers beyond the ranges, negative numbers, and zero', async () => {
    const spread = [-5, -0.5, 0, 1e-30, 1e30];
    const rows = await compareNew(
      tracesOf(100, (n) => ({ load: spread[n % 5] ?? 0 })),
      tracesOf(100, (n) => ({ load: 64 + n / 4 })),
    );
    expect(
      new Set(rows.map(({ value, number_min, number_max }) => `${value as number | null} ${number_min} ${number_max}`)),
    ).toEqual(
      new Set(['null -Infinity 0', '0 null null', `null 0 ${2 ** -59}`, `null ${2 ** 62} Infinity`, 'null 64 128']),
    );
  });

  it('compares resources, the fields of spans, and events', async () => {
    const inside = tracesOf(30, () => ({})).map((trace) => ({ ...trace, resourceId: 2, isError: true }));
    const outside = tracesOf(30, () => ({}));
    await store([...inside, ...outside]);
    await client.query(
      `INSERT INTO tracestore.event (trace_id, span_id, span_start_time, time, span_instance, event_nbr,
         dropped_attributes_count, time_nanos, name, attributes)
       SELECT id, 1, $2::timestamptz + interval '1 s', $2, 0, 1, 0, 0, 'exception', '{"exception.type": "Timeout"}'
       FROM unnest($1::uuid[]) AS id`,
      [idsOf(inside), start],
    );
    const rows = await compare(idsOf(inside), idsOf(outside));
    expect(new Set(rows.map(({ level, key, value }) => `${level} ${key} ${String(value)}`))).toEqual(
      new Set([
        'resource host.name host-1',
        'resource host.name host-2',
        'resource zone zone-1',
        'resource zone zone-2',
        'field status error',
        'field status unset',
        'field event exception',
        'event exception.type Timeout',
      ]),
    );
  });

  it('ignores long values and lists, apart from their key', async () => {
    const rows = await compareNew(
      tracesOf(30, () => ({ query: 'x'.repeat(300), tags: ['a'] })),
      tracesOf(30, () => ({})),
    );
    expect(rows.map(({ key, value }) => [key, value])).toEqual([
      ['query', null],
      ['tags', null],
    ]);
  });

  it('takes a trace of both arrays as one of the selection', async () => {
    const red = tracesOf(30, () => ({ color: 'red' }));
    const blue = tracesOf(30, () => ({ color: 'blue' }));
    await store([...red, ...blue]);
    const rows = await compare(idsOf(red), [...idsOf(red), ...idsOf(blue), ...idsOf(blue)]);
    expect(rows.map((row) => [row.value, row.inside_total, row.outside_total])).toEqual([
      ['red', '30', '30'],
      ['blue', '30', '30'],
    ]);
  });

  it('reads a random sample of many traces, and only spans of the range', async () => {
    const red = tracesOf(60, () => ({ color: 'red' }));
    const blue = tracesOf(60, () => ({ color: 'blue' }));
    await store([...red, ...blue]);
    const rows = await compare(idsOf(red), idsOf(blue), 25);
    expect(rows.map((row) => [row.inside_total, row.outside_total])).toEqual([
      ['25', '25'],
      ['25', '25'],
    ]);
    expect(await compare(idsOf(red), idsOf(blue), 25, ['2020-01-01', '2020-01-02'])).toEqual([]);
  });

  it('has a p-value for a difference that is almost impossible by chance', async () => {
    const rows = await compareNew(
      tracesOf(700, () => ({ color: 'red' })),
      tracesOf(700, () => ({ color: 'blue' })),
    );
    expect(rows.map(({ p_value }) => p_value > 0 && p_value < 1e-300)).toEqual([true, true]);
  });

  it.each([0, 5_001])('refuses to read %d traces', async (traces) => {
    await expect(compare([], [], traces)).rejects.toThrow(`_traces must be from 1 to 5000, got ${traces}`);
  });

  it('returns nothing for empty and unknown traces', async () => {
    expect(await compare([], [])).toEqual([]);
    expect(await compare([randomUUID()], [randomUUID()])).toEqual([]);
  });
});
