/** From tokens to the tree: pipelines, scalars and metrics. `FieldParser` reads what is within braces. */
import type {
  Aggregate,
  ArithmeticOperator,
  Attribute,
  Compare,
  Hint,
  Intrinsic,
  Literal,
  MetricsExpression,
  MetricsOperand,
  MetricsOperator,
  OrderOperator,
  OverTime,
  Pipeline,
  Query,
  Range,
  Scalar,
  ScalarFilter,
  SecondStage,
  SpansetExpression,
  SpansetFilter,
  SpansetOperation,
  SpansetOperator,
  Stage,
} from './ast.js';
import { FieldParser } from './field-parser.js';
import { type Token, tokenize } from './lexer.js';
import { comparisonPrecedence, powerPrecedence, precedenceOf, sumPrecedence } from './precedence.js';
import { TokenStream } from './token-stream.js';
import { TreeDepth } from './tree-depth.js';

/** What may stand at a place. An operator permits fewer things on its right than the start of a query. */
interface Place {
  /** `{ … }` and what operators make of it. */
  readonly spansets: boolean;
  /** Pipelines with `|` in parentheses, as a side of an operator. */
  readonly pipelines: boolean;
  readonly numbers: boolean;
  readonly aggregates: boolean;
  /** `(pipeline | count())`. */
  readonly pipelineAggregates: boolean;
  /** `(pipeline | rate())`. */
  readonly metrics: boolean;
}

const nothing: Place = {
  spansets: false,
  pipelines: false,
  numbers: false,
  aggregates: false,
  pipelineAggregates: false,
  metrics: false,
};
const anything: Place = {
  spansets: true,
  pipelines: true,
  numbers: true,
  aggregates: true,
  pipelineAggregates: true,
  metrics: true,
};
const stagePlace: Place = { ...nothing, spansets: true, numbers: true, aggregates: true };

/** A part of a query whose meaning depends on what follows. `spanset` is without `|`, `pipeline` in parentheses. */
type Part =
  | { readonly kind: 'spanset'; readonly value: SpansetFilter | SpansetOperation }
  | { readonly kind: 'pipeline'; readonly value: Pipeline | SpansetOperation }
  | { readonly kind: 'scalar'; readonly value: Scalar; readonly content: 'numbers' | 'aggregates' | 'pipelines' }
  | { readonly kind: 'filter'; readonly value: ScalarFilter }
  | { readonly kind: 'metrics'; readonly value: MetricsExpression };

const relations: ReadonlySet<string> = new Set(
  ['>', '<', '>>', '<<', '~'].flatMap((relation) => [relation, `!${relation}`, `&${relation}`]),
);
const orders: ReadonlySet<string> = new Set(['=', '!=', '<', '<=', '>', '>=']);
const arithmetic: ReadonlySet<string> = new Set(['+', '-', '*', '/', '%', '^']);
const metricsArithmetic: ReadonlySet<string> = new Set(['+', '-', '*', '/']);
const plainAggregates: ReadonlySet<string> = new Set(['count', 'min', 'max', 'avg', 'sum']);
const addedAggregates: ReadonlySet<string> = new Set(['count_distinct', 'quantile']);
const overTimes: ReadonlySet<string> = new Set([
  ...'rate count_over_time min_over_time max_over_time avg_over_time sum_over_time'.split(' '),
  ...'quantile_over_time histogram_over_time'.split(' '),
]);

/**
 * Reads a query without checking its meaning; `extensions` of the result is empty.
 *
 * @throws {TraceqlError} of kind `syntax` or `limit`
 */
export function parseSyntax(text: string): Query {
  return parseTokens(text, tokenize(text));
}

/** As `parseSyntax`, from tokens of the text. */
export function parseTokens(text: string, tokens: readonly Token[]): Query {
  return new Parser(text, tokens).parseQuery();
}

class Parser {
  readonly #text: string;
  readonly #tokens: TokenStream;
  readonly #depth: TreeDepth;
  readonly #fields: FieldParser;

