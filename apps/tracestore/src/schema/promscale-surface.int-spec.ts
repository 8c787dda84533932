import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createFreshDatabase, type FreshDatabase } from '@spandrel/testing/fresh-database';
import { passwordTraceId, sendPasswordTraces } from '@spandrel/testing/password-traces';
import { createReaderLogin, type ReaderLogin } from '@spandrel/testing/reader-login';
import { queryOnce, startTracestore } from '@spandrel/testing/running-tracestore';

/** The start of the first trace: on a full minute, so that slots are known. */
const startMs = Math.floor(Date.now() / 60_000) * 60_000 - 120_000;
const minute = new Date(startMs);

let database: FreshDatabase;
let reader: ReaderLogin;

beforeAll(async () => {
  database = await createFreshDatabase();
  const store = await startTracestore(database.url);
  await sendPasswordTraces(store, startMs);
  await store.stop();
  reader = await createReaderLogin(database.url);
});

afterAll(async () => {
  await reader.drop();
  await database.drop();
});

const ask = (sql: string, values: readonly unknown[] = []): Promise<readonly Record<string, unknown>[]> =>
  queryOnce(reader.url, sql, values);

/** The one value of the one row. */
async function value(sql: string): Promise<unknown> {
  const rows = await ask(sql);
  expect(rows).toHaveLength(1);
  return Object.values(rows[0] ?? {})[0];
}

describe('tags', () => {
  it.each([
    [`span_tags -> 'pwlen' = '25'`, 7],
    [`span_tags -> 'pwlen' = '25'::jsonb`, 7],
    [`span_tags -> 'pwlen' <> '25'`, 7],
    [`span_tags -> 'pwlen' != '25'::jsonb`, 7],
    [`span_tags -> 'os_name' = '"linux"'`, 14],
    [`span_tags -> 'missing' = '1'`, 0],
    [`span_tags ->> 'char' = 'z'`, 7],
    [`span_tags #>> '{char}' ~ '^[xy]$'`, 7],
    [`(span_tags ->> 'pwlen')::int8 > 10`, 7],
    [`(span_tags -> 'share')::float8 = 0.5`, 14],
    [`span_tags['pwlen']::int4 = 8`, 7],
    [`span_tags @> '{"pwlen": 8, "char": "z"}'`, 7],
    [`span_tags ? 'pwlen'`, 14],
    [`span_tags @? '$.pwlen ? (@ > 10)'`, 7],
    [`span_tags -> 'pwlen' %= '25'`, 7],
    [`span_tags -> 'pwlen' %<> '25'`, 7],
    [`span_tags -> 'pwlen' %> '8'::jsonb`, 7],
    [`span_tags -> 'pwlen' %>= '8'`, 14],
    [`span_tags -> 'pwlen' %< '25'`, 7],
    [`span_tags -> 'pwlen' %<= '8'`, 7],
    [`resource_tags -> 'telemetry.sdk.name' = '"opentelemetry"' AND resource_tags ->> 'service.name' = 'lower'`, 4],
  ])('%s is true of %i spans', async (condition, count) => {
    expect(await value(`SELECT count(*)::int FROM span WHERE ${condition}`)).toBe(count);
  });

  it('group, sort and count as jsonb does', async () => {
    expect(
      await ask(
        `SELECT span_tags -> 'pwlen' AS pwlen, count(*)::int AS cnt FROM span GROUP BY 1 ORDER BY span_tags -> 'pwlen'`,
      ),
    ).toEqual([
      { pwlen: 8, cnt: 7 },
      { pwlen: 25, cnt: 7 },
    ]);
    expect(await value(`SELECT count(DISTINCT key)::int FROM span, jsonb_each(span_tags)`)).toBe(4);
  });
});

