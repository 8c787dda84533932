/**
 * Finds the time expressions of a statement that PostgreSQL computes when it executes the statement, and that a literal can
 * replace: `now() - interval '1 hour'`. It reads the syntax tree of PostgreSQL's own parser. A statement in which anything is
 * in doubt has none.
 */

/** A part of the text of a statement, in characters of JavaScript: from `start` to before `end`. */
export interface TextRange {
  readonly start: number;
  readonly end: number;
}

/** What `before`, a literal time and `after` replace. */
export interface TimeExpression extends TextRange {
  /** The expression that computes the literal. */
  readonly computed: string;
  readonly before: string;
  readonly after: string;
}

/** What the syntax of a script says. */
export interface StatementTimes {
  /** The expressions to replace, in their order. They do not overlap. */
  readonly times: readonly TimeExpression[];
  /** Names of functions and operators in them that could also exist in another schema than pg_catalog or ps_trace. */
  readonly names: readonly string[];
  /** The relations and functions that the statements read, without their schemas. */
  readonly sources: readonly string[];
  /** Whether the script consists of queries and EXPLAIN of queries only. */
  readonly readsOnly: boolean;
}

/** PostgreSQL's parser and lexer. Both throw for a text that is not SQL. */
export interface Syntax {
  parse(text: string): unknown;
  /** With offsets in bytes of UTF-8. */
  scan(text: string): { readonly tokens: readonly ScannedToken[] };
}

interface ScannedToken {
  readonly start: number;
  readonly end: number;
  readonly text: string;
  readonly tokenName: string;
}

type Fields = Record<string, unknown>;

/** More time expressions than a person or a dashboard writes. */
const maxTimes = 100;

/** A literal of a type that partitions can be compared with. Its value does not matter here. */
const placeholder = `('2000-01-01'::pg_catalog.timestamptz)`;

/** Functions of pg_catalog that are not volatile and whose result is the same all through a transaction. */
const timeFunctions: ReadonlySet<string> = new Set([
  'now',
  'transaction_timestamp',
  'date_trunc',
  'date_bin',
  'date_add',
  'date_subtract',
  'date_part',
  'extract',
  'to_timestamp',
  'timezone',
  'age',
  'make_date',
  'make_time',
  'make_timestamp',
  'make_timestamptz',
  'make_interval',
  'justify_days',
  'justify_hours',
  'justify_interval',
  'floor',
  'ceil',
  'round',
]);

/** Such a function of ps_trace. */
const ownTimeFunction = 'time_of';

/** The functions of ps_trace whose argument is an interval before now(), and the same with times. */
const sinceFunctions: ReadonlyMap<string, string> = new Map([
  ['spans_since', 'spans_between'],
  ['events_since', 'events_between'],
  ['links_since', 'links_between'],
]);

const arithmetic: ReadonlySet<string> = new Set(['+', '-', '*', '/']);

const timeValues: ReadonlySet<string> = new Set([
  'SVFOP_CURRENT_DATE',
  'SVFOP_CURRENT_TIMESTAMP',
  'SVFOP_CURRENT_TIMESTAMP_N',
  'SVFOP_LOCALTIMESTAMP',
  'SVFOP_LOCALTIMESTAMP_N',
]);

const plainTypes: ReadonlySet<string> = new Set(
  'timestamptz timestamp date time interval text int2 int4 int8 float4 float8 numeric'.split(' '),
);

/**
 * Finds the time expressions in conditions (WHERE, ON) and in arguments of functions of FROM, where a literal changes neither
 * names of columns nor groups.
 *
 * @returns undefined for a text that does not parse
 */
