import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { fileURLToPath } from 'node:url';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { countNewCalls, prepareForRuns } from '../apps/tracestore/src/aggregate/aggregation-run.js';
import { installTimescale } from '../apps/tracestore/src/schema/capabilities.js';
import { migrate } from '../apps/tracestore/src/schema/migration.js';
import { type BruteSpan, classOf, relate } from '@spandrel/testing/call-aggregates';
import { insertSpans } from '@spandrel/testing/insert-spans';
import { randomSpans, SeededChance } from '@spandrel/testing/random-spans';
import { createFreshDatabase, type FreshDatabase } from '@spandrel/testing/fresh-database';
import { dashboards, readQuery } from './all.ts';
import { bindQuery, replaceParameters } from './query.ts';

const run = promisify(execFile);
const minuteMs = 60_000;
const nowMs = Date.now();
/** A multiple of ten seconds, but not of a minute. */
const fromMs = nowMs - (nowMs % 10_000) - 40 * minuteMs + 20_000;
const toMs = fromMs + 37 * minuteMs;
/** Queries on this few spans take milliseconds; a slower one has a wrong plan. */
const maxQueryMs = 5_000;

const hostile = `it's "me"'; DROP SCHEMA ps_trace CASCADE; -- \${x} $1 \\`;
/** Operations with this bit are client operations, the others server operations. */
const clientBit = 1n << 8n;
const services = ['generator', hostile, 'digit', 'Größe 数'] as const;

let database: FreshDatabase;
let client: pg.Client;
let related: readonly Related[];

interface Related {
  readonly span: BruteSpan;
  readonly parent: BruteSpan | undefined;
  readonly startMs: number;
  readonly durationMs: number;
  readonly selfMs: number;
  readonly service: string;
  readonly name: string;
  readonly isRoot: boolean;
}

const serviceOf = ({ operationId }: BruteSpan): string => services[Number(BigInt.asUintN(2, operationId))] ?? '';
const nameOf = ({ operationId }: BruteSpan): string => `GET /'${BigInt.asUintN(8, operationId)}'`;

beforeAll(async () => {
  database = await createFreshDatabase();
  client = new pg.Client(database.url);
  await client.connect();
  await installTimescale(client);
  await migrate(client);
  await prepareForRuns(client);
  const spans = randomSpans(new SeededChance(31), {
    traces: 500,
    startNs: BigInt(fromMs - 2 * minuteMs) * 1_000_000n,
    rangeNs: BigInt(toMs - fromMs + 3 * minuteMs) * 1_000_000n,
  }).map((span) => {
    // Use 20 operations, each of one service and in two kinds with the same name; no span is late.
    const operationId = (BigInt.asUintN(5, span.operationId) % 20n) + 1n + (span.spanId % 2n === 0n ? clientBit : 0n);
    const late = span.startNs > BigInt(toMs + 2 * minuteMs) * 1_000_000n;
    return {
      ...span,
      operationId,
      ...(late ? { startNs: BigInt(fromMs) * 1_000_000n, endNs: BigInt(fromMs) * 1_000_000n } : {}),
    };
  });
  await client.query(
    `UPDATE tracestore.call_state SET rolled_5m = date_bin('1 hour', $1, 'epoch'), rolled_1h = date_bin('1 hour', $1, 'epoch'),
       transaction_id = pg_current_xact_id()`,
    [new Date(fromMs)],
  );
  const operations = new Map(spans.map((span) => [span.operationId, span]));
  await client.query(
    `INSERT INTO tracestore.operation (id, service_name, span_kind, span_name)
     SELECT id, service_name, CASE WHEN id < $4 THEN 2 ELSE 3 END, span_name
     FROM unnest($1::int8[], $2::text[], $3::text[]) AS o (id, service_name, span_name)`,
    [[...operations.keys()], [...operations.values()].map(serviceOf), [...operations.values()].map(nameOf), clientBit],
  );
  for (const half of [0, 1]) {
    await insertSpans(
      client,
      spans.filter((_, index) => index % 2 === half),
    );
    for (let pass = 0; pass < 3; pass++) await countNewCalls(client, 1_000_000);
  }
  related = relate(spans).map(({ span, parent, selfNs }) => ({
    span,
    parent,
    startMs: Number(span.startNs / 1_000_000n),
    durationMs: Number(span.endNs > span.startNs ? span.endNs - span.startNs : 0n) / 1e6,
    selfMs: Number(selfNs) / 1e6,
    service: serviceOf(span),
    name: nameOf(span),
    isRoot: span.parentSpanId === undefined,
  }));
});

