/**
 * A query's file is one that `psql -v name=value -f` runs: comments that say what it answers, a line for each parameter
 * that gives it a value where none is given,
 *
 *     \if :{?name} \else \set name 'value' \endif
 *
 * and one statement, in which `:'name'` is the value as a text.
 */
export interface Query {
  /** What it answers: the comment at the head. */
  readonly answers: string;
  /** In the order in which they are declared. */
  readonly parameters: readonly QueryParameter[];
  /** The statement without its semicolon, with `:'name'` as in the file. */
  readonly statement: string;
}

export interface QueryParameter {
  readonly name: string;
  readonly defaultValue: string;
}

/** A statement with placeholders, and the values for them. */
export interface BoundQuery {
  readonly text: string;
  readonly values: readonly string[];
}

const declaration = /^\\if :\{\?([a-z]+)\} \\else \\set \1 '([^'\\]*)' \\endif$/;
const placeholder = /:'([a-z]+)'/g;

/** @throws Error that says what is wrong with the file */
export function parseQuery(source: string): Query {
  const lines = source.trimEnd().split('\n');
  const headEnd = lines.findIndex((line) => !line.startsWith('-- '));
  const answers = lines
    .slice(0, headEnd)
    .map((line) => line.slice(3))
    .join(' ');
  if (answers === '') throw new Error('it begins with a comment that says what it answers');
  const parameters: QueryParameter[] = [];
  const rest = lines.slice(headEnd);
  for (let match = declaration.exec(rest[0] ?? ''); match !== null; match = declaration.exec(rest[0] ?? '')) {
    parameters.push({ name: match[1] ?? '', defaultValue: match[2] ?? '' });
    rest.shift();
  }
  const text = rest.join('\n').trim();
  if (!text.endsWith(';') || text.slice(0, -1).includes(';') || text.includes('\\')) {
    throw new Error('it is one statement that ends with a semicolon, without further commands of psql');
  }
  const used = new Set([...text.matchAll(placeholder)].map((match) => match[1] ?? ''));
  const declared = new Set(parameters.map(({ name }) => name));
  for (const name of new Set([...used, ...declared])) {
    if (!declared.has(name)) throw new Error(`the parameter ${name} is not declared`);
    if (!used.has(name)) throw new Error(`the parameter ${name} is not used`);
  }
  return { answers, parameters, statement: text.slice(0, -1) };
}

/** Whether a script is a query with parameters. */
export function hasParameters(script: string): boolean {
  return script.split('\n').some((line) => declaration.test(line));
}

/** The statement with something else in the place of each `:'name'`. */
export function replaceParameters({ statement }: Pick<Query, 'statement'>, replace: (name: string) => string): string {
  return statement.replaceAll(placeholder, (_, name: string) => replace(name));
}

/** The statement with `$1`, `$2`, … for the parameters in their order; each is a text, whatever it is then taken for. */
export function numberParameters(query: Query): string {
  const names = query.parameters.map(({ name }) => name);
  return replaceParameters(query, (name) => `$${names.indexOf(name) + 1}::text`);
}

/**
 * A query to be sent to the server, with values that it takes as values whatever is in them.
 *
 * @param values by name; what is missing has its default
 * @throws Error naming a value for which there is no parameter
 */
export function bindQuery(query: Query, values: Readonly<Record<string, string>> = {}): BoundQuery {
  const unknown = Object.keys(values).find((name) => query.parameters.every((parameter) => parameter.name !== name));
  if (unknown !== undefined) throw new Error(`There is no parameter ${unknown}`);
  return {
    text: numberParameters(query),
    values: query.parameters.map(({ name, defaultValue }) => values[name] ?? defaultValue),
  };
}
