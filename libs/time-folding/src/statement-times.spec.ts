import { loadModule, parseSync, scanSync } from 'libpg-query';
import { beforeAll, describe, expect, it } from 'vitest';
import { findStatementTimes } from './statement-times.ts';

beforeAll(() => loadModule());

const syntax = { parse: parseSync, scan: scanSync };

/** The texts of the time expressions of a statement. */
function timesOf(sql: string): readonly string[] {
  return (findStatementTimes(sql, syntax)?.times ?? []).map(({ start, end }) => sql.slice(start, end));
}

const where = (condition: string): string => `SELECT count(*) FROM ps_trace.span s WHERE ${condition}`;

describe('a time expression of a condition is found whole:', () => {
  it.each([
    `now()`,
    `now() - interval '1 hour'`,
    `now( ) -- ago\n - '1 hour'::interval /* ) */`.replace(' /* ) */', ''),
    `pg_catalog.now() - make_interval(hours => 1, mins => 30)`,
    `transaction_timestamp()`,
    `CURRENT_TIMESTAMP`,
    `current_timestamp(3) - interval '2 days' * 3`,
    `current_date - 1`,
    `localtimestamp - interval '1h'`,
    `date_trunc('hour', now())`,
    `date_trunc('day', now() AT TIME ZONE 'Europe/Zurich') AT TIME ZONE 'Europe/Zurich'`,
    `date_bin('15 minutes', now(), timestamptz '2000-01-01')`,
    `(now() - interval '1 hour')::date`,
    `((now()))::timestamp with time zone`,
    `CAST(now() AS timestamp(3) without time zone)`,
    `now()::pg_catalog.timestamptz`,
    `to_timestamp(1700000000)`,
    `to_timestamp(extract(epoch FROM now()) - 60)`,
    `greatest(now() - interval '1 day', timestamptz '2026-11-01')`,
    `coalesce(NULL, now())`,
    `'2026-11-30 12:00+00'::timestamptz - interval '1 hour'`,
    `ps_trace.time_of('now-1h')`,
    `date_add(now(), '-1 hour'::interval)`,
  ])('%s', (expression) => {
    expect(timesOf(where(`s.start_time >= ${expression}`))).toEqual([expression]);
    expect(timesOf(where(`span_name = 'ä€😀' AND s.start_time >= ${expression} AND NOT is_root_span`))).toEqual([
      expression,
    ]);
  });

  it('with the parentheses around it, but not those of the condition', () => {
    expect(timesOf(where(`(start_time > (now() - interval '1 hour'))`))).toEqual([`now() - interval '1 hour'`]);
    expect(timesOf(where(`start_time>now()-interval '1 hour'AND true`))).toEqual([`now()-interval '1 hour'`]);
    expect(timesOf(where(`start_time > (now()) - (interval '1 hour')`))).toEqual([`(now()) - (interval '1 hour')`]);
  });

  it.each([
    ['BETWEEN', `start_time BETWEEN now() - interval '1 hour' AND now()`, [`now() - interval '1 hour'`, `now()`]],
    ['IN', `start_time IN (now(), current_date)`, [`now()`, `current_date`]],
    ['ANY', `start_time > ANY (ARRAY[now()])`, [`now()`]],
    ['an expression with a column', `start_time + interval '1 hour' > now()`, [`now()`]],
    ['greatest with a column', `greatest(start_time, now()) = end_time`, [`now()`]],
    ['CASE', `CASE WHEN start_time > now() THEN true ELSE end_time < current_date END`, [`now()`, `current_date`]],
    ['a range', `time_range && tstzrange(now() - interval '1 hour', now())`, [`now() - interval '1 hour'`, `now()`]],
  ])('in %s', (_, condition, expected) => {
    expect(timesOf(where(condition))).toEqual(expected);
  });
});

describe('time expressions are found', () => {
  it.each([
    ['in a join', `SELECT 1 FROM span a JOIN span b ON b.start_time > now()`, ['now()']],
    [
      'in arguments of a function of FROM',
      `SELECT now() FROM f(now(), g(current_date)) AS f`,
      ['now()', 'current_date'],
    ],
    ['in ROWS FROM', `SELECT 1 FROM ROWS FROM (f(now()), now()) AS t`, ['now()']],
    ['in a CTE', `WITH a AS (SELECT 1 FROM span WHERE start_time > now()) SELECT * FROM a`, ['now()']],
    ['in a subquery of SELECT', `SELECT (SELECT count(*) FROM span WHERE start_time > now())`, ['now()']],
    ['in EXISTS', `SELECT 1 FROM a WHERE EXISTS (SELECT now() FROM span WHERE start_time > now())`, ['now()']],
    [
      'in UNION',
      `SELECT 1 WHERE now() > 'today' UNION SELECT 2 WHERE current_date > 'today'`,
      ['now()', 'current_date'],
    ],
    ['in LATERAL', `SELECT 1 FROM a, LATERAL (SELECT FROM span WHERE start_time > now()) AS b`, ['now()']],
    ['in EXPLAIN', `EXPLAIN SELECT 1 FROM span WHERE start_time > now()`, ['now()']],
    [
      'in two statements',
      `SELECT 1 WHERE now() > 'today'; SELECT 2 WHERE current_date > 'today';`,
      ['now()', 'current_date'],
    ],
    ['twice', where(`start_time > now() OR end_time > now()`), ['now()', 'now()']],
  ])('%s', (_, sql, expected) => {
    expect(timesOf(sql)).toEqual(expected);
  });
});