afterAll(async () => {
  await client.end();
  await database.drop();
});

type Row = Readonly<Record<string, unknown>>;
type Values = Readonly<Record<string, string>>;

const range = { from: new Date(fromMs).toISOString(), to: new Date(toMs).toISOString() };

/** Run a query. @returns its rows, with numbers as numbers and times in milliseconds */
async function runQuery(folder: string, file: string, values: Values = {}): Promise<readonly Row[]> {
  const query = readQuery(folder, file);
  const bound = Object.fromEntries(
    Object.entries({ ...range, ...values }).filter(([name]) =>
      query.parameters.some((parameter) => parameter.name === name),
    ),
  );
  const startedAt = performance.now();
  const { rows } = await client.query<Row>(bindQuery(query, bound));
  expect(performance.now() - startedAt, `${folder}/${file} is slow`).toBeLessThan(maxQueryMs);
  return rows.map((row) => Object.fromEntries(Object.entries(row).map(([name, value]) => [name, plain(value)])));
}

function plain(value: unknown): unknown {
  if (value instanceof Date) return value.getTime();
  return typeof value === 'string' && /^\d{1,15}$/.test(value) ? Number(value) : value;
}

const inRange = (from = fromMs, to = toMs): readonly Related[] =>
  related.filter(({ startMs }) => startMs >= from && startMs < to);
const floor = (ms: number, width: number): number => ms - (ms % width);
const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);
/** Seconds of a step in the range; undefined if they are too few for the step to be shown. */
function secondsOf(time: number, stepMs: number): number | undefined {
  const ms = Math.min(time + stepMs, toMs) - Math.max(time, fromMs);
  return ms >= Math.min(stepMs, minuteMs / 2) ? ms / 1000 : undefined;
}
const isShown = (call: Related, stepMs: number): boolean =>
  secondsOf(floor(call.startMs, stepMs), stepMs) !== undefined;
const errorsOf = (calls: readonly Related[]): number => calls.filter(({ span }) => span.isError).length;
/** Calls from outside of the service: a client span whose parent is not stored was called by its own service. */
const entriesOf = (calls: readonly Related[]): readonly Related[] =>
  calls.filter(({ span, parent, service, isRoot }) =>
    parent === undefined ? isRoot || (span.operationId & clientBit) === 0n : serviceOf(parent) !== service,
  );
const operation = ({ service, name }: Related): string => JSON.stringify([service, name]);

/** The smallest value that at least this share of the values does not exceed. */
function percentile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? Number.NaN;
}

function expectClose(actual: unknown, exact: number, what: string, maxError = 0.045): void {
  expect(Math.abs(Number(actual) - exact), `${what}: ${String(actual)}, not ${exact}`).toBeLessThanOrEqual(
    exact * maxError + 1e-9,
  );
}

/** Compare rows exactly, except for rounding errors of floating-point sums. */
function expectRows(actual: readonly Row[], expected: readonly Row[]): void {
  const rounded = actual.map((row, index) =>
    Object.fromEntries(
      Object.entries(row).map(([name, value]) => {
        const other = expected[index]?.[name];
        const isClose =
          typeof value === 'number' && typeof other === 'number' && Math.abs(value - other) <= Math.abs(other) * 1e-9;
        return [name, isClose ? other : value];
      }),
    ),
  );
  expect(rounded).toEqual(expected);
}

const byText = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

/** The order of rows with equal sort keys depends on the collation of the database. */
const sorted = (rows: readonly Row[]): readonly Row[] =>
  rows.toSorted((a, b) => byText(JSON.stringify(a), JSON.stringify(b)));

describe('dashboard 01 request rate', () => {
  it.each([
    ['', minuteMs],
    ['5 minutes', 5 * minuteMs],
  ])('returns requests per second in steps of %j', async (interval, width) => {
    const rows = await runQuery(
      '01-request-rate',
      'requests-per-second-each-minute.sql',
      interval === '' ? {} : { interval },
    );
    const expected: Row[] = [];
    for (let time = floor(fromMs, width); time < toMs; time += width) {
      const start = Math.max(time, fromMs);
      const end = Math.min(time + width, toMs);
      const seconds = secondsOf(time, width);
      if (seconds === undefined) continue;
      const requests = inRange(start, end).filter(({ isRoot }) => isRoot).length;
      expected.push({ time, requests_per_second: requests / seconds });
    }
    expectRows(rows, expected);
    expect(sum(rows.map(({ requests_per_second: rate }) => Number(rate)))).toBeGreaterThan(0);
  });

  it('returns requests per second for each second of the last five minutes', async () => {
    const rows = await runQuery('01-request-rate', 'requests-per-second-each-second.sql');
    const expected: Row[] = [];
    for (let time = toMs - 5 * minuteMs; time < toMs; time += 1000) {
      const requests = inRange(time, time + 1000).filter(({ isRoot }) => isRoot).length;
      expected.push({ time, requests_per_second: requests });
    }
    expectRows(rows, expected);
  });
});