  constructor(text: string, tokens: readonly Token[]) {
    this.#text = text;
    this.#tokens = new TokenStream(text, tokens);
    this.#depth = new TreeDepth(this.#tokens);
    this.#fields = new FieldParser(this.#tokens, this.#depth);
  }

  parseQuery(): Query {
    const part = this.#sequence(anything, false);
    const tokens = this.#tokens;
    // A number or an aggregate that is not compared.
    if (part.kind === 'scalar') throw tokens.unexpected();
    let hints: readonly Hint[] = [];
    while (tokens.symbol === 'with') hints = this.#hints();
    if (tokens.current.type !== 'end') throw tokens.unexpected('with');
    const body = part.kind === 'metrics' ? part.value : asPipeline(part.value);
    return { node: 'query', body, hints, extensions: [], from: 0, to: this.#text.length };
  }

  /** Reads a pipeline or an operation, to the end of the query or to a closing parenthesis. */
  #sequence(place: Place, isNested: boolean): Part {
    const tokens = this.#tokens;
    const first = this.#firstStage(place);
    if (first.kind === 'metrics') return { kind: 'metrics', value: this.#secondStages(first.value) };
    if (first.kind === 'pipeline' || first.kind === 'scalar') return first;
    if (first.kind === 'spanset' && tokens.symbol !== '|') return first;
    if (!mayHavePipeline(place)) throw tokens.unexpected();
    const stages: Stage[] = [first.value];
    while (tokens.accept('|')) {
      const metrics = place.metrics ? this.#metricsFunction() : undefined;
      if (metrics !== undefined) {
        const value = this.#metricsPipeline(this.#pipeline(stages), metrics);
        return { kind: 'metrics', value: this.#secondStages(value) };
      }
      const stage = this.#stage();
      if (stage.kind === 'scalar') {
        // `(pipeline | count())` is a number; without parentheses a comparison has to follow.
        if (!place.pipelineAggregates || stage.value.node !== 'aggregate' || tokens.symbol !== ')')
          throw tokens.unexpected();
        return this.#pipelineAggregate(this.#pipeline(stages), stage.value);
      }
      stages.push(stage.value);
    }
    if (isNested && !place.pipelines) throw tokens.unexpected();
    return { kind: 'pipeline', value: this.#pipeline(stages) };
  }

  #pipeline(stages: readonly Stage[]): Pipeline {
    const from = stages[0]?.from ?? 0;
    return this.#depth.parent({ node: 'pipeline', stages, from, to: stages.at(-1)?.to ?? from } as const, ...stages);
  }

  #pipelineAggregate(pipeline: Pipeline, aggregate: Aggregate): Part {
    const range = { from: pipeline.from, to: aggregate.to };
    const value = { node: 'pipelineAggregate', pipeline, aggregate, ...range } as const;
    return { kind: 'scalar', value: this.#depth.parent(value, pipeline, aggregate), content: 'pipelines' };
  }

  #firstStage(place: Place): Part | { readonly kind: 'stage'; readonly value: Stage } {
    const value = mayHavePipeline(place) ? this.#groupOrSelect() : undefined;
    if (value !== undefined) return { kind: 'stage', value };
    return this.#operation(0, place);
  }

  #stage(): { readonly kind: 'stage'; readonly value: Stage } | { readonly kind: 'scalar'; readonly value: Scalar } {
    const tokens = this.#tokens;
    const { from } = tokens.current;
    if (tokens.accept('coalesce')) {
      this.#emptyArguments();
      return { kind: 'stage', value: { node: 'coalesce', from, to: tokens.lastEnd } };
    }
    const value = this.#groupOrSelect();
    if (value !== undefined) return { kind: 'stage', value };
    const part = this.#operation(0, stagePlace);
    if (part.kind === 'spanset' || part.kind === 'filter') return { kind: 'stage', value: part.value };
    if (part.kind === 'scalar') return { kind: 'scalar', value: part.value };
    throw tokens.unexpected();
  }

