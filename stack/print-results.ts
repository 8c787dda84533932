import { styleText } from 'node:util';
import { foldTimes, readHints, type RunSql, SqlParser } from '@spandrel/time-folding';
import { Client, DatabaseError, type QueryArrayResult } from 'pg';
import { bindQuery, hasParameters, parseQuery } from '../dashboards/query.ts';
import { layOut } from './table.ts';
import { print } from './terminal.ts';

/** How to run a script and how to print its results. */
export interface PrintOptions {
  readonly indent?: string;
  /** Further rows are counted but not printed. */
  readonly maxRows: number;
  /** Whether numbers with a fraction are printed with all their digits instead of four. */
  readonly exact?: boolean;
  /** A role whose rights the script has instead. */
  readonly role?: 'ps_trace_reader';
  /** The parameters of a dashboard query, where they differ from their defaults. */
  readonly parameters?: Readonly<Record<string, string>>;
}

/** int8, int2, int4, oid, float4, float8, numeric */
const numericTypes: ReadonlySet<number> = new Set([20, 21, 23, 26, 700, 701, 1700]);

/** A result whose values are in the text format of PostgreSQL. */
export type TextResult = QueryArrayResult<(string | null)[]>;

/** Requests a `TextResult` of pg. */
export const asText = { rowMode: 'array', types: { getTypeParser: () => (value: string) => value } } as const;

/** A script is parsed only as long as it is a person's. */
const parserLimits = { maxCharacters: 20_000, timeoutMs: 5_000, maxWaiting: 1, idleMs: 60_000 };

/**
 * Runs a script and prints the result of each statement. The statements form one transaction, as with `psql -c`. Literals
 * replace the time expressions of queries: see `foldTimes`. What was replaced is printed, and whether a query reads everything.
 *
 * @returns false after an error, which is printed with its position
 * @throws Error when the database cannot be reached
 */
export async function printResults(url: string, script: string, options: PrintOptions): Promise<boolean> {
  const { indent = '', role, parameters } = options;
  const client = new Client({ connectionString: url, connectionTimeoutMillis: 5_000 });
  client.on('error', () => {});
  await client.connect();
  const { text, values } = hasParameters(script)
    ? bindQuery(parseQuery(script), parameters)
    : { text: script, values: [] };
  const parser = new SqlParser(parserLimits);
  // Beside the results, not among them.
  const note = (line: string): void => void process.stderr.write(`${indent}${styleText('dim', line)}\n`);
  let positionOf = (position: number): number => position;
  try {
    if (role !== undefined) await client.query(`SET ROLE ${role}`);
    const run = runIn(client, values);
    const folded = await foldTimes(parser, text, run);
    ({ positionOf } = folded);
    for (const { expression, value } of folded.folded) note(`${expression} is ${value}`);
    const explain = async (): Promise<string | undefined> =>
      (await run(`EXPLAIN (FORMAT JSON) ${folded.sql}`))?.join('');
    // Of a script that changes something, no part runs before.
    const hints = folded.readsOnly ? await readHints(folded.sources, explain, run) : [];
    for (const hint of hints) note(hint);
    const results = (await client.query({ text: folded.sql, values: [...values], ...asText })) as
      TextResult | TextResult[];
    // Outside of a transaction, PostgreSQL has committed.
    if (folded.readsOnly) await client.query('COMMIT');
    for (const result of [results].flat()) for (const line of linesOf(result, options)) print(indent + line);
    return true;
  } catch (error) {
    print(indent + styleText('red', describeError(error, text, positionOf)));
    return false;
  } finally {
    await client.end().catch(() => {});
    parser.close();
  }
}

/**
 * Runs statements before a script of queries, in its transaction, which the first of them begins.
 *
 * @param values of the parameters of the script, for EXPLAIN
 */
function runIn(client: Client, values: readonly string[]): RunSql {
  let isBegun = false;
  return async (statement) => {
    await client.query(isBegun ? 'SAVEPOINT folding' : 'BEGIN; SAVEPOINT folding');
    isBegun = true;
    const query = {
      text: statement,
      values: statement.startsWith('EXPLAIN') ? [...values] : [],
      // It takes one statement: of a script of several, the others must not run.
      queryMode: 'extended',
      rowMode: 'array',
    } as const;
    try {
      const { rows } = await client.query<[unknown]>(query);
      return rows.map(([line]) => (typeof line === 'string' || line === null ? line : JSON.stringify(line)));
    } catch (error) {
      if (!(error instanceof DatabaseError)) throw error;
      await client.query('ROLLBACK TO SAVEPOINT folding');
      return undefined;
    }
  };
}

/** Lays out a result. @returns the lines of a table and the number of rows, or the command tag */
export function linesOf(
  { fields, rows, command, rowCount }: TextResult,
  { maxRows, exact }: Pick<PrintOptions, 'maxRows' | 'exact'>,
): readonly string[] {
  if (fields.length === 0) return [[command, rowCount].filter((part) => part !== null).join(' ')];
  const isNumber = fields.map(({ dataTypeID }) => numericTypes.has(dataTypeID));
  const cells = rows
    .slice(0, maxRows)
    .map((row) =>
      row.map((value, index) => (value !== null && isNumber[index] && !exact ? rounded(value) : (value ?? '∅'))),
    );
  const columns = fields.map(({ name }, index) => ({
    title: name,
    align: isNumber[index] ? ('right' as const) : ('left' as const),
  }));
  const printed = rows.length > maxRows ? `, ${maxRows} printed` : '';
  return [
    ...layOut(columns, cells),
    styleText('dim', `${rows.length} ${rows.length === 1 ? 'row' : 'rows'}${printed}`),
  ];
}

/** Rounds a fraction to four significant digits. Integers stay exact. */
export function rounded(text: string): string {
  if (!/^-?\d*\.\d+(e[+-]?\d+)?$|^-?\d+e[+-]?\d+$/.test(text)) return text;
  const value = Number(text);
  return Math.abs(value) >= 1_000 ? value.toFixed(0) : String(Number(value.toPrecision(4)));
}

/** @param positionOf a position in the script for one in the statements that were sent */
function describeError(error: unknown, script: string, positionOf: (position: number) => number): string {
  if (!(error instanceof DatabaseError)) return `Error: ${error instanceof Error ? error.message : String(error)}`;
  const { severity = 'ERROR', code = '', message, position, detail, hint } = error;
  const before = script.slice(0, positionOf(Number(position ?? 1)) - 1).split('\n');
  const at = position === undefined ? '' : ` at line ${before.length}, column ${(before.at(-1)?.length ?? 0) + 1}`;
  return [`${severity} ${code}${at}: ${message}`, detail, hint].filter(Boolean).join('. ');
}