describe('dashboard 02 error rates', () => {
  it('returns failed spans per service', async () => {
    const expected = [...Map.groupBy(inRange(), ({ service }) => service)]
      .map(([service_name, calls]) => ({ service_name, errors: errorsOf(calls) }))
      .filter(({ errors }) => errors > 0);
    expectRows(sorted(await runQuery('02-error-rates', 'errors-by-service.sql')), sorted(expected));
  });

  it.each(['', 'digit', hostile])(
    'returns the error rates of operations of service %j, highest first',
    async (service) => {
      const expected = [...Map.groupBy(inRange(), operation).values()]
        .map((calls) => ({
          service_name: calls[0]?.service,
          span_name: calls[0]?.name,
          calls: calls.length,
          errors: errorsOf(calls),
          error_rate: errorsOf(calls) / calls.length,
        }))
        .filter((row) => row.errors > 0 && (service === '' || row.service_name === service));
      const rows = await runQuery('02-error-rates', 'error-rates.sql', { service });
      expect(rows.length).toBeGreaterThan(1);
      expectRows(sorted(rows), sorted(expected));
      const rates = rows.map(({ error_rate: rate }) => Number(rate));
      expect(rates).toEqual(rates.toSorted((a, b) => b - a));
    },
  );

  it.each([
    ['', 'sparse', 5 * minuteMs],
    ['', '1 minute', minuteMs],
    [hostile, '1 minute', minuteMs],
  ])('returns error rates over time of service %j in steps of %s', async (service, interval, stepMs) => {
    const calls = inRange().filter((call) => service === '' || call.service === service);
    const failing = new Set(
      [...Map.groupBy(calls, operation)].filter(([, own]) => errorsOf(own) > 0).map(([name]) => name),
    );
    expect(failing.size).toBeLessThanOrEqual(20);
    const expected = [...Map.groupBy(calls, (call) => `${floor(call.startMs, stepMs)} ${operation(call)}`).values()]
      .filter(([call]) => call !== undefined && failing.has(operation(call)) && isShown(call, stepMs))
      .map((own) => ({
        time: floor(own[0]?.startMs ?? 0, stepMs),
        series: `${own[0]?.service} ${own[0]?.name}`,
        error_rate: errorsOf(own) / own.length,
      }));
    expectRows(
      sorted(await runQuery('02-error-rates', 'error-rates-by-minute.sql', { service, interval })),
      sorted(expected),
    );
  });
});