describe('kinds and status codes', () => {
  it.each([
    [`status_code = 'error'`, 3],
    [`status_code = 'STATUS_CODE_ERROR'`, 3],
    [`status_code = 'STATUS_CODE_ERROR'::ps_trace.status_code`, 3],
    [`status_code != 'STATUS_CODE_ERROR'`, 11],
    [`status_code <> 'STATUS_CODE_UNSET'`, 3],
    [`status_code IN ('STATUS_CODE_ERROR', 'ok')`, 3],
    [`status_code NOT IN ('STATUS_CODE_ERROR', 'STATUS_CODE_UNSET')`, 0],
    [`status_code = ANY ('{STATUS_CODE_ERROR,STATUS_CODE_OK}')`, 3],
    [`NOT status_code = 'STATUS_CODE_ERROR'`, 11],
    [`status_code IS DISTINCT FROM 'STATUS_CODE_ERROR'`, 11],
    [`span_kind = 'SPAN_KIND_SERVER'`, 6],
    [`span_kind IN ('SPAN_KIND_SERVER', 'internal')`, 8],
    [`'SPAN_KIND_CLIENT' = span_kind`, 6],
    [`(span_kind = 'SPAN_KIND_SERVER' OR parent_span_id IS NULL)`, 8],
    [`span_kind = 'SPAN_KIND_UNSPECIFIED'`, 0],
    [`CASE span_kind WHEN 'SPAN_KIND_SERVER' THEN true ELSE false END`, 6],
  ])('%s is true of %i spans', async (condition, count) => {
    expect(await value(`SELECT count(*)::int FROM span WHERE ${condition}`)).toBe(count);
  });

  it('show their present names, and refuse what is no name', async () => {
    expect(await ask('SELECT DISTINCT status_code FROM span ORDER BY status_code')).toEqual([
      { status_code: 'unset' },
      { status_code: 'error' },
    ]);
    expect(await ask('SELECT span_kind, count(*)::int AS cnt FROM ps_trace.span GROUP BY 1 ORDER BY 1')).toEqual([
      { span_kind: 'internal', cnt: 2 },
      { span_kind: 'server', cnt: 6 },
      { span_kind: 'client', cnt: 6 },
    ]);
    await expect(ask(`SELECT FROM span WHERE span_kind = 'SERVER'`)).rejects.toThrow('invalid input value for enum');
  });

  it('join and count in filters', async () => {
    expect(
      await ask(
        `SELECT service_name, count(*) FILTER (WHERE status_code = 'STATUS_CODE_ERROR')::numeric / count(*) AS err_rate
         FROM span GROUP BY 1 ORDER BY 2 DESC, 1 LIMIT 2`,
      ),
    ).toEqual([
      { service_name: 'generator', err_rate: '0.33333333333333333333' },
      { service_name: 'lower', err_rate: '0.25000000000000000000' },
    ]);
    expect(await value(`SELECT count(*)::int FROM span a JOIN span b USING (trace_id, span_id, span_kind)`)).toBe(14);
  });
});

describe('trace ids', () => {
  it('are taken with and without dashes, and compare as uuids', async () => {
    const hex = passwordTraceId(1);
    expect(await value(`SELECT count(*)::int FROM span WHERE trace_id = '${hex}'`)).toBe(7);
    expect(await value(`SELECT count(*)::int FROM span WHERE trace_id = '${hex}'::uuid`)).toBe(7);
    expect(await value(`SELECT count(*)::int FROM span WHERE trace_id IN ('${hex}', '${passwordTraceId(2)}')`)).toBe(
      14,
    );
    expect(
      await value(
        `SELECT DISTINCT replace(trace_id::text, '-'::text, ''::text) FROM span WHERE trace_id_hex = '${hex}'`,
      ),
    ).toBe(hex);
  });
});

describe("the dashboards' variables", () => {
  it('list services and what they do', async () => {
    const services = [
      { '?column?': 'digit' },
      { '?column?': 'generator' },
      { '?column?': 'lower' },
      { '?column?': 'upper' },
    ];
    expect(await ask(`SELECT value#>>'{}' FROM _ps_trace.tag WHERE key = 'service.name' ORDER BY 1`)).toEqual(services);
    expect(await ask(`SELECT value#>>'{}' FROM _ps_trace.tag WHERE key_id = 1 ORDER BY 1`)).toEqual(services);
    expect(
      await ask(
        `SELECT DISTINCT span_name FROM _ps_trace.operation WHERE service_name_id IN (
           SELECT id FROM _ps_trace.tag WHERE key = 'service.name' AND value#>>'{}' IN ('lower', 'digit')
         ) ORDER BY 1`,
      ),
    ).toEqual([{ span_name: 'GET /' }, { span_name: 'HTTP GET' }]);
  });

  it('list the tags of resources and of recent spans', async () => {
    expect(
      await ask(
        `SELECT key, value, tag_type FROM _ps_trace.tag WHERE key IN ('pwlen', 'telemetry.sdk.name') ORDER BY key, value`,
      ),
    ).toEqual([
      { key: 'pwlen', value: 8, tag_type: 1 },
      { key: 'pwlen', value: 25, tag_type: 1 },
      { key: 'telemetry.sdk.name', value: 'opentelemetry', tag_type: 2 },
    ]);
  });
});

