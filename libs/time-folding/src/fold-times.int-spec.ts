import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createFreshDatabase, type FreshDatabase } from '@spandrel/testing/fresh-database';
import { type FoldedStatement, foldTimes, type RunSql } from './fold-times.ts';
import { SqlParser } from './sql-parser.ts';

const parser = new SqlParser({ maxCharacters: 20_000, timeoutMs: 10_000, maxWaiting: 100, idleMs: 60_000 });

let database: FreshDatabase;
let client: pg.Client;

beforeAll(async () => {
  database = await createFreshDatabase({ timescale: false });
  client = new pg.Client(database.url);
  await client.connect();
  await client.query(`
    CREATE TABLE moment (nr int, at timestamptz, at_local timestamp, day date, name text);
    INSERT INTO moment SELECT n, now() - n * interval '7 minutes', localtimestamp - n * interval '7 minutes', current_date - n / 10,
      'now() ' || n FROM generate_series(-20, 500) AS n;
    CREATE SCHEMA ps_trace;
    CREATE FUNCTION ps_trace.spans_between(timestamptz, timestamptz) RETURNS SETOF moment LANGUAGE sql STABLE
      AS $$ SELECT * FROM moment WHERE at >= $1 AND at < $2 $$;
    CREATE FUNCTION ps_trace.spans_since(interval) RETURNS SETOF moment LANGUAGE sql STABLE
      AS $$ SELECT * FROM moment WHERE at >= now() - $1 $$;
    CREATE SCHEMA other;
    CREATE FUNCTION other.now() RETURNS timestamptz LANGUAGE sql VOLATILE AS $$ SELECT pg_catalog.now() - interval '1 hour' $$;
    CREATE FUNCTION public.justify_hours(text) RETURNS interval LANGUAGE sql VOLATILE AS $$ SELECT random() * interval '1 h' $$`);
});

afterAll(async () => {
  await parser.close();
  await client.end();
  await database.drop();
});

const run: RunSql = async (statement) => {
  await client.query('SAVEPOINT folding');
  try {
    const { rows } = await client.query<{ line: string | null }>(`SELECT line FROM (${statement}) AS lines (line)`);
    await client.query('RELEASE folding');
    return rows.map(({ line }) => line);
  } catch {
    await client.query('ROLLBACK TO folding');
    return undefined;
  }
};

interface Outcome {
  readonly original: unknown;
  readonly folded: FoldedStatement;
  readonly result: unknown;
}

/** Runs a statement as it is and folded, in one transaction. An error is a result, too. */
async function both(sql: string, settings = ''): Promise<Outcome> {
  const resultOf = async (text: string): Promise<unknown> => {
    await client.query('SAVEPOINT statement');
    try {
      const { rows, fields } = await client.query({ text, rowMode: 'array' });
      return { rows, names: fields.map(({ name, dataTypeID }) => `${name} ${dataTypeID}`) };
    } catch (error) {
      await client.query('ROLLBACK TO statement');
      return (error as Error).message;
    }
  };
  await client.query(`BEGIN; ${settings}`);
  try {
    const folded = await foldTimes(parser, sql, run);
    return { original: await resultOf(sql), folded, result: await resultOf(folded.sql) };
  } finally {
    await client.query('ROLLBACK');
  }
}

const count = (condition: string): string => `SELECT count(*), min(at), max(nr) FROM moment WHERE ${condition}`;