describe('dashboard 03 request durations', () => {
  const requests = (): readonly Related[] => inRange().filter(({ isRoot }) => isRoot);

  it('returns the distribution over time with one bucket per power of two', async () => {
    const rows = await runQuery('03-request-durations', 'duration-distribution.sql');
    const shown = requests().filter((call) => isShown(call, minuteMs));
    const expected = [...Map.groupBy(shown, ({ startMs }) => floor(startMs, minuteMs))].map(([time, calls]) => {
      const row: Record<string, number> = { time };
      for (let power = 16; power <= 36; power++) {
        const least = power === 16 ? 0 : 2 ** (power - 1) / 1e6;
        const bound = power === 36 ? Infinity : 2 ** power / 1e6;
        row[String(Number((2 ** power / 1e6).toPrecision(3)))] = calls.filter(
          ({ durationMs }) => durationMs >= least && durationMs < bound,
        ).length;
      }
      return row;
    });
    expectRows(sorted(rows), sorted(expected));
    const bounds = Object.keys(rows[0] ?? {}).filter((name) => name !== 'time');
    expect(bounds).toHaveLength(21);
  });

  it('returns the histogram of the whole range', async () => {
    const rows = await runQuery('03-request-durations', 'duration-histogram.sql');
    const byClass = Map.groupBy(requests(), ({ span }) => classOf(span.endNs - span.startNs));
    const [least, most] = [Math.min(...byClass.keys()), Math.max(...byClass.keys())];
    const expected = Array.from({ length: most - least + 1 }, (_, n) => least + n).map((key) => ({
      xMin: key === 0 ? 0 : 2 ** ((key - 1) / 8) / 1e6,
      xMax: 2 ** (key / 8) / 1e6,
      requests: byClass.get(key)?.length ?? 0,
    }));
    expectRows(
      rows.map(({ xMin, xMax, requests: count }) => ({ xMin, xMax, requests: count })),
      expected,
    );
    // The name of a bucket is its upper bound with three digits.
    const factors: Readonly<Record<string, number>> = { µs: 1e-3, ms: 1, s: 1e3 };
    for (const { xMax, bucket } of rows) {
      const [, digits, unit = ''] = /^([\d.]+) (µs|ms|s)$/.exec(String(bucket)) ?? [];
      expectClose(Number(digits) * (factors[unit] ?? Number.NaN), Number(xMax), String(bucket), 0.005);
    }
  });

  it('returns percentiles with a relative error of at most 4.5 %', async () => {
    const rows = await runQuery('03-request-durations', 'duration-percentiles.sql');
    const minutes = Map.groupBy(
      requests().filter((call) => isShown(call, minuteMs)),
      ({ startMs }) => floor(startMs, minuteMs),
    );
    expect(rows.map(({ time }) => time)).toEqual([...minutes.keys()].toSorted((a, b) => a - b));
    for (const row of rows) {
      const durations = (minutes.get(Number(row['time'])) ?? []).map(({ durationMs }) => durationMs);
      for (const share of [50, 90, 95, 99])
        expectClose(row[`p${share}`], percentile(durations, share / 100), `p${share}`);
    }
  });

  it('returns the ten slowest requests', async () => {
    const rows = await runQuery('03-request-durations', 'slowest-requests.sql');
    const expected = requests()
      .toSorted((a, b) => b.durationMs - a.durationMs)
      .slice(0, 10);
    expect(rows.map(({ duration_ms: duration }) => duration)).toEqual(expected.map(({ durationMs }) => durationMs));
    expect(rows.map(({ trace_id: id }) => id)).toEqual(expected.map(({ span }) => span.traceId));
    expect(rows.map(({ span_name: name }) => name)).toEqual(expected.map(({ name }) => name));
  });
});

describe('dashboard 04 service dependencies', () => {
  const crossing = (): readonly Related[] =>
    inRange().filter(({ parent, service }) => parent !== undefined && serviceOf(parent) !== service);

  it('returns calls between services by operation', async () => {
    const groups = Map.groupBy(crossing(), ({ parent, service, name }) =>
      JSON.stringify([parent === undefined ? '' : serviceOf(parent), service, name]),
    );
    const expected = [...groups].map(([key, calls]) => {
      const [source, target, name] = JSON.parse(key) as readonly string[];
      const total = sum(calls.map(({ durationMs }) => durationMs));
      return {
        source,
        target,
        operation: name,
        calls: calls.length,
        errors: errorsOf(calls),
        total_ms: total,
        average_ms: total / calls.length,
      };
    });
    expectRows(sorted(await runQuery('04-service-dependencies', 'calls-between-services.sql')), sorted(expected));
  });

  it('returns nodes and edges of the service graph', async () => {
    const nodes = await runQuery('04-service-dependencies', 'service-nodes.sql');
    const expectedNodes = [...Map.groupBy(entriesOf(inRange()), ({ service }) => service)].map(([service, calls]) => ({
      id: service,
      title: service,
      mainStat: calls.length,
      secondaryStat: sum(calls.map(({ durationMs }) => durationMs)) / calls.length,
      arc__failed: errorsOf(calls) / calls.length,
      arc__passed: 1 - errorsOf(calls) / calls.length,
      detail__namespace: null,
    }));
    expectRows(sorted(nodes), sorted(expectedNodes));
    const edges = await runQuery('04-service-dependencies', 'service-edges.sql');
    const expectedEdges = [
      ...Map.groupBy(
        crossing(),
        ({ parent, service }) => `${parent === undefined ? '' : serviceOf(parent)} → ${service}`,
      ),
    ].map(([id, calls]) => ({
      id,
      source: calls[0]?.parent === undefined ? '' : serviceOf(calls[0].parent),
      target: calls[0]?.service,
      mainStat: calls.length,
      secondaryStat: sum(calls.map(({ durationMs }) => durationMs)) / calls.length,
      detail__failed: errorsOf(calls) / calls.length,
    }));
    const exact = edges.map((edge) =>
      Object.fromEntries(Object.entries(edge).filter(([name]) => name !== 'detail__p95')),
    );
    expectRows(sorted(exact), sorted(expectedEdges));
    for (const { id, detail__p95: p95 } of edges) {
      const durations = crossing()
        .filter(({ parent, service }) => `${parent === undefined ? '' : serviceOf(parent)} → ${service}` === id)
        .map(({ durationMs }) => durationMs);
      expectClose(p95, percentile(durations, 0.95), `p95 of ${String(id)}`);
    }
  });
});