export function findStatementTimes(text: string, syntax: Syntax): StatementTimes | undefined {
  let tree: unknown;
  let tokens: readonly ScannedToken[];
  try {
    tree = syntax.parse(text);
    tokens = syntax.scan(text).tokens.filter(({ tokenName }) => !tokenName.endsWith('_COMMENT'));
  } catch (error) {
    // A parser that has no memory or stack left must not go on.
    if ((error as Error).name !== 'SqlError') throw error;
    return undefined;
  }
  const found = new Finder(tokens).run(tree);
  const bytes = Buffer.from(text);
  const positionOf = (byte: number): number =>
    bytes.length === text.length ? byte : bytes.subarray(0, byte).toString().length;
  const textOf = ({ first, last }: Extent): TextRange & { readonly text: string } => {
    const start = positionOf(tokens[first]?.start ?? 0);
    const end = positionOf(tokens[last]?.end ?? 0);
    return { start, end, text: text.slice(start, end) };
  };
  const expressions: [text: string, node: Fields][] = [];
  const times = found.candidates
    .map(({ since, node, ...extent }) => {
      const { start, end, text } = textOf(extent);
      expressions.push([text, node]);
      if (since === undefined) return { start, end, computed: text, before: '', after: '' };
      const argument = textOf(since.argument).text;
      expressions.push([argument, since.argument.node]);
      const computed = `now() - (${argument})::interval`;
      const after = `, 'infinity')${since.alias === undefined ? '' : ` AS ${since.alias}`}`;
      return { start, end, computed, before: `ps_trace.${since.between}(`, after };
    })
    .toSorted((a, b) => a.start - b.start);
  const { names, sources, readsOnly } = found;
  const isSound = times.length > 0 && times.length <= maxTimes && isExact(text, times, expressions, found, syntax);
  return { times: isSound ? times : [], names: [...names], sources: [...sources], readsOnly };
}

/**
 * Whether each text is exactly the expression that was found: alone it parses to the same tree, and the statement with
 * literals in these places parses to the same tree with literals in the places of the expressions.
 */
function isExact(
  text: string,
  times: readonly TimeExpression[],
  expressions: readonly (readonly [text: string, node: Fields])[],
  { tree, candidates }: Found,
  syntax: Syntax,
): boolean {
  const expression = (sql: string): string => expressionOf(syntax.parse(`SELECT ${sql}`));
  try {
    if (!expressions.every(([alone, node]) => expression(`(${alone})`) === canonical(node))) return false;
    let replaced = '';
    let last = 0;
    for (const { start, end, before, after } of times) {
      if (start < last) return false;
      replaced += text.slice(last, start) + before + placeholder + after;
      last = end;
    }
    for (const { node, since } of candidates) {
      for (const key of Object.keys(node)) delete node[key];
      const literal = since === undefined ? placeholder : `ps_trace.${since.between}(${placeholder}, 'infinity')`;
      Object.assign(node, JSON.parse(expression(literal)));
      if (since?.alias !== undefined) since.source['alias'] = { aliasname: since.alias };
    }
    return canonical(syntax.parse(replaced + text.slice(last))) === canonical(tree);
  } catch (error) {
    if ((error as Error).name !== 'SqlError') throw error;
    return false;
  }
}

/** The first column of a parsed `SELECT`, as canonical JSON. */
function expressionOf(tree: unknown): string {
  const statement = list(fieldsOf(tree)['stmts'])[0];
  const select = fieldsOf(fieldsOf(fieldsOf(statement)['stmt'])['SelectStmt']);
  const target = fieldsOf(fieldsOf(list(select['targetList'])[0])['ResTarget']);
  return canonical(target['val']);
}

/** A tree as JSON, without its places in the text. */
function canonical(tree: unknown): string {
  return JSON.stringify(tree, (key, value: unknown) =>
    /(?:^|_)location$|^stmt_len$|list_(?:start|end)$/.test(key) ? undefined : value,
  );
}

/** The first and the last token of an expression. */
interface Extent {
  readonly first: number;
  readonly last: number;
}

interface Candidate extends Extent {
  readonly node: Fields;
  /** Present if it is a call of `spans_since` or a sibling. */
  readonly since?: {
    readonly between: string;
    readonly argument: Extent & { readonly node: Fields };
    /** The item of FROM, and its name if the statement gives it none. */
    readonly source: Fields;
    readonly alias: string | undefined;
  };
}