/** A statement with its time expressions replaced, their literals as `<expression>`. */
function replacedIn(sql: string): string {
  let replaced = '';
  let last = 0;
  for (const { start, end, computed, before, after } of findStatementTimes(sql, syntax)?.times ?? []) {
    replaced += `${sql.slice(last, start)}${before}<${computed}>${after}`;
    last = end;
  }
  return replaced + sql.slice(last);
}

describe('an interval before now', () => {
  it.each([
    [
      `SELECT spans_since.span_id FROM ps_trace.spans_since('1 hour') WHERE is_root_span`,
      `SELECT spans_since.span_id FROM ps_trace.spans_between(<now() - ('1 hour')::interval>, 'infinity') AS spans_since WHERE is_root_span`,
    ],
    [
      `SELECT FROM events_since(interval '1 day' * 2) e, ps_trace.links_since((make_interval(hours => 1))) AS l (a)`,
      `SELECT FROM ps_trace.events_between(<now() - (interval '1 day' * 2)::interval>, 'infinity') e, ps_trace.links_between(<now() - (make_interval(hours => 1))::interval>, 'infinity') AS l (a)`,
    ],
  ])('becomes a range: %s', (sql, expected) => {
    expect(replacedIn(sql)).toBe(expected);
  });

  it.each([
    `SELECT * FROM ps_trace.spans_since('1 hour') WITH ORDINALITY`,
    `SELECT * FROM ROWS FROM (ps_trace.spans_since('1 hour'))`,
    `SELECT * FROM other.spans_since('1 hour')`,
    `SELECT * FROM a, ps_trace.spans_since(a.age)`,
    `SELECT * FROM ps_trace.spans_since(_age => '1 hour')`,
    `SELECT ps_trace.spans_since('1 hour')`,
    `SELECT * FROM ps_trace.spans_since(interval '2' hour)`,
  ])('stays one: %s', (sql) => {
    expect(replacedIn(sql)).toBe(sql);
  });
});

describe('nothing is found', () => {
  it.each([
    ['where a literal would rename a column', `SELECT now(), date_trunc('hour', now()) FROM span`],
    [
      'in GROUP BY, HAVING and ORDER BY',
      `SELECT 1 FROM span GROUP BY now() HAVING max(start_time) > now() ORDER BY now()`,
    ],
    ['in a text', where(`span_name = 'now() - interval ''1 hour'''`)],
    ['in a text with dollars', where(`span_name = $$now()$$`)],
    ['in a name', where(`"now()" = 1`)],
    ['in comments', where(`true /* start_time > now() */ -- now()`)],
    ['of a volatile function', where(`start_time > clock_timestamp()`)],
    ['of the start of the statement', where(`start_time > statement_timestamp()`)],
    ['of a random time', where(`start_time > to_timestamp(random())`)],
    ['of a function of another schema', where(`start_time > other.now()`)],
    ['of an unknown function', where(`start_time > an_hour_ago()`)],
    ['of an aggregate', where(`start_time > round(DISTINCT 1)`)],
    ['of a parameter', where(`start_time > $1 - interval '1 hour'`)],
    ['of an unknown type', where(`start_time > '1'::my_time - interval '1 hour'`)],
    ['of an operator of another schema', where(`start_time > '1'::interval OPERATOR(my.-) '1'::interval`)],
    [
      'of literals, which the planner knows',
      where(`start_time > timestamptz '2026-01-01' AND duration_ms > 1000 * 60`),
    ],
    ['in the body of DO', `DO $$ BEGIN PERFORM 1 FROM span WHERE start_time > now(); END $$`],
    ['in a view', `CREATE VIEW v AS SELECT 1 FROM span WHERE start_time > now()`],
    ['in a function', `CREATE FUNCTION f() RETURNS int RETURN (SELECT 1 FROM span WHERE start_time > now())`],
    ['in PREPARE', `PREPARE p AS SELECT 1 FROM span WHERE start_time > now()`],
    ['in DELETE', `DELETE FROM span WHERE start_time < now()`],
    ['in INSERT', `INSERT INTO t SELECT 1 FROM span WHERE start_time < now()`],
    ['in SELECT INTO', `SELECT 1 INTO t FROM span WHERE start_time < now()`],
    ['in a function of FROM itself', `SELECT * FROM now()`],
    ['with fields of an interval', where(`start_time > now() - interval '1' hour`)],
  ])('%s', (_, sql) => {
    // The last one may be found in part: what is found can be replaced.
    expect(timesOf(sql)).toEqual([]);
  });

  it.each(['SELEC', 'SELECT 1 WHERE now() >', `SELECT 'now()`, ''])('of a text that does not parse: %j', (sql) => {
    expect(findStatementTimes(sql || ' ', syntax)?.times ?? []).toEqual([]);
  });

  it('of more than a hundred expressions', () => {
    const many = (count: number): string => where(Array(count).fill('start_time > now()').join(' OR '));
    expect(timesOf(many(100))).toHaveLength(100);
    expect(timesOf(many(101))).toEqual([]);
  });
});

it('sources are the relations and functions that a statement reads', () => {
  const sql = `WITH a AS (SELECT * FROM ps_trace.spans_since('1 hour')) SELECT (SELECT 1 FROM ps_trace.event) FROM a JOIN link l ON true`;
  expect(new Set(findStatementTimes(sql, syntax)?.sources)).toEqual(new Set(['a', 'spans_since', 'event', 'link']));
});

it.each([
  ['SELECT 1; EXPLAIN SELECT 2; TABLE span; VALUES (1)', true],
  ['SELECT 1; DELETE FROM span', false],
  ['SELECT 1 INTO t', false],
  ['EXPLAIN DELETE FROM span', false],
  ['SET x = 1', false],
])('a script of queries alone reads only: %s', (sql, expected) => {
  expect(findStatementTimes(sql, syntax)?.readsOnly).toBe(expected);
});