const withoutId = (row: Row): Row => Object.fromEntries(Object.entries(row).filter(([name]) => name !== 'id'));

/** The operations that can be reached from the selected ones, towards callers (up) or called operations (down). */
function reachable(
  calls: readonly Related[],
  selected: readonly string[],
  direction: 'up' | 'down',
): ReadonlySet<string> {
  const reached = new Set(selected);
  for (let size = -1; size !== reached.size;) {
    size = reached.size;
    for (const call of calls) {
      if (call.parent === undefined) continue;
      const parent = JSON.stringify([serviceOf(call.parent), nameOf(call.parent)]);
      if (direction === 'up' && reached.has(operation(call))) reached.add(parent);
      if (direction === 'down' && reached.has(parent)) reached.add(operation(call));
    }
  }
  return reached;
}

const parentOperation = ({ parent }: Related): string | undefined =>
  parent === undefined ? undefined : JSON.stringify([serviceOf(parent), nameOf(parent)]);

/** The operations at which a graph starts. */
function selectedOf(
  calls: readonly Related[],
  { service = '', operation: name = '' }: Values,
  direction: 'up' | 'down',
) {
  const candidates =
    direction === 'up'
      ? calls.filter(({ parent, service: own }) => parent !== undefined && serviceOf(parent) !== own)
      : calls.filter(({ isRoot }) => isRoot);
  const busiest = [...Map.groupBy(candidates, (call) => call.service)].toSorted(([, a], [, b]) => b.length - a.length);
  const picked = service === '' ? (busiest[0]?.[0] ?? '') : service;
  return new Set(calls.filter((call) => call.service === picked && (name === '' || call.name === name)).map(operation));
}

const choices: readonly Values[] = [
  {},
  { service: hostile },
  { service: 'digit', operation: `GET /'2'` },
  { service: 'digit', operation: `GET /'6'` },
  { service: 'unknown' },
];

describe.each([
  ['05-upstream-spans', 'upstream', 'up'],
  ['06-downstream-spans', 'downstream', 'down'],
] as const)('dashboard %s', (folder, prefix, direction) => {
  // In the whole range every operation calls every other; a few seconds have a smaller graph.
  const short = (values: Values): Values => ({
    ...values,
    from: new Date(fromMs).toISOString(),
    to: new Date(fromMs + 20_000).toISOString(),
  });
  const calls = (): readonly Related[] => inRange(fromMs, fromMs + 20_000);

  it.each(choices)('returns the graph of operations reachable from %j', async (values) => {
    const selected = selectedOf(calls(), values, direction);
    const reached = reachable(calls(), [...selected], direction);
    const nodes = await runQuery(folder, `${prefix}-nodes.sql`, short(values));
    const expected = [...Map.groupBy(calls(), operation)]
      .filter(([key]) => reached.has(key))
      .map(([, own]) => ({
        title: own[0]?.name,
        subTitle: own[0]?.service,
        mainStat: own.length,
        secondaryStat: sum(own.map(({ durationMs }) => durationMs)) / own.length,
        arc__failed: errorsOf(own) / own.length,
        arc__passed: 1 - errorsOf(own) / own.length,
      }));
    expectRows(sorted(nodes.map(withoutId)), sorted(expected));
    const ids = new Map(nodes.map(({ id, title, subTitle }) => [JSON.stringify([subTitle, title]), id]));
    expect(new Set(ids.values()).size).toBe(nodes.length);
    const edges = await runQuery(folder, `${prefix}-edges.sql`, short(values));
    const groups = Map.groupBy(
      calls().filter((call) => {
        const from = parentOperation(call);
        return from !== undefined && reached.has(direction === 'up' ? operation(call) : from);
      }),
      (call) => JSON.stringify([parentOperation(call), operation(call)]),
    );
    const expectedEdges = [...groups.values()].map((own) => ({
      source: ids.get(own[0] === undefined ? '' : (parentOperation(own[0]) ?? '')),
      target: ids.get(own[0] === undefined ? '' : operation(own[0])),
      mainStat: own.length,
      secondaryStat: sum(own.map(({ durationMs }) => durationMs)) / own.length,
      detail__failed: errorsOf(own) / own.length,
    }));
    expectRows(sorted(edges.map(withoutId)), sorted(expectedEdges));
    expect(new Set(edges.map(({ id }) => id)).size).toBe(edges.length);
    expect(nodes.length > 0).toBe(selected.size > 0);
    expect(selected.size > 0 || values['service'] !== undefined).toBe(true);
  });
});

