import type { DashboardQuery } from '../api/types.ts';

/** Values of a dashboard's time range and variables, by the names of the query parameters. */
export type Values = Readonly<Record<string, string>>;

/**
 * Write a dashboard query as a statement that can be run on its own: values are string literals, and a comment describes
 * the result.
 *
 * @param values by name; a missing one has its default
 * @param description one or more lines
 */
export function statementOf(query: DashboardQuery, values: Values, description: string): string {
  const bound = query.parameters.map(({ name, default: fallback }) => values[name] ?? fallback);
  const sql = query.sql.replaceAll(/\$(\d+)::text/g, (_, number: string) => literal(bound[Number(number) - 1] ?? ''));
  const comment = description
    .split(/\r?\n/)
    .map((line) => `-- ${line}`)
    .join('\n');
  return `${comment}\n${sql}`;
}

/** A string literal that is correct with standard_conforming_strings on or off. */
function literal(text: string): string {
  const doubled = text.replaceAll("'", "''");
  return text.includes('\\') ? `E'${doubled.replaceAll('\\', '\\\\')}'` : `'${doubled}'`;
}

/** The query string of the API request that runs a dashboard query. */
export function queryStringOf(query: DashboardQuery, values: Values): string {
  const entries = query.parameters.flatMap(({ name }) => {
    const value = values[name];
    return value === undefined ? [] : [[name, value]];
  });
  return new URLSearchParams(entries).toString();
}