describe('a folded statement has the same result as the original', () => {
  const folded = [
    count(`at > now() - interval '1 hour'`),
    count(`at BETWEEN now() - interval '1 day' AND current_timestamp AND name <> 'now() - interval ''1 day'''`),
    count(`at >= date_trunc('hour', now()) - interval '3 hours' /* now() */`),
    count(`at >= date_trunc('day', now() AT TIME ZONE 'Asia/Kathmandu') AT TIME ZONE 'Asia/Kathmandu'`),
    count(`at > current_date - 1`),
    count(`at > now() - interval '1 month 3 days 04:05:06.789'`),
    count(`at_local > localtimestamp - interval '1 hour'`),
    count(`at_local > now() - interval '1 hour'`),
    count(`day > current_date - 3 AND day <= current_date`),
    count(`at >= date_bin('15 minutes', now(), timestamptz '2000-01-01') - 4 * interval '15 minutes'`),
    count(`at > to_timestamp(extract(epoch FROM now()) - 3600.5)`),
    count(`at > least(now(), greatest(now() - interval '2 h', coalesce(NULL, now() - interval '3 h')))`),
    count(`at > (now() - interval '1 hour')::date::timestamptz`),
    count(`at > (now() - make_interval(mins => 90))`),
    count(`at > now() - interval '1 hour' AND nr IN (SELECT nr FROM moment WHERE at_local < localtimestamp)`),
    count(`EXISTS (SELECT now() FROM moment m WHERE m.nr = moment.nr AND m.at > now() - interval '1 hour')`),
    `WITH recent AS MATERIALIZED (SELECT *, now() AS n FROM moment WHERE at > now() - interval '1 hour') SELECT count(*), n FROM recent GROUP BY n`,
    `SELECT date_trunc('hour', now()), now() - at AS age FROM moment WHERE at > now() - interval '30 min' ORDER BY now() - at`,
    `SELECT now(), count(*) FROM moment WHERE at > now() GROUP BY now() HAVING max(at) > now()`,
    `SELECT nr FROM moment WHERE at > now() UNION ALL SELECT nr FROM moment WHERE at < now() - interval '58 hours' ORDER BY 1`,
    `SELECT count(*) FROM generate_series(now() - interval '1 day', now(), '1 hour') AS hour JOIN moment ON at >= hour AND at < now()`,
    `SELECT * FROM (VALUES (1)) v JOIN LATERAL (SELECT count(*) FROM moment WHERE at > now() - interval '1 h') c ON now() > 'epoch'`,
    `SELECT name = 'now() 1' AS "now()", $$now()$$ FROM moment WHERE "at" > now() - interval '10 min' -- and now()`,
    `SELECT count(*) FROM moment WHERE CASE WHEN at > now() THEN nr < 0 ELSE at > now() - interval '1 h' END AND name <> 'ä€😀'`,
    count(`at > now() - interval '1 hour' AND clock_timestamp() > now() AND random() >= 0`),
    count(`at > 'infinity'::timestamptz - interval '1 hour' OR at < '-infinity'::timestamptz + interval '1 h'`),
    `SELECT count(*), max(spans_since.nr) FROM ps_trace.spans_since('1 hour')`,
    `SELECT s.*, spans_since.at FROM ps_trace.spans_since('1 hour'::interval) AS s JOIN ps_trace.spans_since(interval '2 hours') USING (nr)`,
    count(`at < '0044-03-15 BC'::timestamptz + interval '4000 years'`),
  ];
  it.each(folded)('%s', async (sql) => {
    const { original, folded, result } = await both(sql);
    expect(folded.folded.length).toBeGreaterThan(0);
    expect(folded.sql).not.toBe(sql);
    expect(result).toEqual(original);
    expect(typeof original).not.toBe('string');
  });

  it.each([
    `SET LOCAL TimeZone = 'America/New_York'`,
    `SET LOCAL DateStyle = 'SQL, DMY'`,
    `SET LOCAL DateStyle = 'Postgres, MDY'; SET LOCAL TimeZone = 'Europe/London'`,
    `SET LOCAL DateStyle = 'German'; SET LOCAL IntervalStyle = 'sql_standard'`,
  ])('with other settings: %s', async (settings) => {
    for (const sql of folded) {
      const { original, folded, result } = await both(sql, settings);
      expect(folded.folded.length, sql).toBeGreaterThan(0);
      expect(result, sql).toEqual(original);
    }
  });

  it('where an expression fails only if it is executed', async () => {
    const sql = count(`false AND at > date_trunc('century of the fruitbat', now())`);
    const { original, folded, result } = await both(sql);
    expect(folded.sql).toBe(sql);
    expect(result).toEqual(original);
    expect(typeof original).toBe('object');
  });
});

describe('a statement stays as it is', () => {
  it.each([
    [
      'if pg_catalog is not searched first',
      count(`at > now() - interval '30 min'`),
      `SET LOCAL search_path = other, pg_catalog, public`,
    ],
    ['if a function has the same name', count(`at > now() - justify_hours(interval '30 min')`), ''],
    [
      'if a backslash can end a text',
      count(`at > now() - interval '30 min'`),
      `SET LOCAL standard_conforming_strings = off`,
    ],
    ['if it does not parse', 'SELECT WHERE now() > ,', ''],
    ['if an expression has no time', count(`nr < 1 + 2 AND interval '1 h' > age(now(), now())`), ''],
    ['if a time is NULL', count(`at > NULL::timestamptz - interval '1 h'`), ''],
    ['if it is more than queries', `SELECT 1 WHERE now() > 'epoch'; SET LOCAL x.y = 1`, ''],
  ])('%s', async (_, sql, settings) => {
    const { original, folded, result } = await both(sql, settings);
    expect(folded.sql).toBe(sql);
    expect(folded.folded).toEqual([]);
    expect(JSON.stringify(result)).toBe(JSON.stringify(original));
  });
});

it('the values are shown in ISO 8601, each expression once', async () => {
  const sql = count(
    `at > now() - interval '1 hour' OR at_local > localtimestamp OR at > now() - interval '1 hour' OR day = current_date`,
  );
  const { folded } = await both(sql, `SET LOCAL TimeZone = 'UTC'; SET LOCAL DateStyle = 'German'`);
  expect(folded.folded).toEqual([
    {
      expression: `now() - interval '1 hour'`,
      value: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?\+00:00$/),
    },
    { expression: 'localtimestamp', value: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?$/) },
    { expression: 'current_date', value: expect.stringMatching(/^\d{4}-\d\d-\d\d$/) },
  ]);
});

it('positions in the folded statement have their places in the original', async () => {
  const sql = count(`at > now() AND wrong_name = 1 AND at < current_date`);
  const { folded } = await both(sql);
  for (const word of ['SELECT', 'at >', 'wrong_name', 'at <']) {
    expect(folded.positionOf(folded.sql.indexOf(word) + 1)).toBe(sql.indexOf(word) + 1);
  }
  expect(folded.positionOf(folded.sql.indexOf('::timestamptz') + 1)).toBe(sql.indexOf('now()') + 1);
});