describe('time_bucket and percentiles', () => {
  it('count requests in slots', async () => {
    expect(
      await ask(
        `SELECT time_bucket('1 minute', start_time) AS time, count(*) / 60.0 AS req_per_sec
         FROM ps_trace.span WHERE parent_span_id IS NULL GROUP BY 1 ORDER BY 1`,
      ),
    ).toEqual([{ time: minute, req_per_sec: '0.03333333333333333333' }]);
    expect(
      await ask(
        `SELECT time_bucket('10 seconds', start_time) AS time, count(*)::int AS cnt FROM span GROUP BY 1 ORDER BY 1`,
      ),
    ).toEqual([
      { time: minute, cnt: 7 },
      { time: new Date(startMs + 10_000), cnt: 7 },
    ]);
  });

  it.each([
    ['1m', '2024-02-29 12:34:56.5+00', '2024-02-29T12:34:00.000Z'],
    ['15 seconds', '1969-12-31 23:59:59+00', '1969-12-31T23:59:45.000Z'],
    ['1 day', '2024-02-29 23:00+00', '2024-02-29T00:00:00.000Z'],
    ['1 week', '2024-02-29 12:00+00', '2024-02-26T00:00:00.000Z'],
    ['1 month', '2024-02-29 12:00+00', '2024-02-01T00:00:00.000Z'],
    ['3 months', '1999-02-28 12:00+00', '1999-01-01T00:00:00.000Z'],
    ['1 year', '2024-02-29 12:00+00', '2024-01-01T00:00:00.000Z'],
  ])('a slot of %s has %s begin at %s', async (width, time, expected) => {
    expect(await value(`SELECT time_bucket('${width}', '${time}'::timestamptz)`)).toEqual(new Date(expected));
  });

  it('percentiles are exact, of all values but NULL, and shared between calls', async () => {
    expect(
      await ask(
        `SELECT service_name,
           round(approx_percentile(0.50, percentile_agg(duration_ms))::numeric, 3) AS p50,
           round(approx_percentile(0.95, percentile_agg(duration_ms))::numeric, 3) AS p95,
           approx_percentile(0.95, percentile_agg(duration_ms)) = percentile_cont(0.95) WITHIN GROUP (ORDER BY duration_ms) AS same
         FROM span GROUP BY 1 ORDER BY 1`,
      ),
    ).toEqual([
      { service_name: 'digit', p50: '4.000', p95: '4.000', same: true },
      { service_name: 'generator', p50: '40.000', p95: '100.000', same: true },
      { service_name: 'lower', p50: '31.000', p95: '36.000', same: true },
      { service_name: 'upper', p50: '36.000', p95: '36.000', same: true },
    ]);
    expect(
      await ask(
        `SELECT approx_percentile(0, a) AS least, approx_percentile(1, a) AS greatest, approx_percentile(0.5, a) AS median,
           approx_percentile(0.5, none) AS nothing
         FROM (SELECT percentile_agg(v) AS a, percentile_agg(v) FILTER (WHERE false) AS none
               FROM (VALUES (3.0), (NULL), (1), (2)) AS t (v)) aggregated`,
      ),
    ).toEqual([{ least: 1, greatest: 3, median: 2, nothing: null }]);
    await expect(ask(`SELECT approx_percentile(1.5, percentile_agg(duration_ms)) FROM span`)).rejects.toThrow(
      'percentile must be from 0 to 1, got 1.5',
    );
  });
});

