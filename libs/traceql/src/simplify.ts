/** Constants are computed and alternatives joined, as Tempo does before it checks and prints a query. */
import type {
  Aggregate,
  Binary,
  FieldExpression,
  Literal,
  Membership,
  MembershipOperator,
  MetricsExpression,
  MetricsOperand,
  Pipeline,
  Query,
  Scalar,
  ScalarFilter,
  SecondStage,
  SpansetExpression,
  SpansetFilter,
  Stage,
  Static,
} from './ast.js';
import { applyArithmetic, applyBinary, applyUnary, isNumeric } from './arithmetic.js';

/**
 * Computes what has no field (`1 + 2`), puts `nil` on the right, joins alternatives of one field into a list, and cuts
 * the leading zeros of ids that `trace:id` is compared with. What has no result, such as `1 / 0`, stays.
 */
export function simplifyQuery(query: Query): Query {
  const { body } = query;
  return { ...query, body: body.node === 'pipeline' ? simplifyPipeline(body) : simplifyMetrics(body) };
}

function simplifyPipeline(pipeline: Pipeline): Pipeline {
  return { ...pipeline, stages: pipeline.stages.map(simplifyStage) };
}

function simplifyStage(stage: Stage): Stage {
  switch (stage.node) {
    case 'filter':
      return simplifyFilter(stage);
    case 'spansetOperation':
      return { ...stage, left: simplifySpanset(stage.left), right: simplifySpanset(stage.right) };
    case 'scalarFilter':
      return simplifyScalarFilter(stage);
    case 'by':
      return { ...stage, expression: simplifyField(stage.expression) };
    case 'select':
    case 'coalesce':
      return stage;
  }
}

function simplifySpanset(spanset: SpansetExpression): SpansetExpression {
  switch (spanset.node) {
    case 'filter':
      return simplifyFilter(spanset);
    case 'spansetOperation':
      return { ...spanset, left: simplifySpanset(spanset.left), right: simplifySpanset(spanset.right) };
    case 'pipeline':
      return simplifyPipeline(spanset);
  }
}

function simplifyFilter(filter: SpansetFilter): SpansetFilter {
  return { ...filter, condition: simplifyField(filter.condition) };
}

function simplifyScalarFilter(filter: ScalarFilter): ScalarFilter {
  return { ...filter, left: simplifyScalar(filter.left), right: simplifyScalar(filter.right) };
}

function simplifyScalar(scalar: Scalar): Scalar {
  switch (scalar.node) {
    case 'literal':
      return scalar;
    case 'aggregate':
      return simplifyAggregate(scalar);
    case 'pipelineAggregate':
      return {
        ...scalar,
        pipeline: simplifyPipeline(scalar.pipeline),
        aggregate: simplifyAggregate(scalar.aggregate),
      };
    case 'scalarOperation': {
      const left = simplifyScalar(scalar.left);
      const right = simplifyScalar(scalar.right);
      if (left.node === 'literal' && right.node === 'literal' && isNumeric(left.value) && isNumeric(right.value)) {
        const value = applyArithmetic(scalar.operator, left.value, right.value);
        if (value !== undefined) return { node: 'literal', value, from: scalar.from, to: scalar.to };
      }
      return { ...scalar, left, right };
    }
  }
}

function simplifyAggregate(aggregate: Aggregate): Aggregate {
  return aggregate.argument === undefined ? aggregate : { ...aggregate, argument: simplifyField(aggregate.argument) };
}

function simplifyMetrics(metrics: MetricsExpression): MetricsExpression {
  const secondStages = metrics.secondStages.map(simplifySecondStage);
  if (metrics.node === 'metricsOperation') {
    const { left, right } = metrics;
    return { ...metrics, left: simplifyOperand(left), right: simplifyOperand(right), secondStages };
  }
  const { function: metricsFunction } = metrics;
  return {
    ...metrics,
    pipeline: simplifyPipeline(metrics.pipeline),
    function:
      metricsFunction.node === 'compare'
        ? { ...metricsFunction, selection: simplifyFilter(metricsFunction.selection) }
        : metricsFunction,
    secondStages,
  };
}

function simplifyOperand(operand: MetricsOperand): MetricsOperand {
  return operand.node === 'metricsPipeline' || operand.node === 'metricsOperation'
    ? simplifyMetrics(operand)
    : simplifyScalar(operand);
}