  #groupOrSelect(): Stage | undefined {
    const tokens = this.#tokens;
    const { from } = tokens.current;
    if (tokens.accept('by')) {
      tokens.expect('(');
      const expression = this.#fields.parseExpression();
      if (!tokens.accept(')')) throw tokens.unexpected();
      return this.#depth.parent({ node: 'by', expression, from, to: tokens.lastEnd } as const, expression);
    }
    if (!tokens.accept('select')) return undefined;
    tokens.expect('(');
    const fields = this.#fieldList();
    return { node: 'select', fields, from, to: tokens.lastEnd };
  }

  /** Reads fields up to and with the closing parenthesis. */
  #fieldList(): readonly (Attribute | Intrinsic)[] {
    const fields: (Attribute | Intrinsic)[] = [];
    do fields.push(this.#fields.parseField());
    while (this.#tokens.accept(','));
    this.#tokens.expect(')', ')', ',');
    return fields;
  }

  #emptyArguments(): void {
    this.#tokens.expect('(');
    this.#tokens.expect(')');
  }

  /** Reads operands and the operators between them that bind at least as tightly as `precedence`. */
  #operation(precedence: number, place: Place): Part {
    const { from } = this.#tokens.current;
    let left = this.#operand(place);
    for (;;) {
      const operator = this.#tokens.symbol ?? '';
      const level = precedenceOf(operator) ?? (relations.has(operator) ? comparisonPrecedence : undefined);
      if (level === undefined || level < precedence || !this.#mayCombine(left, operator)) return left;
      this.#tokens.next();
      left = this.#combine(from, left, operator, level);
    }
  }

  /** Whether the operator belongs to what is on its left. If not, the caller reads on or reports it. */
  #mayCombine(left: Part, operator: string): boolean {
    switch (left.kind) {
      case 'spanset':
      case 'pipeline':
        return relations.has(operator) || operator === '&&' || operator === '||';
      case 'scalar':
        return arithmetic.has(operator) || orders.has(operator);
      case 'metrics':
        return metricsArithmetic.has(operator);
      case 'filter':
        return false;
    }
  }

  #combine(from: number, left: Part, operator: string, level: number): Part {
    switch (left.kind) {
      case 'spanset': {
        const right = this.#right(operator, level, { ...nothing, spansets: true });
        if (right.kind !== 'spanset') throw this.#tokens.unexpected();
        return { kind: 'spanset', value: this.#spansetOperation(from, operator, left.value, right.value) };
      }
      case 'pipeline': {
        if (this.#tokens.symbol !== '(') throw this.#tokens.unexpected('(');
        const right = this.#right(operator, level, { ...nothing, spansets: true, pipelines: true });
        if (right.kind !== 'spanset' && right.kind !== 'pipeline') throw this.#tokens.unexpected();
        return { kind: 'pipeline', value: this.#spansetOperation(from, operator, left.value, right.value) };
      }
      case 'metrics': {
        const right = this.#right(operator, level, { ...nothing, numbers: true, metrics: true });
        if (right.kind !== 'scalar' && right.kind !== 'metrics') throw this.#tokens.unexpected();
        return this.#metricsOperation(from, operator as MetricsOperator, left.value, right.value);
      }
      case 'scalar': {
        const isComparison = orders.has(operator);
        const right = this.#right(operator, level, {
          ...nothing,
          numbers: true,
          aggregates: isComparison || left.content !== 'pipelines',
          pipelineAggregates: left.content === 'pipelines',
          metrics: left.content === 'numbers' && !isComparison && metricsArithmetic.has(operator),
        });
        if (right.kind === 'metrics')
          return this.#metricsOperation(from, operator as MetricsOperator, left.value, right.value);
        if (right.kind !== 'scalar') throw this.#tokens.unexpected();
        const range = { from, to: this.#tokens.lastEnd };
        const sides = { left: left.value, right: right.value };
        if (!isComparison) {
          const node = {
            node: 'scalarOperation',
            operator: operator as ArithmeticOperator,
            ...sides,
            ...range,
          } as const;
          const content = left.content === 'numbers' ? right.content : left.content;
          return { kind: 'scalar', value: this.#depth.parent(node, sides.left, sides.right), content };
        }
        // `5 > 3` is no filter.
        if (left.content === 'numbers' && right.content === 'numbers') throw this.#tokens.unexpected();
        const filter = { node: 'scalarFilter', operator: operator as OrderOperator, ...sides, ...range } as const;
        return { kind: 'filter', value: this.#depth.parent(filter, sides.left, sides.right) };
      }
      case 'filter':
        throw this.#tokens.unexpected();
    }
  }

  #right(operator: string, level: number, place: Place): Part {
    return operator === '^' ? this.#depth.nest(() => this.#operation(level, place)) : this.#operation(level + 1, place);
  }

  #spansetOperation(
    from: number,
    operator: string,
    left: SpansetExpression,
    right: SpansetExpression,
  ): SpansetOperation {
    const range = { from, to: this.#tokens.lastEnd };
    const node = { node: 'spansetOperation', operator: operator as SpansetOperator, left, right, ...range } as const;
    return this.#depth.parent(node, left, right);
  }

  #metricsOperation(from: number, operator: MetricsOperator, left: MetricsOperand, right: MetricsOperand): Part {
    for (const side of [left, right])
      if (side.node === 'literal' && side.value.type === 'duration')
        throw this.#tokens.error('duration cannot be used as a scalar operand in metric arithmetic', side);
      else if (side.node === 'scalarOperation') this.#requireNumbers(side);
    const range = { from, to: this.#tokens.lastEnd };
    const node = { node: 'metricsOperation', operator, left, right, secondStages: [], ...range } as const;
    return { kind: 'metrics', value: this.#depth.parent(node, left, right) };
  }

  /** Constants of metrics are numbers; a single duration stands for its seconds in a filter of samples. */
  #requireNumbers(constant: Scalar): void {
    if (constant.node === 'scalarOperation') {
      this.#requireNumbers(constant.left);
      this.#requireNumbers(constant.right);
    } else if (constant.node === 'literal' && constant.value.type === 'duration')
      throw this.#tokens.error('duration cannot be used in scalar arithmetic', constant);
  }

  #operand(place: Place): Part {
    const tokens = this.#tokens;
    const { symbol } = tokens;
    if (symbol === '{' && place.spansets) return { kind: 'spanset', value: this.#filter() };
    if (symbol === '(') return this.#depth.nest(() => this.#parentheses(place));
    if (place.numbers) {
      const number = this.#number();
      if (number !== undefined) return { kind: 'scalar', value: number, content: 'numbers' };
    }
    const aggregate = place.aggregates ? this.#aggregate() : undefined;
    if (aggregate !== undefined) return { kind: 'scalar', value: aggregate, content: 'aggregates' };
    throw place.spansets && !place.numbers ? tokens.unexpected('{', '(') : tokens.unexpected();
  }

  #parentheses(place: Place): Part {
    const tokens = this.#tokens;
    tokens.next();
    // A number may be made of a pipeline, which begins with what may not stand here alone.
    const widened = mayHavePipeline(place) ? { ...place, spansets: true, aggregates: true } : place;
    const inner = this.#sequence(widened, true);
    if (!isPermitted(inner, place) || !tokens.accept(')')) throw tokens.unexpected();
    return inner;
  }

  #filter(): SpansetFilter {
    const tokens = this.#tokens;
    const { from } = tokens.expect('{');
    if (tokens.accept('}')) {
      const value = { type: 'bool', value: true } as const;
      const condition = { node: 'literal', value, from: from + 1, to: tokens.lastEnd - 1 } as const;
      return { node: 'filter', condition, from, to: tokens.lastEnd };
    }
    const condition = this.#fields.parseExpression();
    if (!tokens.accept('}')) throw tokens.unexpected();
    return this.#depth.parent({ node: 'filter', condition, from, to: tokens.lastEnd } as const, condition);
  }

  /** Reads a number or a duration, or a minus and the constants that it applies to. */
  #number(): Scalar | undefined {
    const tokens = this.#tokens;
    const token = tokens.current;
    const { type, from } = token;
    if (tokens.symbol === '-')
      return this.#depth.nest(() => {
        tokens.next();
        const part = this.#operation(powerPrecedence, { ...nothing, numbers: true });
        if (part.kind !== 'scalar') throw tokens.unexpected();
        return this.#negated(part.value, from);
      });
    if (type !== 'int' && type !== 'float' && type !== 'duration') return undefined;
    const value = this.#fields.parseStatic();
    return value && { node: 'literal', value, from, to: tokens.lastEnd };
  }

  /** `-x` of a number is a constant, of an expression `0 - x`. */
  #negated(operand: Scalar, from: number): Scalar {
    const range = { from, to: this.#tokens.lastEnd };
    if (operand.node === 'literal') {
      const { value } = operand;
      if (value.type === 'int' || value.type === 'duration')
        return { node: 'literal', value: { type: value.type, value: BigInt.asIntN(64, -value.value) }, ...range };
      if (value.type === 'float') return { node: 'literal', value: { type: 'float', value: -value.value }, ...range };
    }
    const zero: Literal = { node: 'literal', value: { type: 'int', value: 0n }, from, to: from };
    return this.#depth.parent(
      { node: 'scalarOperation', operator: '-', left: zero, right: operand, ...range } as const,
      operand,
    );
  }

  #aggregate(): Aggregate | undefined {
    const tokens = this.#tokens;
    const token = tokens.current;
    const { from } = token;
    if (token.type !== 'keyword' && token.type !== 'identifier') return undefined;
    const { text: name } = token;
    const { following } = tokens;
    const isAdded = addedAggregates.has(name) && following.type === 'punctuation' && following.text === '(';
    if (!plainAggregates.has(name) && !isAdded) return undefined;
    tokens.next();
    if (name === 'count') {
      this.#emptyArguments();
      return { node: 'aggregate', name, argument: undefined, quantile: undefined, from, to: tokens.lastEnd };
    }
    tokens.expect('(');
    const argument = this.#fields.parseExpression();
    let quantile: number | undefined;
    if (name === 'quantile') {
      tokens.expect(',');
      quantile = this.#quantile();
    }
    if (!tokens.accept(')')) throw tokens.unexpected();
    const aggregate = { node: 'aggregate', name: name as Aggregate['name'], argument, quantile } as const;
    return this.#depth.parent({ ...aggregate, from, to: tokens.lastEnd }, argument);
  }

  #metricsPipeline(pipeline: Pipeline, metrics: OverTime | Compare): MetricsExpression {
    const range = { from: pipeline.from, to: this.#tokens.lastEnd };
    const node = { node: 'metricsPipeline', pipeline, function: metrics, secondStages: [], ...range } as const;
    return this.#depth.parent(node, pipeline);
  }

  #metricsFunction(): OverTime | Compare | undefined {
    const tokens = this.#tokens;
    const { from } = tokens.current;
    const { symbol } = tokens;
    if (symbol === 'compare') return this.#compare();
    if (symbol === undefined || !overTimes.has(symbol)) return undefined;
    tokens.next();
    const name = symbol as OverTime['name'];
    tokens.expect('(');
    let field: Attribute | Intrinsic | undefined;
    const quantiles: number[] = [];
    if (name !== 'rate' && name !== 'count_over_time') field = this.#fields.parseField();
    if (name === 'quantile_over_time') {
      tokens.expect(',');
      do quantiles.push(this.#quantile());
      while (tokens.accept(','));
      tokens.expect(')', ')', ',');
    } else tokens.expect(')');
    let by: readonly (Attribute | Intrinsic)[] = [];
    if (tokens.accept('by')) {
      tokens.expect('(');
      by = this.#fieldList();
    }
    return { node: 'overTime', name, field, quantiles, by, from, to: tokens.lastEnd };
  }

  #quantile(): number {
    const token = this.#tokens.current;
    if (token.type !== 'int' && token.type !== 'float') throw this.#tokens.unexpected('INTEGER', 'FLOAT');
    this.#tokens.next();
    return Number(token.value);
  }

  #compare(): Compare {
    const tokens = this.#tokens;
    const { from } = tokens.next();
    tokens.expect('(');
    const selection = this.#filter();
    let topN = 10;
    let window: Compare['window'];
    if (tokens.accept(',')) {
      topN = Number(this.#integer());
      if (tokens.accept(',')) {
        const start = this.#integer();
        tokens.expect(',');
        window = { start, end: this.#integer() };
      }
    }
    if (window !== undefined) tokens.expect(')');
    else tokens.expect(')', ')', ',');
    return { node: 'compare', selection, topN, window, from, to: tokens.lastEnd };
  }

  #integer(): bigint {
    const token = this.#tokens.current;
    if (token.type !== 'int') throw this.#tokens.unexpected('INTEGER');
    this.#tokens.next();
    return token.value;
  }

  /** Reads `| topk(n)` and `> n` after series. */
  #secondStages(metrics: MetricsExpression): MetricsExpression {
    const tokens = this.#tokens;
    const stages: SecondStage[] = [];
    for (;;) {
      const { from } = tokens.current;
      const symbol = tokens.symbol ?? '';
      if (tokens.accept('|')) {
        const name = tokens.symbol;
        if (name !== 'topk' && name !== 'bottomk') throw tokens.unexpected('topk', 'bottomk');
        tokens.next();
        tokens.expect('(');
        const limit = this.#integer();
        tokens.expect(')');
        stages.push({ node: name, limit, from, to: tokens.lastEnd });
      } else if (orders.has(symbol)) {
        tokens.next();
        const part = this.#operation(sumPrecedence, { ...nothing, numbers: true });
        if (part.kind !== 'scalar') throw tokens.unexpected();
        if (part.value.node === 'scalarOperation') this.#requireNumbers(part.value);
        const range: Range = { from, to: tokens.lastEnd };
        stages.push({ node: 'sampleFilter', operator: symbol as OrderOperator, value: part.value, ...range });
      } else if (stages.length === 0) return metrics;
      else {
        const filtered = { ...metrics, secondStages: [...metrics.secondStages, ...stages], to: tokens.lastEnd };
        return this.#depth.parent(filtered, metrics);
      }
    }
  }

  #hints(): readonly Hint[] {
    const tokens = this.#tokens;
    tokens.next();
    tokens.expect('(');
    const hints: Hint[] = [];
    do hints.push(this.#hint());
    while (tokens.accept(','));
    tokens.expect(')', ')', ',');
    return hints;
  }

  #hint(): Hint {
    const tokens = this.#tokens;
    const token = tokens.current;
    const { from } = token;
    if (token.type !== 'identifier' || !/^[\p{L}_]/u.test(token.text)) throw tokens.unexpected('IDENTIFIER');
    tokens.next();
    const { text: name } = token;
    tokens.expect('=');
    const { current } = tokens;
    if (name === 'order' && current.type === 'identifier') {
      tokens.next();
      return { node: 'hint', name, value: { type: 'word', value: current.text }, from, to: tokens.lastEnd };
    }
    const value = this.#fields.parseStatic();
    if (value === undefined) throw tokens.unexpected();
    return { node: 'hint', name, value, from, to: tokens.lastEnd };
  }
}

/** Whether a `|` may follow in parentheses. */
function mayHavePipeline({ pipelines, pipelineAggregates, metrics }: Place): boolean {
  return pipelines || pipelineAggregates || metrics;
}

function isPermitted(part: Part, place: Place): boolean {
  switch (part.kind) {
    case 'spanset':
      return place.spansets;
    case 'pipeline':
      return place.pipelines;
    case 'scalar':
      return { numbers: place.numbers, aggregates: place.aggregates, pipelines: place.pipelineAggregates }[
        part.content
      ];
    case 'metrics':
      return place.metrics;
    case 'filter':
      return false;
  }
}

/** A stage as a pipeline; a pipeline stays as it is. */
function asPipeline(value: Pipeline | Stage): Pipeline {
  if (value.node === 'pipeline') return value;
  return { node: 'pipeline', stages: [value], from: value.from, to: value.to };
}