describe('walks through traces', () => {
  it('in the way of the dashboards find callers and called', async () => {
    const walk = (join: string): string => `
      WITH RECURSIVE x AS (
        SELECT trace_id, span_id, parent_span_id, service_name, span_name, duration_ms, 0 AS dist
        FROM ps_trace.span WHERE service_name = 'lower' AND span_name = 'GET /'
        UNION ALL
        SELECT s.trace_id, s.span_id, s.parent_span_id, s.service_name, s.span_name, s.duration_ms, x.dist + 1
        FROM x INNER JOIN ps_trace.span s ON x.trace_id = s.trace_id AND ${join}
      )
      SELECT md5(service_name || '-' || span_name) <> '' AS id, service_name AS "subTitle", dist,
        count(DISTINCT span_id)::int AS spans, approx_percentile(0.95, percentile_agg(duration_ms)) AS p95
      FROM x WHERE dist <> 0 GROUP BY service_name, span_name, dist ORDER BY dist`;
    expect(await ask(walk('x.parent_span_id = s.span_id'))).toEqual([
      { id: true, subTitle: 'generator', dist: 1, spans: 1, p95: 40 },
      { id: true, subTitle: 'generator', dist: 2, spans: 1, p95: 100 },
    ]);
    expect(await ask(walk('x.span_id = s.parent_span_id'))).toEqual([
      { id: true, subTitle: 'lower', dist: 1, spans: 1, p95: 25 },
      { id: true, subTitle: 'digit', dist: 2, spans: 1, p95: 4 },
    ]);
  });

  it('count the calls between services, and between operations', async () => {
    expect(
      await ask(
        `SELECT p.service_name AS source, k.service_name AS target, count(*)::int AS calls, sum(k.duration_ms) AS total
         FROM ps_trace.span p INNER JOIN ps_trace.span k
           ON p.trace_id = k.trace_id AND p.span_id = k.parent_span_id AND p.service_name != k.service_name
         GROUP BY 1, 2 ORDER BY 1, 2`,
      ),
    ).toEqual([
      { source: 'generator', target: 'lower', calls: 2, total: 72 },
      { source: 'generator', target: 'upper', calls: 2, total: 72 },
      { source: 'lower', target: 'digit', calls: 2, total: 8 },
    ]);
    expect(
      await ask(
        `SELECT ps.value #>> '{}' AS source, p.span_name AS caller, cs.value #>> '{}' AS target, c.span_name AS called, cnt::int
         FROM operation_calls(now() - interval '10 minutes', now())
         JOIN _ps_trace.operation p ON p.id = parent_operation_id
         JOIN _ps_trace.operation c ON c.id = child_operation_id
         JOIN _ps_trace.tag ps ON ps.id = p.service_name_id
         JOIN _ps_trace.tag cs ON cs.id = c.service_name_id
         ORDER BY ps.value #>> '{}', p.span_name COLLATE "C", cs.value #>> '{}', c.span_name`,
      ),
    ).toEqual([
      { source: 'generator', caller: 'HTTP GET', target: 'lower', called: 'GET /', cnt: 2 },
      { source: 'generator', caller: 'HTTP GET', target: 'upper', called: 'GET /', cnt: 2 },
      { source: 'generator', caller: 'generator.generate', target: 'generator', called: 'HTTP GET', cnt: 4 },
      { source: 'lower', caller: 'GET /', target: 'lower', called: 'HTTP GET', cnt: 2 },
      { source: 'lower', caller: 'HTTP GET', target: 'digit', called: 'GET /', cnt: 2 },
    ]);
    expect(await ask(`SELECT FROM operation_calls(now(), now() + interval '1 day')`)).toEqual([]);
  });
});

describe('events and links', () => {
  it('are found by their tags and by those of their spans', async () => {
    expect(
      await ask(
        `SELECT service_name, span_name, status_message FROM event
         WHERE span_start_time >= now() - interval '10 minutes' AND event_tags -> 'level' = '"error"' AND status_code = 'STATUS_CODE_ERROR'`,
      ),
    ).toEqual([
      { service_name: 'generator', span_name: 'generator.generate', status_message: 'FAILED to fetch a lower char' },
    ]);
    expect(
      await ask(
        `SELECT linked_span_name, linked_status_code, link_tags ->> 'why' AS why FROM link WHERE span_kind = 'internal'`,
      ),
    ).toEqual([{ linked_span_name: 'generator.generate', linked_status_code: 'unset', why: 'retry' }]);
  });
});