describe('dashboard 06 self time', () => {
  const callsBelow = (values: Values): readonly Related[] => {
    const selected = selectedOf(inRange(), values, 'down');
    const reached = reachable(inRange(), [...selected], 'down');
    return inRange().filter((call) => selected.has(operation(call)) || reached.has(parentOperation(call) ?? ''));
  };

  it.each(choices)('returns self time per operation below %j', async (values) => {
    const rows = await runQuery('06-downstream-spans', 'self-time-by-operation.sql', values);
    const expected = [...Map.groupBy(callsBelow(values), operation).values()]
      .map((own) => ({
        operation: `${own[0]?.service} ${own[0]?.name}`,
        self_ms: sum(own.map(({ selfMs }) => selfMs)),
      }))
      .filter(({ self_ms: self }) => self > 0);
    expectRows(sorted(rows), sorted(expected));
  });

  it.each(choices)('returns percentiles of self time below %j', async (values) => {
    const rows = await runQuery('06-downstream-spans', 'self-times.sql', values);
    const groups = Map.groupBy(callsBelow(values), operation);
    expect(rows).toHaveLength(groups.size);
    const total = sum(callsBelow(values).map(({ selfMs }) => selfMs));
    for (const row of rows) {
      const own = (groups.get(JSON.stringify([row['service_name'], row['span_name']])) ?? []).map(
        ({ selfMs }) => selfMs,
      );
      expect(row['calls']).toBe(own.length);
      expect(Number(row['self_ms'])).toBeCloseTo(sum(own), 6);
      expect(Number(row['self_ms'])).toBeGreaterThanOrEqual(0);
      expect(Number(row['self_share'])).toBeCloseTo(sum(own) / total, 8);
      for (const share of [50, 95, 99]) expectClose(row[`p${share}_ms`], percentile(own, share / 100), `p${share}`);
    }
  });

  it.each([
    ['sparse', 5 * minuteMs],
    ['1 minute', minuteMs],
  ])('returns self time over time, the ten largest operations by name, in steps of %s', async (interval, stepMs) => {
    const rows = await runQuery('06-downstream-spans', 'self-time-over-time.sql', { interval });
    const calls = callsBelow({});
    const largest = new Set(
      [...Map.groupBy(calls, operation)]
        .toSorted(([, a], [, b]) => sum(b.map(({ selfMs }) => selfMs)) - sum(a.map(({ selfMs }) => selfMs)))
        .slice(0, 10)
        .map(([key]) => key),
    );
    const seriesOf = (call: Related): string =>
      largest.has(operation(call)) ? `${call.service} ${call.name}` : 'others';
    const groups = Map.groupBy(calls, (call) => JSON.stringify([floor(call.startMs, stepMs), seriesOf(call)]));
    const expected = [...groups].flatMap(([key, own]) => {
      const [time, series] = JSON.parse(key) as readonly [number, string];
      const seconds = secondsOf(time, stepMs);
      if (seconds === undefined) return [];
      return [{ time, series, self_ms_per_second: sum(own.map(({ selfMs }) => selfMs)) / seconds }];
    });
    expectRows(sorted(rows), sorted(expected));
    expect(new Set(rows.map(({ series }) => series)).size).toBe(11);
  });
});

