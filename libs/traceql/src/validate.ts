/** Whether a query has a meaning: types of operands, arguments of functions, bounds of parameters. */
import type {
  Aggregate,
  Binary,
  BinaryOperator,
  Compare,
  Extension,
  ExtensionName,
  FieldExpression,
  MetricsExpression,
  MetricsOperand,
  OverTime,
  Pipeline,
  Query,
  Range,
  Scalar,
  ScalarFilter,
  SecondStage,
  SpansetExpression,
  SpansetFilter,
  Stage,
} from './ast.js';
import { intrinsicTypes, type ValueType } from './names.js';
import { printAggregate, printField, printSpanset } from './print.js';
import { isValidRegex } from './regex.js';
import { TraceqlError, type TraceqlErrorKind } from './traceql-error.js';

/** Labels that a function of metrics may have. The others add one label of their own, or two series. */
const maxLabels = 5;
const maxLabelsOfDistributions = 4;
const maxTopN = 1000;

/**
 * Checks a query that `simplifyQuery` returned.
 *
 * @returns the extensions that it uses
 * @throws {TraceqlError} of kind `validation` or `unsupported`
 */
export function validateQuery(text: string, query: Query): readonly Extension[] {
  return new Validator(text).query(query);
}

class Validator {
  readonly #text: string;
  readonly #extensions: Extension[] = [];

  constructor(text: string) {
    this.#text = text;
  }

  query({ body, hints }: Query): readonly Extension[] {
    if (body.node === 'pipeline') this.#pipeline(body);
    else this.#metrics(body);
    for (const hint of hints) if (hint.value.type === 'word') this.#extension('order', hint);
    return this.#extensions;
  }

  #pipeline({ stages }: Pipeline): void {
    for (const stage of stages) this.#stage(stage);
  }

  #stage(stage: Stage): void {
    switch (stage.node) {
      case 'filter':
      case 'spansetOperation':
        this.#spanset(stage);
        break;
      case 'scalarFilter':
        this.#scalarFilter(stage);
        break;
      case 'by':
        this.#field(stage.expression);
        if (!referencesSpan(stage.expression))
          this.#fail(`grouping field expressions must reference the span: by(${printField(stage.expression)})`, stage);
        break;
      case 'select':
        for (const field of stage.fields) this.#field(field);
        break;
      case 'coalesce':
        break;
    }
  }

  #spanset(spanset: SpansetExpression): void {
    if (spanset.node === 'filter') this.#filter(spanset);
    else if (spanset.node === 'pipeline') this.#pipeline(spanset);
    else {
      this.#spanset(spanset.left);
      this.#spanset(spanset.right);
    }
  }

  #filter(filter: SpansetFilter): void {
    const type = this.#field(filter.condition);
    if (type !== 'bool' && type !== 'attribute')
      this.#fail(`span filter field expressions must resolve to a boolean: ${printSpanset(filter)}`, filter.condition);
  }

  #scalarFilter(filter: ScalarFilter): void {
    this.#scalar(filter.left);
    this.#scalar(filter.right);
    // Tempo compares one aggregate on the left with one constant.
    if (filter.left.node !== 'aggregate' || filter.right.node !== 'literal') this.#extension('scalar', filter);
  }

  #scalar(scalar: Scalar): void {
    switch (scalar.node) {
      case 'literal':
        break;
      case 'aggregate':
        this.#aggregate(scalar);
        break;
      case 'pipelineAggregate':
        this.#pipeline(scalar.pipeline);
        this.#aggregate(scalar.aggregate);
        break;
      case 'scalarOperation':
        this.#scalar(scalar.left);
        this.#scalar(scalar.right);
        break;
    }
  }

  #aggregate(aggregate: Aggregate): void {
    const { name, argument, quantile } = aggregate;
    if (name === 'count_distinct' || name === 'quantile') this.#extension(name, aggregate);
    if (quantile !== undefined) this.#quantile(quantile, aggregate);
    if (argument === undefined) return;
    const type = this.#field(argument);
    if (name !== 'count_distinct' && !isNumeric(type) && type !== 'attribute')
      this.#fail(`aggregate field expressions must resolve to a number type: ${printAggregate(aggregate)}`, argument);
    if (!referencesSpan(argument))
      this.#fail(`aggregate field expressions must reference the span: ${printAggregate(aggregate)}`, argument);
  }

  #quantile(quantile: number, range: Range): void {
    if (!(quantile >= 0 && quantile <= 1)) this.#fail(`quantile must be between 0 and 1: ${quantile}`, range);
  }

  #metrics(metrics: MetricsExpression): void {
    if (metrics.node === 'metricsOperation') {
      this.#metricsOperand(metrics.left);
      this.#metricsOperand(metrics.right);
    } else {
      this.#pipeline(metrics.pipeline);
      if (metrics.function.node === 'compare') this.#compare(metrics.function, metrics);
      else this.#overTime(metrics.function);
    }
    for (const stage of metrics.secondStages) this.#secondStage(stage);
  }

  #metricsOperand(operand: MetricsOperand): void {
    if (operand.node !== 'metricsPipeline' && operand.node !== 'metricsOperation') return;
    if (operand.node === 'metricsPipeline' && operand.function.node === 'compare') this.#failCompared(operand.function);
    this.#metrics(operand);
  }

  #overTime(metrics: OverTime): void {
    const { name, field, quantiles, by } = metrics;
    if (field !== undefined) this.#field(field);
    for (const quantile of quantiles) this.#quantile(quantile, metrics);
    for (const label of by) this.#field(label);
    const isDistribution = ['quantile_over_time', 'histogram_over_time', 'avg_over_time'].includes(name);
    if (by.length > (isDistribution ? maxLabelsOfDistributions : maxLabels))
      this.#fail(`metrics group by ${by.length} values not yet supported`, metrics, 'unsupported');
  }

  #compare(compare: Compare, { secondStages }: MetricsExpression): void {
    this.#filter(compare.selection);
    if (secondStages.length > 0) this.#failCompared(compare);
    const { topN, window } = compare;
    if (topN < 1 || topN > maxTopN)
      this.#fail(`compare() top number of values must be between 1 and ${maxTopN}, got ${topN}`, compare);
    if (window !== undefined && window.end <= window.start)
      this.#fail('compare() end timestamp must be greater than start timestamp', compare);
  }

  #failCompared(compare: Compare): never {
    return this.#fail('`compare()` cannot be used with second stage functions', compare);
  }

  #secondStage(stage: SecondStage): void {
    if (stage.node !== 'sampleFilter' && stage.limit <= 0n) this.#fail('limit must be greater than 0', stage);
  }

  /** Checks an expression and returns its type. */
  #field(expression: FieldExpression): ValueType {
    switch (expression.node) {
      case 'literal':
        return expression.value.type;
      case 'attribute':
        if (expression.ofParent) this.#extension('parent', expression);
        return 'attribute';
      case 'intrinsic':
        if (expression.name === 'parent') this.#fail('intrinsic (parent) not yet supported', expression, 'unsupported');
        return intrinsicTypes[expression.name];
      case 'unary': {
        const type = this.#field(expression.operand);
        const isValid = expression.operator === '!' ? type === 'bool' : isNumeric(type);
        if (!isValid && type !== 'attribute')
          this.#fail(`illegal operation for the given type: ${printField(expression)}`, expression);
        return expression.operator === '!' ? 'bool' : type;
      }
      case 'binary':
        return this.#binary(expression);
      case 'membership': {
        const [first] = expression.values;
        const pattern = expression.operator.startsWith('MATCH');
        const operator: BinaryOperator = pattern ? '=~' : '=';
        for (const value of pattern ? expression.values : first === undefined ? [] : [first])
          this.#binary({ ...expression, node: 'binary', operator, left: expression.field, right: value });
        return 'bool';
      }
    }
  }

  #binary(binary: Binary): ValueType {
    const { operator, left, right } = binary;
    const leftType = this.#field(left);
    const rightType = this.#field(right);
    if (!areMatching(leftType, rightType))
      this.#fail(`binary operations must operate on the same type: ${printField(binary)}`, binary);
    if (!isValidFor(operator, leftType) || !isValidFor(operator, rightType))
      this.#fail(`illegal operation for the given types: ${printField(binary)}`, binary);
    if (operator === '=' && right.node === 'literal' && right.value.type === 'nil') this.#absence(left);
    if (operator === '=~' || operator === '!~') this.#pattern(right);
    return typeOf(operator, leftType, rightType);
  }

  /** What every span has cannot be nil. */
  #absence(field: FieldExpression): void {
    if (field.node === 'intrinsic')
      this.#fail(`${field.name}=nil is not valid because intrinsics cannot be nil`, field);
    if (field.node === 'attribute' && field.scope === 'resource' && field.name === 'service.name' && !field.ofParent)
      this.#fail('resource.service.name=nil is not valid because resource.service.name cannot be nil', field);
  }

  #pattern(pattern: FieldExpression): void {
    if (pattern.node !== 'literal' || pattern.value.type !== 'string')
      return this.#fail(`invalid type for =~ or !~: ${printField(pattern)}`, pattern);
    const { value } = pattern.value;
    if (!isValidRegex(value)) this.#fail(`invalid regex: ${printField(pattern)}`, pattern);
  }

  #extension(name: ExtensionName, { from, to }: Range): void {
    this.#extensions.push({ name, from, to });
  }

  #fail(problem: string, range: Range, kind: TraceqlErrorKind = 'validation'): never {
    throw new TraceqlError(kind, problem, this.#text, range);
  }
}

