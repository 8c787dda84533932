/**
 * A query of a dashboard. Its file can be run with `psql -v name=value -f`. It consists of a comment that describes the
 * result, one line per parameter that sets its default,
 *
 *     \if :{?name} \else \set name 'value' \endif
 *
 * and one statement, in which `:'name'` is the value as a string literal.
 */
export interface Query {
  /** What the query returns: the comment at the start of the file. */
  readonly description: string;
  /** In the order of their declarations. */
  readonly parameters: readonly QueryParameter[];
  /** The statement without its semicolon, with `:'name'` as in the file. */
  readonly statement: string;
}

export interface QueryParameter {
  readonly name: string;
  readonly defaultValue: string;
}

/** A statement with placeholders and the values for them. */
export interface BoundQuery {
  readonly text: string;
  readonly values: readonly string[];
}

const declaration = /^\\if :\{\?([a-z]+)\} \\else \\set \1 '([^'\\]*)' \\endif$/;
const placeholder = /:'([a-z]+)'/g;

/** Parse a query file. @throws Error if the file is not a valid query */
export function parseQuery(source: string): Query {
  const lines = source.trimEnd().split('\n');
  const headEnd = lines.findIndex((line) => !line.startsWith('-- '));
  const description = lines
    .slice(0, headEnd)
    .map((line) => line.slice(3))
    .join(' ');
  if (description === '') throw new Error('it must begin with a comment that describes the result');
  const parameters: QueryParameter[] = [];
  const rest = lines.slice(headEnd);
  for (let match = declaration.exec(rest[0] ?? ''); match !== null; match = declaration.exec(rest[0] ?? '')) {
    parameters.push({ name: match[1] ?? '', defaultValue: match[2] ?? '' });
    rest.shift();
  }
  const text = rest.join('\n').trim();
  if (!text.endsWith(';') || text.slice(0, -1).includes(';') || text.includes('\\')) {
    throw new Error('it must be one statement that ends with a semicolon, with no psql commands');
  }
  const used = new Set([...text.matchAll(placeholder)].map((match) => match[1] ?? ''));
  const declared = new Set(parameters.map(({ name }) => name));
  for (const name of new Set([...used, ...declared])) {
    if (!declared.has(name)) throw new Error(`the parameter ${name} is not declared`);
    if (!used.has(name)) throw new Error(`the parameter ${name} is not used`);
  }
  return { description, parameters, statement: text.slice(0, -1) };
}

/** Whether a script declares parameters. */
export function hasParameters(script: string): boolean {
  return script.split('\n').some((line) => declaration.test(line));
}

/** Replace each `:'name'` in the statement. */
export function replaceParameters({ statement }: Pick<Query, 'statement'>, replace: (name: string) => string): string {
  return statement.replaceAll(placeholder, (_, name: string) => replace(name));
}

/** Replace the parameters by `$1`, `$2`, … in the order of their declarations, each of type text. */
export function numberParameters(query: Query): string {
  const names = query.parameters.map(({ name }) => name);
  return replaceParameters(query, (name) => `$${names.indexOf(name) + 1}::text`);
}

/**
 * Bind values to the parameters of a query. Values are never part of the statement.
 *
 * @param values by parameter name; a missing one has its default
 * @throws Error if a value has no parameter
 */
export function bindQuery(query: Query, values: Readonly<Record<string, string>> = {}): BoundQuery {
  const unknown = Object.keys(values).find((name) => query.parameters.every((parameter) => parameter.name !== name));
  if (unknown !== undefined) throw new Error(`the parameter ${unknown} is unknown`);
  return {
    text: numberParameters(query),
    values: query.parameters.map(({ name, defaultValue }) => values[name] ?? defaultValue),
  };
}