interface Found {
  readonly tree: unknown;
  readonly candidates: readonly Candidate[];
  readonly names: ReadonlySet<string>;
  readonly sources: ReadonlySet<string>;
  readonly readsOnly: boolean;
}

/** Walks a tree: nodes are objects with one field, the name of their type. */
class Finder {
  private readonly candidates: Candidate[] = [];
  private readonly names = new Set<string>();
  private readonly sources = new Set<string>();
  private readonly tokens: readonly ScannedToken[];
  private readonly tokenAt: ReadonlyMap<number, number>;

  constructor(tokens: readonly ScannedToken[]) {
    this.tokens = tokens;
    this.tokenAt = new Map(tokens.map(({ start }, index) => [start, index]));
  }

  run(tree: unknown): Found {
    let readsOnly = true;
    for (const statement of list(fieldsOf(tree)['stmts'])) {
      const node = fieldsOf(fieldsOf(statement)['stmt']);
      const query = 'ExplainStmt' in node ? fieldsOf(fieldsOf(node['ExplainStmt'])['query']) : node;
      const select = query['SelectStmt'];
      if (select === undefined || fieldsOf(select)['intoClause'] !== undefined) readsOnly = false;
      else this.visit(query, false);
    }
    const { candidates, names, sources } = this;
    return { tree, candidates, names, sources, readsOnly };
  }

  /** @param folds whether a literal may stand in the place of the node */
  private visit(value: unknown, folds: boolean): void {
    if (Array.isArray(value)) {
      for (const each of value) this.visit(each, folds);
      return;
    }
    if (typeof value !== 'object' || value === null) return;
    const node = value as Fields;
    const [type = '', content] = Object.entries(node)[0] ?? [];
    if (folds && isFoldable(node) && isComputed(node)) {
      const extent = this.extentOf(node);
      if (extent !== undefined) {
        this.candidates.push({ node, first: extent[0], last: extent[1] });
        this.note(node);
        return;
      }
    }
    switch (type) {
      case 'SelectStmt':
        this.visitSelect(fieldsOf(content));
        return;
      case 'JoinExpr':
        for (const [key, field] of Object.entries(fieldsOf(content))) this.visit(field, key === 'quals');
        return;
      case 'RangeFunction':
        // The function itself stays a function. Its arguments can be literals.
        for (const item of list(fieldsOf(content)['functions'])) {
          const call = fieldsOf(list(fieldsOf(fieldsOf(item)['List'])['items'])[0]);
          const { funcname, args } = fieldsOf(call['FuncCall']);
          this.sources.add(namesOf(funcname).at(-1) ?? '');
          if (!this.visitSince(call, fieldsOf(content))) this.visit(args, true);
        }
        return;
      case 'RangeVar':
        this.sources.add(String(fieldsOf(content)['relname']));
        return;
      default:
        for (const field of Object.values(node)) this.visit(field, folds);
    }
  }

  /** Notes a call of `spans_since` or a sibling in FROM. */
  private visitSince(node: Fields, source: Fields): boolean {
    const call = fieldsOf(node['FuncCall']);
    const names = namesOf(call['funcname']);
    const name = names.at(-1) ?? '';
    const between = sinceFunctions.get(name);
    const [argument, ...more] = list(call['args']).map(fieldsOf);
    const isOwn = names.length === 1 || (names.length === 2 && names[0] === 'ps_trace');
    const isPlain = Object.keys(source).every((key) => ['lateral', 'functions', 'alias'].includes(key));
    if (between === undefined || argument === undefined || more.length > 0 || !isOwn || !isPlain) return false;
    const isInterval = 'NamedArgExpr' in argument ? false : isFoldable(argument);
    const extent = this.extentOf(node);
    const own = this.extentOf(argument);
    if (!isInterval || !hasArgumentsOnly(call) || extent === undefined || own === undefined) return false;
    this.candidates.push({
      node,
      first: extent[0],
      last: extent[1],
      since: {
        between,
        argument: { node: argument, first: own[0], last: own[1] },
        source,
        alias: source['alias'] === undefined ? name : undefined,
      },
    });
    this.note(node);
    return true;
  }

