import type { DashboardQuery } from '../api/answers.ts';

/** Values of a dashboard's time range and variables, by the names that queries have for them. */
export type Values = Readonly<Record<string, string>>;

/**
 * A query of a dashboard as a statement that runs by itself: with the values in it as texts, in which quotation marks are
 * doubled, and with a comment that says what it answers.
 *
 * @param values by name; what is missing has its default
 * @param answers of one line or several
 */
export function statementOf(query: DashboardQuery, values: Values, answers: string): string {
  const given = query.parameters.map(({ name, default: usual }) => values[name] ?? usual);
  const sql = query.sql.replaceAll(/\$(\d+)::text/g, (_, number: string) => quoted(given[Number(number) - 1] ?? ''));
  const comment = answers
    .split(/\r?\n/)
    .map((line) => `-- ${line}`)
    .join('\n');
  return `${comment}\n${sql}`;
}

/** A text of SQL, whether or not backslashes mean something there. */
function quoted(text: string): string {
  const doubled = text.replaceAll("'", "''");
  return text.includes('\\') ? `E'${doubled.replaceAll('\\', '\\\\')}'` : `'${doubled}'`;
}

/** The query string with which the API is asked for what a query answers. */
export function questionOf(query: DashboardQuery, values: Values): string {
  const given = query.parameters.flatMap(({ name }) => {
    const value = values[name];
    return value === undefined ? [] : [[name, value]];
  });
  return new URLSearchParams(given).toString();
}