describe('dashboard services', () => {
  it('returns the golden signals of every service', async () => {
    const rows = await runQuery('overview', 'services.sql');
    const groups = Map.groupBy(entriesOf(inRange()), ({ service }) => service);
    expect(rows).toHaveLength(groups.size);
    for (const row of rows) {
      const own = groups.get(String(row['service_name'])) ?? [];
      expect(Number(row['calls_per_second'])).toBeCloseTo(own.length / ((toMs - fromMs) / 1000), 8);
      expect(Number(row['error_rate'])).toBeCloseTo(errorsOf(own) / own.length, 8);
      const durations = own.map(({ durationMs }) => durationMs);
      for (const share of [50, 95, 99])
        expectClose(row[`p${share}_ms`], percentile(durations, share / 100), `p${share}`);
    }
  });

  it.each([
    ['traffic.sql', minuteMs, 'calls_per_second', (own: readonly Related[], seconds: number) => own.length / seconds],
    ['errors.sql', minuteMs, 'error_rate', (own: readonly Related[]) => errorsOf(own) / own.length],
    [
      'durations.sql',
      5 * minuteMs,
      'p95_ms',
      (own: readonly Related[]) =>
        percentile(
          own.map(({ durationMs }) => durationMs),
          0.95,
        ),
    ],
  ] as const)('returns golden signals over time with %s', async (file, stepMs, column, exact) => {
    const rows = await runQuery('overview', file);
    const shown = entriesOf(inRange()).filter((call) => isShown(call, stepMs));
    const groups = Map.groupBy(shown, ({ startMs, service }) => JSON.stringify([floor(startMs, stepMs), service]));
    expect(new Set(rows.map(({ time, series }) => JSON.stringify([time, series])))).toEqual(new Set(groups.keys()));
    for (const row of rows) {
      const own = groups.get(JSON.stringify([row['time'], row['series']])) ?? [];
      expectClose(
        row[column],
        exact(own, secondsOf(Number(row['time']), stepMs) ?? 0),
        file,
        column === 'p95_ms' ? 0.045 : 1e-9,
      );
    }
  });
});

describe('dashboard home', () => {
  it('returns rate, errors, durations and aggregation lag of the system', async () => {
    const requests = inRange().filter(({ isRoot }) => isRoot);
    const seconds = (toMs - fromMs) / 1000;
    const one = async (file: string): Promise<number> =>
      Number(Object.values((await runQuery('home', file))[0] ?? {})[0]);
    expect(await one('requests-per-second.sql')).toBeCloseTo(requests.length / seconds, 8);
    expect(await one('error-rate.sql')).toBeCloseTo(errorsOf(requests) / requests.length, 8);
    expectClose(
      await one('p95.sql'),
      percentile(
        requests.map(({ durationMs }) => durationMs),
        0.95,
      ),
      'p95',
    );
    expect(await one('aggregation-lag.sql')).toBeGreaterThanOrEqual(0);
    expect(await one('aggregation-lag.sql')).toBeLessThan(600);
    const groups = Map.groupBy(requests, ({ startMs }) => floor(startMs, minuteMs));
    const expected = [...groups].flatMap(([time, own]) => {
      const counted = secondsOf(time, minuteMs);
      return counted === undefined ? [] : [{ time, requests: own.length / counted, failed: errorsOf(own) / counted }];
    });
    expectRows(sorted(await runQuery('home', 'traffic.sql')), sorted(expected));
  });

  it('returns zero or NULL for a range without requests', async () => {
    const never = { from: '2020-01-01T00:00:00Z', to: '2020-01-01T01:00:00Z' };
    expect(await runQuery('home', 'requests-per-second.sql', never)).toEqual([{ requests_per_second: 0 }]);
    expect(await runQuery('home', 'error-rate.sql', never)).toEqual([{ error_rate: null }]);
    expect(await runQuery('home', 'p95.sql', never)).toEqual([{ p95_ms: null }]);
  });
});

describe('steps of a range', () => {
  it('end where the aggregates end, so that a rate does not sink in the step that is not over', async () => {
    await client.query('BEGIN');
    try {
      const countedMs = fromMs - (fromMs % minuteMs) + 12 * minuteMs;
      const rates: number[] = [];
      for (const seconds of [45, 20]) {
        await client.query('UPDATE tracestore.call_state SET counted_at = $1', [new Date(countedMs + seconds * 1_000)]);
        const { rows } = await client.query<{ time: Date; seconds: number }>(
          'SELECT time_bucket AS time, seconds FROM ps_trace.counted_step($1, $2, $3) ORDER BY time_bucket DESC',
          [new Date(fromMs), new Date(toMs), '1 minute'],
        );
        const last = rows[0];
        expect(last?.time.getTime()).toBe(seconds === 45 ? countedMs : countedMs - minuteMs);
        rates.push(last?.seconds ?? 0);
        const { rows: whole } = await client.query<{ time: Date; seconds: number }>(
          'SELECT time_bucket AS time, seconds FROM ps_trace.counted_step($1, $2, NULL)',
          [new Date(fromMs), new Date(toMs)],
        );
        expect(whole).toEqual([{ time: new Date(fromMs), seconds: (countedMs - fromMs) / 1_000 + seconds }]);
      }
      expect(rates).toEqual([45, 60]);
    } finally {
      await client.query('ROLLBACK');
    }
  });
});