function isNumeric(type: ValueType): boolean {
  return type === 'int' || type === 'float' || type === 'duration';
}

function areMatching(left: ValueType, right: ValueType): boolean {
  if (left === right || (isNumeric(left) && isNumeric(right))) return true;
  return [left, right].some((type) => type === 'attribute' || type === 'nil');
}

const arithmetic: ReadonlySet<string> = new Set(['+', '-', '*', '/', '%', '^']);
const equality: ReadonlySet<string> = new Set(['=', '!=']);
const order: ReadonlySet<string> = new Set(['=', '!=', '<', '<=', '>', '>=']);
const logic: ReadonlySet<string> = new Set(['&&', '||', '=', '!=']);
const text: ReadonlySet<string> = new Set([...order, '=~', '!~']);

function isValidFor(operator: BinaryOperator, type: ValueType): boolean {
  switch (type) {
    case 'attribute':
      return true;
    case 'bool':
      return logic.has(operator);
    case 'int':
    case 'float':
    case 'duration':
      return arithmetic.has(operator) || order.has(operator);
    case 'string':
      return text.has(operator);
    case 'nil':
    case 'status':
    case 'kind':
      return equality.has(operator);
  }
}

function typeOf(operator: BinaryOperator, left: ValueType, right: ValueType): ValueType {
  if (!arithmetic.has(operator)) return 'bool';
  return left === 'attribute' ? right : left;
}

/** Whether an expression has a field of a span. */
function referencesSpan(expression: FieldExpression): boolean {
  switch (expression.node) {
    case 'literal':
      return false;
    case 'attribute':
    case 'intrinsic':
    case 'membership':
      return true;
    case 'unary':
      return referencesSpan(expression.operand);
    case 'binary':
      return referencesSpan(expression.left) || referencesSpan(expression.right);
  }
}
