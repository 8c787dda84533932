import { readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { fileURLToPath } from 'node:url';
import pg from 'pg';

/*
 * Reads SQL from `.sql` files: for every module that sends statements. A file has names where a call inserts something. They are
 * written as variables of psql, so `psql -v name=value -f FILE` runs a file by hand (ADR 20):
 *
 *   :'name'   a value. It is sent as a parameter `$1`, `$2`, … numbered by first use. Its type comes from the SQL around it; add
 *             a cast where that is ambiguous. `bindLiterals` writes it as a literal, for commands that take no parameters.
 *   :"name"   an identifier, such as the name of a table. It is quoted.
 *   :name     a fragment: SQL from another file. A value in a fragment is a parameter, too.
 *
 * The comment at the head of a file says what the statement returns, and describes each name on a line of its own, such as
 * `-- :'limit'  how many rows to return.` It is an error if a name has no description, if a description has no name, or if a
 * call does not give exactly these names.
 *
 * A file is parsed once, when its module is loaded. Comments are not sent.
 */

/** A statement as `pg` takes it. */
export interface BoundStatement {
  readonly text: string;
  readonly values: unknown[];
  /** A connection prepares the statement under this name, see `prepared`. */
  readonly name?: string;
  /** It runs in a transaction of its own that suits kept plans, see query/prepared-statements.ts. */
  readonly overPartitions?: true;
}

/** A value of a statement. The same object in several places becomes one parameter. */
export class Parameter {
  constructor(readonly value: unknown) {}
}

/** SQL that a user wrote. It is not indented. */
class UserText {
  constructor(readonly text: string) {}
}

/** A fragment inside of another one. */
interface Inner {
  readonly fragment: Fragment;
  /** The blanks before the line: a fragment of several lines is indented by as much. */
  readonly indent: string;
}

type FragmentPart = string | Parameter | UserText | Inner;

/** A part of a statement, with its values. */
export class Fragment {
  /** The characters of the text, roughly. */
  readonly length: number;
  readonly isMultiline: boolean;

  constructor(readonly parts: readonly FragmentPart[]) {
    let length = 0;
    let isMultiline = false;
    for (const part of parts) {
      if (typeof part === 'string') {
        length += part.length;
        isMultiline ||= part.includes('\n');
      } else if (part instanceof Parameter) length += '$10'.length;
      else if (part instanceof UserText) length += part.text.length;
      else {
        length += part.fragment.length;
        isMultiline ||= part.fragment.isMultiline;
      }
    }
    this.length = length;
    this.isMultiline = isMultiline;
  }
}

/** For a template without names. */
export type NoArguments = Readonly<Record<never, never>>;

type ArgumentsOf<Names> = keyof Names extends never ? [] : [names: Names];

type Kind = 'value' | 'identifier' | 'fragment';

/** Where a name stands. */
interface Slot {
  readonly kind: Kind;
  readonly name: string;
  readonly indent: string;
}

type TemplatePart = string | Slot;

/**
 * A statement or fragment with names.
 *
 * @typeParam Names what a call gives for each name: any value for `:'name'`, a string for `:"name"`, a `Fragment` for `:name`
 */
export class SqlTemplate<Names extends object = NoArguments> {
  private readonly kinds: ReadonlyMap<string, Kind>;
  /** The text where it is the same in every call, and its parameters in order. */
  private readonly fixed: { readonly text: string; readonly names: readonly string[] } | undefined;

  /**
   * @param name of the file, without its ending: a connection may prepare the statement under this name
   * @param where the file, for messages
   */
  constructor(
    readonly name: string,
    private readonly where: string,
    readonly parts: readonly TemplatePart[],
  ) {
    this.kinds = kindsOf(parts, where);
    this.fixed = fixedText(parts);
  }

  /** The text of a statement in which every name is a value. */
  get text(): string {
    if (this.fixed === undefined) throw new Error(`${this.where} has no text before its names are bound`);
    return this.fixed.text;
  }

  /**
   * The values of `text`, in the order of their numbers.
   *
   * @throws Error when a name is missing or unknown
   */
  values(...[names]: ArgumentsOf<Names>): Names[keyof Names][] {
    const given = this.checked(names);
    if (this.fixed === undefined) throw new Error(`${this.where} has no values before its names are bound`);
    return this.fixed.names.map((name) => valueOf(given[name]) as Names[keyof Names]);
  }

  /**
   * Give all names.
   *
   * @returns the statement for pg
   * @throws Error when a name is missing or unknown, or given as another kind than that of its place
   */
  bind(...names: ArgumentsOf<Names>): BoundStatement {
    if (this.fixed !== undefined) return { text: this.fixed.text, values: this.values(...names) };
    return rendered(this.fragment(...names));
  }

  /**
   * Give all names, and write the values into the text as psql does: for commands that take no parameters, such as COPY and
   * SET.
   *
   * @throws Error as `bind`, and for a value that is not a text, a number, a truth value or null
   */
  bindLiterals(...names: ArgumentsOf<Names>): BoundStatement {
    return { text: rendered(this.fragment(...names), literal).text, values: [] };
  }

  /** Give all names. @returns a fragment of another statement @throws Error as `bind` */
  fragment(...[names]: ArgumentsOf<Names>): Fragment {
    const given = this.checked(names);
    const parameters = new Map<string, Parameter>();
    return new Fragment(
      this.parts.map((part) => {
        if (typeof part === 'string') return part;
        const { kind, name, indent } = part;
        const argument = given[name];
        if (kind === 'fragment') {
          if (!(argument instanceof Fragment)) throw new Error(`${this.where}: :${name} must be a fragment`);
          return { fragment: argument, indent };
        }
        if (kind === 'identifier') return quoted(argument, `${this.where}: :"${name}"`);
        if (argument instanceof Fragment) throw new Error(`${this.where}: :'${name}' must be a value, not a fragment`);
        const parameter = parameters.get(name) ?? (argument instanceof Parameter ? argument : new Parameter(argument));
        parameters.set(name, parameter);
        return parameter;
      }),
    );
  }

  private checked(names: object | undefined): Readonly<Record<string, unknown>> {
    const given = (names ?? {}) as Readonly<Record<string, unknown>>;
    for (const name of this.kinds.keys()) {
      if (given[name] === undefined) throw new Error(`${this.where}: the name ${name} is missing`);
    }
    const keys = Object.keys(given);
    if (keys.length !== this.kinds.size) {
      const unknown = keys.filter((name) => !this.kinds.has(name));
      throw new Error(`${this.where}: the name ${unknown.join(', ')} is unknown`);
    }
    return given;
  }
}

/**
 * Read a statement.
 *
 * @param moduleUrl `import.meta.url` of the module beside the file
 * @param file the file's name
 * @param included fragments that are the same in every call, by name. Their names become names of the statement.
 * @throws Error when a name is not described or not used, or when the text is not well-formed
 */
export function readSql<Names extends object = NoArguments>(
  moduleUrl: string,
  file: string,
  included: Readonly<Record<string, { readonly parts: readonly TemplatePart[] }>> = {},
): SqlTemplate<Names> {
  const parts = parse(readFileSync(new URL(file, moduleUrl), 'utf8'), file);
  for (const name of Object.keys(included)) {
    if (!parts.some((part) => typeof part !== 'string' && part.kind === 'fragment' && part.name === name)) {
      throw new Error(`${file}: the fragment ${name} is not used`);
    }
  }
  const whole = parts.flatMap((part) => {
    const fragment = typeof part === 'string' || part.kind !== 'fragment' ? undefined : included[part.name];
    return typeof part === 'string' || fragment === undefined
      ? [part]
      : fragment.parts.map((inner) => moved(inner, part.indent));
  });
  return new SqlTemplate(basename(fileURLToPath(new URL(file, moduleUrl)), '.sql'), file, whole);
}

/**
 * Read a file of several fragments. Each begins with a line `-- name: …`; the head of the file describes the names of all.
 *
 * @param names all fragments of the file
 * @throws Error when the file has others, or lacks one, or as `readSql`
 */
export function readFragments<Shapes extends Readonly<Record<string, object>>>(
  moduleUrl: string,
  file: string,
  names: readonly (keyof Shapes & string)[],
): { readonly [Name in keyof Shapes]: SqlTemplate<Shapes[Name]> } {
  const [head = '', ...sections] = readFileSync(new URL(file, moduleUrl), 'utf8').split(/^-- name: */m);
  const texts = new Map(
    sections.map((section) => {
      const end = section.indexOf('\n');
      return [section.slice(0, end).trim(), section.slice(end + 1)] as const;
    }),
  );
  const missing = names.filter((name) => !texts.has(name));
  if (missing.length > 0) throw new Error(`${file}: the fragment ${missing.join(', ')} is missing`);
  const unused = [...texts.keys()].filter((name) => !names.includes(name));
  if (unused.length > 0) throw new Error(`${file}: the fragment ${unused.join(', ')} is not used`);
  if (texts.size !== sections.length) throw new Error(`${file}: a fragment comes twice`);
  const templates = [...texts].map(([name, text]) => {
    const where = `${file}, ${name}`;
    const parts = partsOf(text, where);
    if (parts.length === 0) throw new Error(`${where} is empty`);
    return [name, new SqlTemplate(name, where, parts)] as const;
  });
  const used = templates.flatMap(([, { parts }]) => parts);
  requireDescriptions(head, used, file);
  return Object.fromEntries(templates) as unknown as { [Name in keyof Shapes]: SqlTemplate<Shapes[Name]> };
}

/** An integer in the text, for commands that take no parameters, such as FETCH. */
export function integer(value: number): Fragment {
  if (!Number.isSafeInteger(value)) throw new Error(`${value} is not an integer`);
  return new Fragment([String(value)]);
}

/** A statement that a user wrote. It must run with no more rights than the user has. */
export function userSql(text: string): Fragment {
  return new Fragment([new UserText(text)]);
}

/** Join parts with commas. */
export function listOf(parts: readonly Fragment[]): Fragment {
  return joined(parts, ', ', ',\n');
}

/** Join conditions with AND, in brackets; `true` if there is none. */
export function allOf(parts: readonly Fragment[]): Fragment {
  return combined(parts, 'AND', 'true');
}

/** Join conditions with OR, in brackets; `false` if there is none. */
export function anyOf(parts: readonly Fragment[]): Fragment {
  return combined(parts, 'OR', 'false');
}

/** Negate a condition. */
export function not(part: Fragment): Fragment {
  return new Fragment(['NOT ', { fragment: part, indent: '' }]);
}

/** A truth value. */
export function constant(value: boolean): Fragment {
  return new Fragment([String(value)]);
}

/** Longer conditions are written on several lines. */
const longestLine = 100;

function combined(parts: readonly Fragment[], operator: 'AND' | 'OR', neutral: string): Fragment {
  const [only] = parts;
  if (only === undefined) return new Fragment([neutral]);
  if (parts.length === 1) return only;
  const all = joined(parts, ` ${operator} `, `\n${operator} `);
  return all.isMultiline
    ? new Fragment(['(\n  ', { fragment: all, indent: '  ' }, '\n)'])
    : new Fragment(['(', { fragment: all, indent: '' }, ')']);
}

function joined(parts: readonly Fragment[], onOneLine: string, onSeveral: string): Fragment {
  const length = parts.reduce((sum, part) => sum + part.length, 0);
  const separator = length > longestLine || parts.some(({ isMultiline }) => isMultiline) ? onSeveral : onOneLine;
  return new Fragment(
    parts.flatMap((fragment, n) => (n === 0 ? [{ fragment, indent: '' }] : [separator, { fragment, indent: '' }])),
  );
}

function indented(text: string, indent: string): string {
  return indent === '' || !text.includes('\n') ? text : text.replaceAll('\n', `\n${indent}`);
}

function moved(part: TemplatePart, indent: string): TemplatePart {
  return typeof part === 'string' ? indented(part, indent) : { ...part, indent: indent + part.indent };
}

/** An identifier in quotes. PostgreSQL would cut a longer one off. */
function quoted(name: unknown, where: string): string {
  if (typeof name !== 'string' || name === '' || name.includes('\0') || Buffer.byteLength(name) > 63) {
    throw new Error(`${where} must be an identifier of 1 to 63 bytes`);
  }
  return `"${name.replaceAll('"', '""')}"`;
}

function valueOf(argument: unknown): unknown {
  return argument instanceof Parameter ? argument.value : argument;
}

function rendered(whole: Fragment, writeValue?: (value: unknown) => string): BoundStatement {
  const numbers = new Map<Parameter, number>();
  let text = '';
  const write = ({ parts }: Fragment, indent: string): void => {
    for (const part of parts) {
      if (typeof part === 'string') text += indented(part, indent);
      else if (part instanceof UserText) text += part.text;
      else if (part instanceof Parameter && writeValue !== undefined) text += writeValue(part.value);
      else if (part instanceof Parameter) {
        const number = numbers.get(part) ?? numbers.size + 1;
        numbers.set(part, number);
        text += `$${number}`;
      } else write(part.fragment, indent + part.indent);
    }
  };
  write(whole, '');
  return { text, values: Array.from(numbers.keys(), ({ value }) => value) };
}

function literal(value: unknown): string {
  if (value === null) return 'NULL';
  if (Array.isArray(value)) return pg.escapeLiteral(`{${value.map(arrayElement).join(',')}}`);
  if (
    typeof value === 'string' ||
    typeof value === 'number' ||
    typeof value === 'bigint' ||
    typeof value === 'boolean'
  ) {
    return pg.escapeLiteral(String(value));
  }
  throw new Error(`a ${typeof value} cannot be written as a literal`);
}

/** An element of an array of texts or numbers, as PostgreSQL reads it. */
function arrayElement(value: unknown): string {
  if (typeof value !== 'string' && typeof value !== 'number')
    throw new Error(`a ${typeof value} cannot be in an array`);
  return `"${String(value).replaceAll(/["\\]/g, String.raw`\$&`)}"`;
}

function fixedText(parts: readonly TemplatePart[]): { text: string; names: readonly string[] } | undefined {
  const names: string[] = [];
  let text = '';
  for (const part of parts) {
    if (typeof part === 'string') {
      text += part;
      continue;
    }
    if (part.kind !== 'value') return undefined;
    if (!names.includes(part.name)) names.push(part.name);
    text += `$${names.indexOf(part.name) + 1}`;
  }
  return { text, names };
}

function kindsOf(parts: readonly TemplatePart[], where: string): ReadonlyMap<string, Kind> {
  const kinds = new Map<string, Kind>();
  for (const part of parts) {
    if (typeof part === 'string') continue;
    const { name, kind } = part;
    if ((kinds.get(name) ?? kind) !== kind) throw new Error(`${where}: the name ${name} is used as two kinds of name`);
    kinds.set(name, kind);
  }
  return kinds;
}

function parse(source: string, where: string): readonly TemplatePart[] {
  const head = /^(?:--[^\n]*(?:\n|$))*/.exec(source)?.[0] ?? '';
  const parts = partsOf(source.slice(head.length), where);
  requireDescriptions(head, parts, where);
  return parts;
}

/** Require a description of each name in the comment, and no other descriptions. */
function requireDescriptions(head: string, parts: readonly TemplatePart[], where: string): void {
  const described = [...head.matchAll(/^-- (:'\w+'|:"\w+"|:\w+) +\S/gm)].map((match) => match[1] ?? '');
  const used = new Set(parts.flatMap((part) => (typeof part === 'string' ? [] : [written(part)])));
  for (const name of used) {
    if (!described.includes(name)) throw new Error(`${where}: ${name} is not described at the head of the file`);
  }
  for (const [n, name] of described.entries()) {
    if (!used.has(name)) throw new Error(`${where}: ${name} is described and not used`);
    if (described.indexOf(name) !== n) throw new Error(`${where}: ${name} is described twice`);
  }
}

function written({ kind, name }: Slot): string {
  if (kind === 'fragment') return `:${name}`;
  return kind === 'value' ? `:'${name}'` : `:"${name}"`;
}

/**
 * The tokens that matter for finding names (PostgreSQL manual, "Lexical Structure"): comments, quoted constants and identifiers,
 * casts. The first alternative that matches is the token.
 */
const token = new RegExp(
  [
    String.raw`--[^\n]*`,
    String.raw`\/\*(?:[^*/]|\*(?!\/)|\/(?!\*))*\*\/`,
    String.raw`[eE]'(?:[^'\\]|\\[^]|'')*'`,
    String.raw`(?:\$(?<tag>(?:[A-Za-z_]\w*)?)\$)[^]*?\$\k<tag>\$`,
    String.raw`[A-Za-z_][\w$]*`,
    String.raw`'(?:[^']|'')*'`,
    String.raw`"(?:[^"]|"")*"`,
    String.raw`::`,
    String.raw`:'[^']*'`,
    String.raw`:"[^"]*"`,
    String.raw`:[A-Za-z_]\w*`,
    String.raw`\$\d+`,
    String.raw`[^]`,
  ].join('|'),
  'gy',
);

const slot = /^:(?:'([a-z]\w*)'|"([a-z]\w*)"|([a-z]\w*))$/;

/** Split a text at its names, without its comments. */
function partsOf(source: string, where: string): readonly TemplatePart[] {
  const parts: TemplatePart[] = [];
  let text = '';
  for (const { 0: found, index } of source.trimEnd().replace(/;$/, '').matchAll(token)) {
    if (found.startsWith('--') || found.startsWith('/*')) {
      // Without the blanks before it; a line that has only a comment goes as a whole.
      if (/^(?:\n|$)/.test(source.slice(index + found.length, index + found.length + 1))) {
        text = text.replace(/(?:^|\n)?[ \t]*$/, '');
      }
    } else if (/^['"$]$/.test(found) || (found === '/' && source[index + 1] === '*')) {
      throw new Error(`${where}: a quote or comment has no end: ${source.slice(index, index + 30)}`);
    } else if (/^\$\d/.test(found)) {
      throw new Error(`${where}: ${found} must be a parameter with a name`);
    } else if (/^:['"\w]/.test(found)) {
      const [, value, identifier, fragment] = slot.exec(found) ?? [];
      const name = value ?? identifier ?? fragment;
      if (name === undefined) throw new Error(`${where}: ${found} must be a name of lower-case letters, digits and _`);
      const lineStart = source.lastIndexOf('\n', index) + 1;
      parts.push(text, {
        kind: value === undefined ? (identifier === undefined ? 'fragment' : 'identifier') : 'value',
        name,
        indent: /^[ \t]*/.exec(source.slice(lineStart))?.[0] ?? '',
      });
      text = '';
    } else {
      text += found;
    }
  }
  parts.push(text.trimEnd());
  const [first, ...rest] = parts;
  const trimmed = [typeof first === 'string' ? first.trimStart() : '', ...rest].filter((part) => part !== '');
  return trimmed;
}

/**
 * Let a connection prepare a statement once, and then send only its values.
 *
 * @param name belongs to this text alone: no other statement of the connection may have it
 */
export function prepared(name: string, { text, values }: BoundStatement): BoundStatement {
  return { name, text, values };
}

/** A transaction. A connection that is lost has rolled back by itself. */
export const begin: BoundStatement = { text: 'BEGIN', values: [] };
export const commit: BoundStatement = { text: 'COMMIT', values: [] };
export const rollback: BoundStatement = { text: 'ROLLBACK', values: [] };

/** A statement that returns nothing, to see whether the server answers. */
export const ping: BoundStatement = { text: 'SELECT', values: [] };
