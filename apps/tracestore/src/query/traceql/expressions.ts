import type {
  Attribute,
  FieldExpression,
  Intrinsic,
  Scalar,
  SpansetExpression,
  SpansetOperation,
  Stage,
} from '@spandrel/traceql';
import { isRootTest } from './field-sql.js';
import { fieldsOf } from './fields.js';

/** A field that is compared with a constant. */
export interface FieldComparison {
  readonly field: Attribute | Intrinsic;
  readonly condition: FieldExpression;
}

/** The expressions of a part of a pipeline, in the order of the text. */
export function expressionsOf(part: Stage | SpansetExpression | Scalar): readonly FieldExpression[] {
  switch (part.node) {
    case 'filter':
      return [part.condition];
    case 'by':
      return [part.expression];
    case 'select':
      return part.fields;
    case 'aggregate':
      return part.argument === undefined ? [] : [part.argument];
    case 'pipeline':
      return part.stages.flatMap(expressionsOf);
    case 'pipelineAggregate':
      return [part.pipeline, part.aggregate].flatMap(expressionsOf);
    case 'spansetOperation':
    case 'scalarFilter':
    case 'scalarOperation':
      return [part.left, part.right].flatMap(expressionsOf);
    case 'coalesce':
    case 'literal':
      return [];
  }
}

/** A comparison of a field with constants; undefined for another expression. */
function asComparison(condition: FieldExpression): FieldComparison | undefined {
  if (condition.node === 'membership') return { field: condition.field, condition };
  if (condition.node !== 'binary') return undefined;
  const { left, right } = condition;
  const field = left.node === 'literal' ? right : right.node === 'literal' ? left : undefined;
  const isField = field?.node === 'attribute' || field?.node === 'intrinsic';
  return isField && !/^[-+*/%^]$/.test(condition.operator) ? { field, condition } : undefined;
}

/** The comparisons of fields with constants. */
export function comparisonsOf(expression: FieldExpression): readonly FieldComparison[] {
  const comparison = asComparison(expression);
  return comparison === undefined ? childrenOf(expression).flatMap(comparisonsOf) : [comparison];
}

/** The fields outside of comparisons with constants. */
export function otherFieldsOf(expression: FieldExpression): readonly (Attribute | Intrinsic)[] {
  if (expression.node === 'attribute' || expression.node === 'intrinsic') return [expression];
  return asComparison(expression) === undefined ? childrenOf(expression).flatMap(otherFieldsOf) : [];
}

function childrenOf(expression: FieldExpression): readonly FieldExpression[] {
  if (expression.node === 'unary') return [expression.operand];
  if (expression.node === 'membership') return [expression.field, ...expression.values];
  return expression.node === 'binary' ? [expression.left, expression.right] : [];
}

/** How many nodes expressions have. */
export function sizeOf(expression: FieldExpression): number {
  return childrenOf(expression).reduce((sum, child) => sum + sizeOf(child), 1);
}

/** How many regular expressions there are. PostgreSQL caches 32, and would compile more of them again for each span. */
export function patternsOf(expression: FieldExpression): number {
  if (expression.node === 'membership') return expression.operator.startsWith('MATCH') ? expression.values.length : 0;
  const own = expression.node === 'binary' && (expression.operator === '=~' || expression.operator === '!~') ? 1 : 0;
  return childrenOf(expression).reduce((sum, child) => sum + patternsOf(child), own);
}

/** What a query needs besides the row of a span. */
export interface Needs {
  readonly events: boolean;
  readonly links: boolean;
  /** The attributes of the parent. */
  readonly parent: boolean;
  /** The numbers of the nested set. */
  readonly numbers: boolean;
  /** What the whole trace has: its duration, its root. */
  readonly trace: boolean;
}

/** Find out what expressions need. @param operations of sets of spans in the query */
export function needsOf(expressions: readonly FieldExpression[], operations: readonly SpansetOperation[]): Needs {
  // A test for roots alone needs no numbers.
  const fields = expressions.flatMap((expression) => fieldsOf(expression, isRootTest));
  const has = (test: (name: string) => boolean) =>
    fields.some((field) => field.node === 'intrinsic' && test(field.name));
  const isOfScope = (scope: string) => fields.some((field) => field.node === 'attribute' && field.scope === scope);
  return {
    events: isOfScope('event') || has((name) => name.startsWith('event:')),
    links: isOfScope('link') || has((name) => name.startsWith('link:')),
    parent: fields.some((field) => field.node === 'attribute' && field.ofParent),
    numbers:
      has((name) => name.startsWith('nestedSet') || name === 'span:childCount') ||
      operations.some(({ operator }) => operator !== '&&' && operator !== '||'),
    trace: has((name) => name === 'traceDuration' || name === 'rootName' || name === 'rootServiceName'),
  };
}

/** The operations on sets of spans, of all depths. */
export function operationsOf(part: Stage | SpansetExpression | Scalar): readonly SpansetOperation[] {
  switch (part.node) {
    case 'spansetOperation':
      return [part, ...operationsOf(part.left), ...operationsOf(part.right)];
    case 'pipeline':
      return part.stages.flatMap(operationsOf);
    case 'pipelineAggregate':
      return operationsOf(part.pipeline);
    case 'scalarFilter':
    case 'scalarOperation':
      return [part.left, part.right].flatMap(operationsOf);
    default:
      return [];
  }
}
