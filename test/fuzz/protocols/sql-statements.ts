/** Statements for the SQL page: random queries of the public views, hostile and long statements. */
import type { SeededRandom } from '../../../bench/corpus/random.ts';
import { anyText, awkwardTexts, logUniform, serviceNames } from '../awkward.ts';

const hostileStatements: readonly string[] = [
  'DROP TABLE tracestore.span',
  'DELETE FROM tracestore.span',
  'TRUNCATE tracestore.ledger',
  'SELECT ps_trace.delete_all_traces()',
  "SELECT ps_trace.set_trace_retention_period(interval '1 hour')",
  'SELECT * FROM tracestore.span',
  'SELECT 1; SELECT 2',
  'SELECT 1;',
  'COMMIT; SELECT 1',
  'RESET ROLE',
  'SET ROLE tracestore',
  "SELECT set_config('role', 'tracestore', false)",
  "SELECT set_config('statement_timeout', '0', false), pg_sleep(60)",
  "SELECT set_config('client_encoding', 'SJIS', false), '表'",
  "SELECT set_config('work_mem', '4GB', false)",
  "SELECT pg_logical_emit_message(false, 'x', repeat('y', 100000))",
  'SELECT pg_sleep(10)',
  'SELECT pg_advisory_lock(1)',
  'SELECT pg_advisory_lock(8318255638512821612)',
  "SELECT pg_advisory_lock(hashtext('tracestore'), hashtext('calls'))",
  "SELECT pg_advisory_lock(hashtext('tracestore'), hashtext('lifecycle'))",
  'SELECT pg_terminate_backend(pid) FROM pg_stat_activity',
  'SELECT pg_cancel_backend(pid) FROM pg_stat_activity',
  "SELECT pg_read_file('/etc/passwd')",
  "SELECT lo_import('/etc/passwd')",
  "COPY (SELECT 1) TO PROGRAM 'id'",
  "SELECT query_to_xml('SELECT 1', true, true, '')",
  'SELECT * FROM generate_series(1, 100000000)',
  'SELECT count(*) FROM generate_series(1, 30000) a, generate_series(1, 30000) b',
  "SELECT repeat('x', 300000000)",
  "SELECT repeat('x', 17000000)",
  'WITH RECURSIVE r AS (SELECT 1 AS n UNION ALL SELECT n + 1 FROM r) SELECT count(*) FROM r',
  'SELECT array_agg(n) FROM generate_series(1, 3000000) n',
  'SELECT 1/0',
  "SELECT 'a'::int",
  'SELECT $1',
  'SELECT $1::text',
  'SELECT \0 1',
  "SELECT '\0'",
  "SELECT E'\\xff'",
  "SELECT U&'\\D800'",
  'SELECT',
  'SELECT 1 --',
  'SELECT 1 /*',
  "SELECT '",
  'SELECT $$',
  'SELECT 1) x; DROP TABLE y; --',
  'SELECT 1 AS "__proto__", 2 AS "__proto__"',
  'SELECT NULL::record',
  "SELECT row(1, 'a')",
  'TABLE ps_trace.span',
  'VALUES (1), (2)',
  'EXPLAIN SELECT 1',
  'SHOW ALL',
  'LISTEN x',
  'LOCK TABLE tracestore.span',
  'SELECT * FROM ps_trace.span FOR UPDATE',
  'DECLARE c CURSOR FOR SELECT 1',
  'CREATE TEMP TABLE t AS SELECT 1',
  'DO $$BEGIN PERFORM pg_sleep(5); END$$',
  "SELECT 'NaN'::float8, 'infinity'::timestamptz, '1e400'::numeric, '-infinity'::date",
  "SELECT 'a' ~ '((a{1,200}){1,200}){1,200}'",
  "SELECT repeat('a', 30) ~ '(a|aa)+$b'",
  "SELECT jsonb_path_query('{}', '$.**')",
  'SELECT xmlparse(document \'<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>\')',
];

const relations = ['ps_trace.span', 'ps_trace.event', 'ps_trace.link', 'ps_trace.x', 'pg_class'] as const;
const columns = [
  'trace_id',
  'span_id',
  'service_name',
  'span_name',
  'start_time',
  'duration_ms',
  'span_tags',
  'resource_tags',
  'status_code',
  'time_range',
  'count(*)',
  '*',
  'missing',
  "span_tags -> 'user'",
  'row(1, 2)',
] as const;

/** Draws a statement for the SQL page. */
export function anyStatement(random: SeededRandom): string {
  const roll = random.below(100);
  if (roll < 45) return random.pick(hostileStatements);
  if (roll < 50) return longStatement(random);
  return anySelect(random, 2);
}

function anySelect(random: SeededRandom, depth: number): string {
  const what = Array.from({ length: 1 + random.below(3) }, () => random.pick(columns)).join(', ');
  const from = depth > 0 && random.chance(0.3) ? `(${anySelect(random, depth - 1)}) AS x` : random.pick(relations);
  const where = random.chance(0.5) ? ` WHERE ${anyCondition(random)}` : '';
  const tail = random.pick(['', ' LIMIT 10', ' ORDER BY 1', ' GROUP BY 1', ' LIMIT -1', ' OFFSET 1000000000']);
  return `SELECT ${what} FROM ${from}${where}${tail}`;
}

function anyCondition(random: SeededRandom): string {
  const text = anyText(random, serviceNames).replaceAll("'", random.chance(0.9) ? "''" : "'");
  return random.pick([
    `service_name = '${text}'`,
    `span_tags -> '${text}' = '5'`,
    `start_time > now() - interval '5 minutes'`,
    `start_time > '${random.pick(['infinity', '-infinity', 'x', '2026-11-30', ...awkwardTexts.slice(0, 4)])}'`,
    `duration_ms > ${random.pick(['0', '1e308', "'NaN'", '-1', '99999999999999999999'])}`,
    `span_name ~ '${random.pick(['a', '(', 'a{1,300}', '(a*)*b'])}'`,
    `trace_id = '${random.pick(['00000000-0000-0000-0000-000000000000', 'x'])}'`,
    '1 = 1',
  ]);
}

function longStatement(random: SeededRandom): string {
  const length = logUniform(random, 99_000);
  return random.pick([
    `${' '.repeat(length)}SELECT 1`,
    `SELECT 1${' '.repeat(length)}`,
    `SELECT 1${';'.repeat(length)}`,
    `SELECT 1${' ;'.repeat(length / 2)}x`,
    `SELECT ${'('.repeat(length / 2)}1${')'.repeat(length / 2)}`,
    `SELECT ${'1,'.repeat(length / 2)}1`,
    `SELECT '${'x'.repeat(length)}'`,
    `/*${'*'.repeat(length)}*/ SELECT 1`,
    `${'-- x\n'.repeat(length / 5)}SELECT 1`,
    `SELECT 1 WHERE ${'NOT '.repeat(length / 4)}true`,
    `SELECT ${'1+'.repeat(length / 2)}1`,
    `SELECT 1${' UNION ALL SELECT 1'.repeat(length / 19)}`,
  ]);
}