function simplifySecondStage(stage: SecondStage): SecondStage {
  if (stage.node !== 'sampleFilter') return stage;
  const value = simplifyScalar(stage.value);
  if (value.node !== 'literal' || value.value.type !== 'duration') return { ...stage, value };
  // Series of durations are in seconds.
  const seconds = Number(value.value.value) / 1e9;
  const constant: Static = Number.isInteger(seconds)
    ? { type: 'int', value: BigInt(seconds) }
    : { type: 'float', value: seconds };
  return { ...stage, value: { ...value, value: constant } };
}

function simplifyField(expression: FieldExpression): FieldExpression {
  switch (expression.node) {
    case 'unary': {
      const operand = simplifyField(expression.operand);
      const value = operand.node === 'literal' ? applyUnary(expression.operator, operand.value) : undefined;
      return value === undefined ? { ...expression, operand } : literal(value, expression);
    }
    case 'binary':
      return simplifyBinary({
        ...expression,
        left: simplifyField(expression.left),
        right: simplifyField(expression.right),
      });
    default:
      return expression;
  }
}

function simplifyBinary(binary: Binary): FieldExpression {
  const { operator, left, right } = binary;
  if (left.node === 'literal' && right.node === 'literal') {
    const value = constantOf(binary, left.value, right.value);
    if (value !== undefined) return literal(value, binary);
  }
  if (operator === '&&' || operator === '||') return joinAlternatives(binary) ?? binary;
  const isNil = left.node === 'literal' && left.value.type === 'nil';
  const ordered = isNil ? { ...binary, left: right, right: left } : binary;
  return { ...ordered, left: trimId(ordered, 'left'), right: trimId(ordered, 'right') };
}

function constantOf({ operator }: Binary, left: Static, right: Static): Static | undefined {
  if (left.type === 'nil' || right.type === 'nil') {
    // Nothing equals nil, not even nil; a constant is there.
    if (operator !== '=' && operator !== '!=') return undefined;
    return { type: 'bool', value: operator === '!=' && left.type !== right.type };
  }
  return applyBinary(operator, left, right);
}

/** `trace:id` is compared as a number is: `00abc` is `abc`. */
function trimId({ operator, left, right }: Binary, side: 'left' | 'right'): FieldExpression {
  const [constant, other] = side === 'left' ? [left, right] : [right, left];
  const isPattern = operator === '=~' || operator === '!~';
  if (constant.node !== 'literal' || constant.value.type !== 'string' || isPattern) return constant;
  if (other.node !== 'intrinsic' || other.name !== 'trace:id') return constant;
  return { ...constant, value: { type: 'string', value: constant.value.value.replace(/^0+/, '') } };
}

const membershipOperators: Readonly<Record<string, MembershipOperator>> = {
  '|| =': 'IN',
  '&& !=': 'NOT IN',
  '|| =~': 'MATCH ANY',
  '&& !~': 'MATCH NONE',
};

/** `.a = 1 || .a = 2` as a list; undefined if the sides are not of this kind, of one field and of one type. */
function joinAlternatives(binary: Binary): Membership | undefined {
  const left = memberOf(binary, binary.left);
  const right = memberOf(binary, binary.right);
  if (left === undefined || right === undefined) return undefined;
  const [first] = left.values;
  const [second] = right.values;
  if (left.operator !== right.operator || first?.value.type !== second?.value.type) return undefined;
  if (!isSameField(left.field, right.field)) return undefined;
  return { ...left, values: [...left.values, ...right.values], from: binary.from, to: binary.to };
}

function memberOf({ operator }: Binary, expression: FieldExpression): Membership | undefined {
  if (expression.node === 'membership') {
    const isAny = expression.operator === 'IN' || expression.operator === 'MATCH ANY';
    return isAny === (operator === '||') ? expression : undefined;
  }
  if (expression.node !== 'binary') return undefined;
  const membership = membershipOperators[`${operator} ${expression.operator}`];
  if (membership === undefined) return undefined;
  const { left, right, from, to } = expression;
  // Only a comparison for equality may have its constant on the left.
  const mayTurn = membership === 'IN' || membership === 'NOT IN';
  const [field, value] = mayTurn && left.node === 'literal' ? [right, left] : [left, right];
  if (value.node !== 'literal' || value.value.type === 'nil') return undefined;
  if (field.node !== 'attribute' && field.node !== 'intrinsic') return undefined;
  return { node: 'membership', operator: membership, field, values: [value], from, to };
}

function isSameField(left: Membership['field'], right: Membership['field']): boolean {
  if (left.node === 'intrinsic' || right.node === 'intrinsic')
    return left.node === right.node && left.name === right.name;
  return left.scope === right.scope && left.name === right.name && left.ofParent === right.ofParent;
}

function literal(value: Static, { from, to }: { readonly from: number; readonly to: number }): Literal {
  return { node: 'literal', value, from, to };
}