describe('a variable of Grafana', () => {
  it.each(['', 'Job$run(daily)', hostile, '100 %', '%41', 'O\'Brien & Söhne "shop"', '数 🙂', '$__all()'])(
    'reaches a query without anything that Grafana replaces: %j',
    async (name) => {
      // As Grafana encodes it: encodeURIComponent, and the characters that it leaves.
      const encoded = encodeURIComponent(name).replaceAll(/[!'()*]/g, (each) => `%${each.charCodeAt(0).toString(16)}`);
      expect(encoded).not.toMatch(/[$'(]/);
      const { rows } = await client.query(`SELECT ps_trace.variable_of('${encoded}') AS name`);
      expect(rows).toEqual([{ name }]);
    },
  );

  it('is empty for the choice All, encoded or not', async () => {
    const { rows } = await client.query(
      "SELECT ps_trace.variable_of('$__all') AS plain, ps_trace.variable_of('%24__all') AS encoded",
    );
    expect(rows).toEqual([{ plain: '', encoded: '' }]);
  });
});

describe('dashboard variables', () => {
  it('return services, and operations of one or of all services', async () => {
    const names = (rows: readonly Row[]): readonly unknown[] => rows.flatMap((row) => Object.values(row)).toSorted();
    const distinct = (values: readonly string[]): readonly string[] => [...new Set(values)].toSorted();
    expect(names(await runQuery('variables', 'services.sql'))).toEqual(
      distinct(inRange().map(({ service }) => service)),
    );
    expect(names(await runQuery('variables', 'operations.sql'))).toEqual(distinct(inRange().map(({ name }) => name)));
    expect(names(await runQuery('variables', 'operations.sql', { service: hostile }))).toEqual(
      distinct(inRange().flatMap(({ service, name }) => (service === hostile ? [name] : []))),
    );
  });
});

const everyQuery = dashboards.flatMap(({ folder, dashboard }) => [
  ...dashboard.panels.flatMap(({ queries }) => queries.map((file) => [folder, file] as const)),
  ...dashboard.variables.map(({ query }) => ['variables', query] as const),
]);

describe.each(everyQuery)('%s/%s', (folder, file) => {
  it('returns rows to ps_trace_reader for 15 minutes, a day and a year, and binds hostile values as values', async () => {
    await client.query('BEGIN; SET LOCAL ROLE ps_trace_reader');
    for (const from of ['now-15m', 'now-1d', 'now-365d']) await runQuery(folder, file, { from, to: 'now' });
    const query = readQuery(folder, file);
    for (const { name } of query.parameters.filter((parameter) => ['service', 'operation'].includes(parameter.name))) {
      expect(await runQuery(folder, file, { service: hostile, [name]: `${hostile} unknown` })).toEqual([]);
    }
    await client.query('ROLLBACK');
  });

  it('returns the same rows in psql', async ({ skip }) => {
    const found = await run('psql', ['--version']).catch(() => undefined);
    if (found === undefined) skip('psql is not installed');
    const values: Values = { ...range, service: hostile, operation: hostile, interval: 'auto' };
    const path = fileURLToPath(new URL(`${folder}/${file}`, import.meta.url));
    const given = Object.entries(values).flatMap(([name, value]) => ['-v', `${name}=${value}`]);
    const options = ['-X', '-A', '-t', '-q', '-v', 'ON_ERROR_STOP=1'];
    const { stdout } = await run('psql', [database.url, ...options, ...given, '-f', path]);
    const rows = await runQuery(folder, file, values);
    expect(stdout.split('\n').filter((line) => line !== '')).toHaveLength(rows.length);
    await run('psql', [database.url, ...options, '-f', path]);
  });

  it('returns the same rows with literals that Grafana quotes', async () => {
    const quoted = (value: string): string => `'${value.replaceAll("'", "''")}'`;
    const values: Values = { ...range, service: hostile, operation: `GET /'1'`, interval: 'auto' };
    const text = replaceParameters(readQuery(folder, file), (name) => quoted(values[name] ?? ''));
    const { rows } = await client.query(text);
    expect(rows).toHaveLength((await runQuery(folder, file, values)).length);
  });
});

it('hostile values leave the stored data unchanged', async () => {
  const { rows } = await client.query<{ calls: number }>(
    'SELECT sum(calls)::int AS calls FROM ps_trace.operation_call($1, $2, NULL)',
    [range.from, range.to],
  );
  expect(rows).toEqual([{ calls: inRange().length }]);
});
