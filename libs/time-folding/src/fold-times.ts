import type { SqlParser } from './sql-parser.ts';
import type { TextRange } from './statement-times.ts';

/** A time expression that a literal replaced. */
export interface FoldedTime {
  /** As in the statement. */
  readonly expression: string;
  /** The literal, without quotes. */
  readonly value: string;
}

/** A script with literal times. */
export interface FoldedStatement {
  readonly sql: string;
  /** Each expression once, in the order of the script. Empty if the script is as it was. */
  readonly folded: readonly FoldedTime[];
  /** The relations and functions that the script reads, without their schemas; undefined if it was not parsed. */
  readonly sources: readonly string[] | undefined;
  /** Whether it consists of queries only; false if it was not parsed. */
  readonly readsOnly: boolean;
  /** The position in the original script for one in `sql`, both from 1, in characters of JavaScript. */
  positionOf(position: number): number;
}

/**
 * Runs a statement that returns a column of text, in the transaction and with the settings and rights of the script that
 * follows.
 *
 * @returns undefined if the statement failed; the transaction must then be as it was before
 */
export type RunSql = (statement: string) => Promise<readonly (string | null)[] | undefined>;

/** Types that partitions are compared with, and how a literal names them. */
const literalTypes: ReadonlyMap<string, string> = new Map([
  ['timestamp with time zone', 'timestamptz'],
  ['timestamp without time zone', 'timestamp'],
  ['date', 'date'],
]);

/**
 * Replaces the time expressions of a script, such as `now() - interval '1 hour'` or `spans_since('1 hour')`, by literals, so
 * that the planner skips partitions. PostgreSQL itself computes the values, in the transaction of the script, in which they are constant: the result
 * is the same. A script that does not parse, or in which anything is in doubt, stays as it is.
 *
 * @param run runs a statement where the script will run
 */
export async function foldTimes(parser: SqlParser, sql: string, run: RunSql): Promise<FoldedStatement> {
  const found = await parser.timesOf(sql);
  const asItIs = { sql, folded: [], positionOf: (position: number): number => position };
  if (found === undefined) return { ...asItIs, sources: undefined, readsOnly: false };
  const { sources, readsOnly, times, names } = found;
  if (times.length === 0 || !readsOnly) return { ...asItIs, sources, readsOnly };
  const expressions = [...new Set(times.map(({ computed }) => computed))];
  const [isSafe] = (await run(askForSafety(names))) ?? [];
  const lines = isSafe === 'true' ? await run(evaluate(expressions)) : undefined;
  if (lines === undefined) return { ...asItIs, sources, readsOnly };
  const values = new Map<string, { readonly value: string; readonly type: string }>();
  for (const line of lines) {
    const [nr, typeName, value] = JSON.parse(line ?? '[-1]') as [number, string?, (string | null)?];
    const expression = expressions[nr];
    const type = literalTypes.get(typeName ?? '');
    if (expression === undefined || type === undefined || typeof value !== 'string' || /['\\]/.test(value)) continue;
    values.set(expression, { value, type });
  }
  const folded = new Map<string, string>();
  const replacements = times.flatMap(({ start, end, computed, before, after }) => {
    const literal = values.get(computed);
    if (literal === undefined) return [];
    folded.set(sql.slice(start, end), literal.value);
    return [{ start, end, text: `${before}('${literal.value}'::${literal.type})${after}` }];
  });
  return {
    ...replace(sql, replacements),
    folded: [...folded].map(([expression, value]) => ({ expression, value })),
    sources,
    readsOnly,
  };
}

/** Whether names mean the functions and operators of PostgreSQL and ps_trace, and a backslash in a text is a character. */
function askForSafety(names: readonly string[]): string {
  const array = `ARRAY[${names.map((name) => `'${name.replaceAll("'", "''")}'`).join(', ')}]::text[]`;
  return `SELECT (
    current_setting('standard_conforming_strings') = 'on'
    AND NOT EXISTS (
      SELECT FROM pg_catalog.pg_proc p JOIN pg_catalog.pg_namespace n ON n.oid = p.pronamespace
      WHERE p.proname = ANY (${array}) AND n.nspname = ANY (current_schemas(true)) AND n.nspname <> 'pg_catalog'
        AND NOT (n.nspname = 'ps_trace' AND p.proname IN ('time_of', 'spans_since', 'events_since', 'links_since'))
    )
    AND NOT EXISTS (
      SELECT FROM pg_catalog.pg_operator o JOIN pg_catalog.pg_namespace n ON n.oid = o.oprnamespace
      WHERE o.oprname = ANY (${array}) AND n.nspname = ANY (current_schemas(true)) AND n.nspname <> 'pg_catalog'
    )
  )::text`;
}

/** A row for each expression: its number, its type and its value in ISO 8601, as JSON. */
function evaluate(expressions: readonly string[]): string {
  return expressions
    .map(
      (expression, nr) =>
        `SELECT json_build_array(${nr}, pg_typeof(e)::text, to_json(e) #>> '{}')::text FROM (SELECT (${expression}) AS e) AS t${nr}`,
    )
    .join(' UNION ALL ');
}

function replace(
  sql: string,
  replacements: readonly (TextRange & { readonly text: string })[],
): Pick<FoldedStatement, 'sql' | 'positionOf'> {
  let folded = '';
  let last = 0;
  /** The replaced ranges, with their places in the new text. */
  const moves: { readonly from: TextRange; readonly start: number; readonly end: number }[] = [];
  for (const { text, ...from } of replacements) {
    folded += sql.slice(last, from.start);
    moves.push({ from, start: folded.length, end: folded.length + text.length });
    folded += text;
    last = from.end;
  }
  return {
    sql: folded + sql.slice(last),
    positionOf: (position) => {
      const move = moves.findLast(({ start }) => start < position);
      if (move === undefined) return position;
      return position <= move.end ? move.from.start + 1 : position - move.end + move.from.end;
    },
  };
}