  private visitSelect(select: Fields): void {
    for (const [key, field] of Object.entries(select)) {
      // The two sides of a UNION are statements without the name of their type.
      if (key === 'larg' || key === 'rarg') this.visitSelect(fieldsOf(field));
      else this.visit(field, key === 'whereClause');
    }
  }

  /** Remembers the names of functions and operators that are without a schema. */
  private note(value: unknown): void {
    if (typeof value !== 'object' || value === null) return;
    for (const [key, field] of Object.entries(value)) {
      if ((key === 'funcname' || key === 'name') && namesOf(field).length === 1)
        this.names.add(namesOf(field)[0] ?? '');
      this.note(field);
    }
  }

  /** The first and the last token of an expression. A wrong answer does no harm: see `isExact`. */
  private extentOf(node: Fields): readonly [number, number] | undefined {
    const [type = '', content] = Object.entries(node)[0] ?? [];
    const fields = fieldsOf(content);
    const at = this.tokenAt.get(Number(fields['location'] ?? 0));
    const word = at === undefined ? '' : (this.tokens[at]?.text.toLowerCase() ?? '');
    switch (type) {
      case 'A_Const':
        return at === undefined ? undefined : [at, word === '-' || word === '+' ? at + 1 : at];
      case 'SQLValueFunction':
        return at === undefined ? undefined : [at, this.isAt(at + 1, '(') ? this.closing(at + 1) : at];
      case 'FuncCall':
        if (word === 'at') return this.union(list(fields['args']));
        return at === undefined ? undefined : [at, this.closing(this.next(at, '('))];
      case 'MinMaxExpr':
      case 'CoalesceExpr':
        return at === undefined ? undefined : [at, this.closing(at + 1)];
      case 'A_Expr': {
        const operands = this.union([fields['lexpr'], fields['rexpr']].filter((each) => each !== undefined));
        if (operands === undefined || at === undefined) return undefined;
        return this.balanced(Math.min(operands[0], at), operands[1]);
      }
      case 'TypeCast': {
        const argument = this.extentOf(fieldsOf(fields['arg']));
        const typeAt = this.tokenAt.get(Number(fieldsOf(fields['typeName'])['location'] ?? 0));
        if (argument === undefined || typeAt === undefined) return undefined;
        if (word === '::') return this.balanced(argument[0], this.endOfType(typeAt));
        if (word === 'cast' && at !== undefined) return [at, this.closing(at + 1)];
        return [typeAt, argument[1]];
      }
      default:
        return undefined;
    }
  }

  private union(nodes: readonly unknown[]): readonly [number, number] | undefined {
    const extents = nodes.map((node) => this.extentOf(fieldsOf(node)));
    if (extents.length === 0 || extents.includes(undefined)) return undefined;
    const ends = extents.flatMap((extent) => extent ?? []);
    return this.balanced(Math.min(...ends), Math.max(...ends));
  }

  /** Includes the parentheses around operands, which are not in the tree. */
  private balanced(first: number, last: number): readonly [number, number] {
    let depth = 0;
    let missing = 0;
    for (let index = first; index <= last; index++) {
      if (this.isAt(index, '(')) depth++;
      else if (this.isAt(index, ')')) {
        if (depth === 0) missing++;
        else depth--;
      }
    }
    return [first - missing, last + depth];
  }

  private endOfType(start: number): number {
    let end = start;
    while (this.isAt(end + 1, '.')) end += 2;
    if (this.isAt(end, 'double')) end += 1;
    if (this.isAt(end + 1, '(')) end = this.closing(end + 1);
    if (this.isAt(end + 1, 'with') || this.isAt(end + 1, 'without')) {
      if (this.isAt(end + 2, 'time') && this.isAt(end + 3, 'zone')) end += 3;
    }
    return end;
  }

