import { Client, DatabaseError, type QueryArrayResult } from 'pg';
import { bindQuery, hasParameters, parseQuery } from '../dashboards/query.ts';
import { positionOf, splitStatements, type Statement } from './sql-statements.ts';
import { layOut } from './table.ts';
import { paint, print } from './terminal.ts';

export interface PrintOptions {
  readonly indent: string;
  /** Rows beyond that are counted, not shown. */
  readonly mostRows: number;
  /** Whose rights the script has, instead of those of the role that logs in. */
  readonly role?: 'ps_trace_reader';
  /** Whether fractions are rounded to four digits. */
  readonly rounded?: boolean;
  /** For a dashboard's query: what its parameters are, where not what they are by default. */
  readonly parameters?: Readonly<Record<string, string>>;
}

/** int8, int2, int4, oid, float4, float8, numeric */
const numericTypes: ReadonlySet<number> = new Set([20, 21, 23, 26, 700, 701, 1700]);

/** All values as the text that PostgreSQL writes, as in psql. */
const asText = { getTypeParser: () => (text: string) => text };

/**
 * Runs a script, one statement after the other on one connection, and prints what each gives.
 *
 * @returns false after an error, which is printed in one line with its position; the rest is not run then
 * @throws Error when the database cannot be reached
 */
export async function printResults(url: string, script: string, options: PrintOptions): Promise<boolean> {
  const client = new Client({ connectionString: url, connectionTimeoutMillis: 5_000 });
  client.on('error', () => {});
  await client.connect();
  try {
    if (options.role !== undefined) await client.query(`SET ROLE ${options.role}`);
    // A dashboard's query is one statement.
    const bound = hasParameters(script) ? bindQuery(parseQuery(script), options.parameters) : undefined;
    const statements = bound === undefined ? splitStatements(script) : [{ text: bound.text, offset: 0 }];
    for (const statement of statements) {
      if (!(await printResult(client, statement, bound?.text ?? script, options, bound?.values))) return false;
    }
    return true;
  } finally {
    await client.end().catch(() => {});
  }
}

async function printResult(
  client: Client,
  statement: Statement,
  script: string,
  options: PrintOptions,
  values: readonly string[] = [],
): Promise<boolean> {
  const { indent, mostRows, rounded = false } = options;
  try {
    const result: QueryArrayResult<(string | null)[]> = await client.query({
      text: statement.text,
      values: [...values],
      rowMode: 'array',
      types: asText,
    });
    if (result.fields.length === 0) {
      print(`${indent}${result.command}${result.rowCount === null ? '' : ` ${result.rowCount}`}`);
      return true;
    }
    const columns = result.fields.map(({ name, dataTypeID }) => ({
      title: name,
      align: numericTypes.has(dataTypeID) ? ('right' as const) : ('left' as const),
    }));
    const isNumber = result.fields.map(({ dataTypeID }) => numericTypes.has(dataTypeID));
    const rows = result.rows
      .slice(0, mostRows)
      .map((row) =>
        row.map((value, index) => (rounded && isNumber[index] === true ? roundFraction(value) : value) ?? '∅'),
      );
    for (const line of layOut(columns, rows)) print(indent + line);
    const { length } = result.rows;
    const shown = length > mostRows ? `, the first ${mostRows} shown` : '';
    print(paint('dim', `${indent}${length} ${length === 1 ? 'row' : 'rows'}${shown}`));
    return true;
  } catch (error) {
    print(indent + paint('red', describeError(error, statement, script)));
    return false;
  }
}

/** Four digits are what a person compares; whole numbers stay as they are. */
function roundFraction(text: string | null): string | null {
  if (text === null || !/[.e]/i.test(text)) return text;
  const value = Number(text);
  return Math.abs(value) >= 1_000 ? value.toFixed(0) : String(Number(value.toPrecision(4)));
}

function describeError(error: unknown, { offset }: Statement, script: string): string {
  if (!(error instanceof DatabaseError)) return `Error: ${error instanceof Error ? error.message : String(error)}`;
  const at = positionOf(script, offset + (error.position === undefined ? 0 : Number(error.position) - 1));
  const extra = [error.detail, error.hint].filter((text) => text !== undefined).map((text) => ` (${text})`);
  return `${error.severity ?? 'ERROR'} ${error.code ?? ''} at line ${at.line}, column ${at.column}: ${error.message}${extra.join('')}`;
}