  private isAt(index: number, text: string): boolean {
    return this.tokens[index]?.text.toLowerCase() === text;
  }

  private next(index: number, text: string): number {
    let at = index;
    while (at < this.tokens.length && !this.isAt(at, text)) at++;
    return at;
  }

  /** The index of the parenthesis that closes the one at an index. */
  private closing(index: number): number {
    let depth = 0;
    for (let at = index; at < this.tokens.length; at++) {
      if (this.isAt(at, '(')) depth++;
      if (this.isAt(at, ')')) depth--;
      if (depth === 0) return at;
    }
    return this.tokens.length - 1;
  }
}

/** Whether an expression consists of literals, operators and functions of times only. */
function isFoldable(node: Fields): boolean {
  const [type = '', content] = Object.entries(node)[0] ?? [];
  const fields = fieldsOf(content);
  const all = (nodes: unknown): boolean => list(nodes).every((each) => isFoldable(fieldsOf(each)));
  switch (type) {
    case 'A_Const':
      return true;
    case 'SQLValueFunction':
      return timeValues.has(String(fields['op']));
    case 'NamedArgExpr':
      return isFoldable(fieldsOf(fields['arg']));
    case 'MinMaxExpr':
    case 'CoalesceExpr':
      return all(fields['args']);
    case 'FuncCall':
      return isTimeFunction(namesOf(fields['funcname'])) && hasArgumentsOnly(fields) && all(fields['args']);
    case 'TypeCast':
      return isPlainType(fieldsOf(fields['typeName'])) && isFoldable(fieldsOf(fields['arg']));
    case 'A_Expr': {
      const [operator = '', ...more] = namesOf(fields['name']);
      const isArithmetic = fields['kind'] === 'AEXPR_OP' && more.length === 0 && arithmetic.has(operator);
      return isArithmetic && all([fields['lexpr'], fields['rexpr']].filter((each) => each !== undefined));
    }
    default:
      return false;
  }
}

/** Whether the planner does not already have the value: a literal with a cast is a constant to it. */
function isComputed(node: Fields): boolean {
  const [type = '', content] = Object.entries(node)[0] ?? [];
  const fields = fieldsOf(content);
  if (type === 'A_Const') return false;
  if (type === 'TypeCast') return isComputed(fieldsOf(fields['arg']));
  // Of numbers alone, no time is computed.
  if (type === 'A_Expr') return /"(?:TypeCast|FuncCall|SQLValueFunction)"/.test(canonical(node));
  return true;
}

function isTimeFunction(names: readonly string[]): boolean {
  const [first = '', second, ...more] = names;
  if (more.length > 0) return false;
  if (second === undefined) return timeFunctions.has(first) || first === ownTimeFunction;
  return first === 'ps_trace' ? second === ownTimeFunction : first === 'pg_catalog' && timeFunctions.has(second);
}

/** No aggregate, window or VARIADIC. */
function hasArgumentsOnly(call: Fields): boolean {
  return Object.keys(call).every((key) => ['funcname', 'args', 'funcformat', 'location'].includes(key));
}

function isPlainType(type: Fields): boolean {
  const [first = '', second] = namesOf(type['names']);
  const name = second === undefined ? first : first === 'pg_catalog' ? second : '';
  const isScalar = type['arrayBounds'] === undefined && type['setof'] === undefined && type['pct_type'] === undefined;
  return isScalar && plainTypes.has(name);
}

/** The parts of a qualified name; empty for anything else. */
function namesOf(value: unknown): readonly string[] {
  return list(value).flatMap((each) => {
    const name = fieldsOf(fieldsOf(each)['String'])['sval'];
    return typeof name === 'string' ? [name] : [];
  });
}

function list(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

function fieldsOf(value: unknown): Fields {
  return typeof value === 'object' && value !== null ? (value as Fields) : {};
}
