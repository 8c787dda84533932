/** Searches: sets of spans of one trace, stage by stage. */
import {
  type Aggregate,
  applyArithmetic,
  type Attribute,
  compareStatics,
  type FieldExpression,
  type Intrinsic,
  isNumeric,
  type NumericStatic,
  type Pipeline,
  printAggregate,
  printField,
  type Query,
  type Scalar,
  type ScalarFilter,
  type SpansetExpression,
  type SpansetOperator,
  type Stage,
  type Static,
  simplifyQuery,
} from '@spandrel/traceql';
import { fieldOf, fulfils, isNumber, isStatic, type Subject, valueOf } from './field-evaluation.ts';
import { type AttributeValue, placementOf, type SpanModel, type TraceModel } from './trace-model.ts';

/** A set of spans, with what `by` and aggregates say of it. */
export interface Spanset {
  /** By start time. */
  readonly spans: readonly SpanModel[];
  /** Undefined is nil. */
  readonly attributes: ReadonlyMap<string, Static | undefined>;
}

/** A query that has no answer. */
export class EvaluationError extends Error {}

/** A trace that a search finds. */
export interface FoundTrace {
  readonly trace: TraceModel;
  readonly spansets: readonly Spanset[];
}

/**
 * Answers a search.
 *
 * @throws {EvaluationError} if an operator of sets gets several of them
 * @throws {TypeError} if the query is one of metrics
 */
export function search(query: Query, traces: readonly TraceModel[]): readonly FoundTrace[] {
  const { body } = simplifyQuery(query);
  if (body.node !== 'pipeline') throw new TypeError('the query is no search');
  return traces
    .map((trace) => ({ trace, spansets: evaluatePipeline(body, trace) }))
    .filter(({ spansets }) => spansets.length > 0);
}

/** Applies a pipeline to all spans of a trace. */
export function evaluatePipeline(pipeline: Pipeline, { spans }: TraceModel): readonly Spanset[] {
  return evaluateStages(pipeline.stages, [{ spans, attributes: new Map() }]);
}

function evaluateStages(stages: readonly Stage[], input: readonly Spanset[]): readonly Spanset[] {
  return stages.reduce(evaluateStage, input).filter(({ spans }) => spans.length > 0);
}

function evaluateStage(spansets: readonly Spanset[], stage: Stage): readonly Spanset[] {
  switch (stage.node) {
    case 'filter':
    case 'spansetOperation':
      return spansets
        .map((spanset) => ({ ...spanset, spans: evaluateSpanset(stage, spanset) }))
        .filter(({ spans }) => spans.length > 0);
    case 'scalarFilter':
      return spansets.flatMap((spanset) => evaluateScalarFilter(stage, spanset));
    case 'by':
      return spansets.flatMap((spanset) => group(spanset, stage.expression));
    case 'coalesce': {
      // Groups have put the spans into another order.
      const found = new Set(spansets.flatMap((spanset) => spanset.spans));
      const [first] = found;
      const spans = first?.trace.spans.filter((span) => found.has(span)) ?? [];
      return spans.length === 0 ? [] : [{ spans, attributes: new Map() }];
    }
    case 'select':
      return spansets;
  }
}

function evaluateSpanset(spanset: SpansetExpression, input: Spanset): readonly SpanModel[] {
  switch (spanset.node) {
    case 'filter':
      return input.spans.filter((span) => fulfils({ span }, spanset.condition));
    case 'pipeline': {
      const spansets = evaluateStages(spanset.stages, [input]);
      if (spansets.length > 1)
        throw new EvaluationError(
          'spanset operators are not supported for multiple spansets per trace. consider using coalesce()',
        );
      return spansets[0]?.spans ?? [];
    }
    case 'spansetOperation': {
      const left = evaluateSpanset(spanset.left, input);
      const right = evaluateSpanset(spanset.right, input);
      const chosen = new Set(relate(spanset.operator, left, right));
      return input.spans.filter((span) => chosen.has(span));
    }
  }
}

function relate(
  operator: SpansetOperator,
  left: readonly SpanModel[],
  right: readonly SpanModel[],
): readonly SpanModel[] {
  if (operator === '||') return [...left, ...right];
  if (operator === '&&') return left.length > 0 && right.length > 0 ? [...left, ...right] : [];
  const isNegated = operator.startsWith('!');
  const relation = relations[operator.replace(/^[!&]/, '') as keyof typeof relations];
  const related = right.filter((r) => left.some((l) => relation(l, r)) !== isNegated);
  if (!operator.startsWith('&')) return related;
  return [...related, ...left.filter((l) => right.some((r) => relation(l, r)))];
}

/** Whether the right span stands in a relation to the left one. Spans without numbers stand in none. */
const relations = {
  '>': isParent,
  '<': (left: SpanModel, right: SpanModel) => isParent(right, left),
  '>>': isAncestor,
  '<<': (left: SpanModel, right: SpanModel) => isAncestor(right, left),
  '~': (left: SpanModel, right: SpanModel) =>
    left !== right && isNumbered(left) && isNumbered(right) && placementOf(left).parent === placementOf(right).parent,
};

function isNumbered(span: SpanModel): boolean {
  return placementOf(span).left > 0;
}

function isParent(parent: SpanModel, child: SpanModel): boolean {
  return isNumbered(parent) && isNumbered(child) && placementOf(child).parent === placementOf(parent).left;
}

function isAncestor(ancestor: SpanModel, span: SpanModel): boolean {
  const outer = placementOf(ancestor);
  const inner = placementOf(span);
  return isNumbered(ancestor) && isNumbered(span) && outer.left < inner.left && inner.right < outer.right;
}

function group(spanset: Spanset, expression: FieldExpression): readonly Spanset[] {
  const groups = Map.groupBy(spanset.spans, (span) => keyOf(scalarValue({ span }, expression)));
  return [...groups.values()].map((spans) => {
    const [first] = spans;
    const value = first && scalarValue({ span: first }, expression);
    return { spans, attributes: new Map([...spanset.attributes, [`by(${printField(expression)})`, value]]) };
  });
}

/** The value of an expression; arrays count as nil. */
export function scalarValue(subject: Subject, expression: FieldExpression): Static | undefined {
  const value = valueOf(subject, expression);
  return isStatic(value) ? value : undefined;
}

/** A text that is the same for the same value. */
export function keyOf(value: Static | undefined): string {
  return value === undefined || value.type === 'nil' ? 'nil' : `${value.type}:${value.value}`;
}

function evaluateScalarFilter(filter: ScalarFilter, spanset: Spanset): readonly Spanset[] {
  const attributes = new Map(spanset.attributes);
  const counted: SpanModel[] = [];
  const left = evaluateScalar(filter.left);
  const right = evaluateScalar(filter.right);
  if (left === undefined || right === undefined || compareStatics(filter.operator, left, right) !== true) return [];
  const spans = counted.length > 0 ? spanset.spans.filter((span) => counted.includes(span)) : spanset.spans;
  return [{ spans, attributes }];

  function evaluateScalar(scalar: Scalar): NumericStatic | undefined {
    switch (scalar.node) {
      case 'literal':
        return isNumeric(scalar.value) ? scalar.value : undefined;
      case 'aggregate': {
        const value = evaluateAggregate(scalar, spanset.spans);
        if (value !== undefined) attributes.set(printAggregate(scalar), value);
        return value;
      }
      case 'pipelineAggregate': {
        const spansets = evaluateStages(scalar.pipeline.stages, [spanset]);
        if (spansets.length > 1) throw new EvaluationError('an aggregate of several sets of spans is no number');
        const spans = spansets[0]?.spans ?? [];
        counted.push(...spans);
        return evaluateAggregate(scalar.aggregate, spans);
      }
      case 'scalarOperation': {
        const left = evaluateScalar(scalar.left);
        const right = evaluateScalar(scalar.right);
        return left && right && applyArithmetic(scalar.operator, left, right);
      }
    }
  }
}

function evaluateAggregate(aggregate: Aggregate, spans: readonly SpanModel[]): NumericStatic | undefined {
  const { name, argument } = aggregate;
  if (argument === undefined) return { type: 'int', value: BigInt(spans.length) };
  const values = spans.map((span) => valueOf({ span }, argument));
  if (name === 'count_distinct')
    return { type: 'int', value: BigInt(new Set(values.filter(isStatic).map(keyOf)).size) };
  const [first] = values.filter(isNumber);
  // What has another type than the first value does not count.
  const numbers = values.filter(isNumber).filter(({ type }) => type === first?.type);
  if (first === undefined) return undefined;
  switch (name) {
    case 'min':
      return numbers.reduce((least, value) => (compareStatics('<', value, least) === true ? value : least));
    case 'max':
      return numbers.reduce((most, value) => (compareStatics('>', value, most) === true ? value : most));
    case 'sum':
      return sumOf(numbers);
    case 'quantile':
      return asType(
        first,
        percentile(
          numbers.map(({ value }) => Number(value)),
          aggregate.quantile ?? 0,
        ),
      );
    case 'avg': {
      const sum = sumOf(numbers);
      const average = Number(sum.value) / numbers.length;
      return first.type === 'duration' ? asType(first, average) : { type: 'float', value: average };
    }
    case 'count':
      return undefined;
  }
}

function sumOf(numbers: readonly NumericStatic[]): NumericStatic {
  const [first] = numbers;
  if (first?.type === 'float')
    return { type: 'float', value: numbers.reduce((sum, { value }) => sum + Number(value), 0) };
  const value = numbers.reduce((sum, { value }) => sum + BigInt(value), 0n);
  return { type: first?.type ?? 'int', value: BigInt.asIntN(64, value) };
}

function asType({ type }: NumericStatic, value: number): NumericStatic {
  return type === 'duration' ? { type, value: BigInt(Math.trunc(value)) } : { type: 'float', value };
}

/** The exact percentile, between two values by their distance, as PostgreSQL's `percentile_cont`. */
export function percentile(values: readonly number[], fraction: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  const position = fraction * (sorted.length - 1);
  const low = sorted[Math.floor(position)] ?? Number.NaN;
  const high = sorted[Math.ceil(position)] ?? low;
  return low + (high - low) * (position - Math.floor(position));
}

const ownFields: ReadonlySet<string> = new Set([
  'name',
  'duration',
  'traceDuration',
  'rootName',
  'rootServiceName',
  'trace:id',
  'span:id',
]);

/** A field that an answer has for a span. Undefined is nil. */
export interface ReportedField {
  /** Without a scope, as answers have it. */
  readonly key: string;
  readonly value: AttributeValue;
}

/**
 * The fields that the answer of a search has for a span: those of comparisons that hold, of groups, aggregates and
 * `select`. Of several events or links those count that fulfil a comparison. `name` is undefined unless the query asks
 * for it.
 */
export function reportSpan(
  query: Query,
  span: SpanModel,
): { readonly name: string | undefined; readonly fields: readonly ReportedField[] } {
  const { body } = simplifyQuery(query);
  const expressions = body.node === 'pipeline' ? expressionsOf(body) : [];
  const comparisons = expressions.flatMap(fieldComparisons).filter(({ condition }) => fulfils({ span }, condition));
  const compared = comparisons.map(({ field, condition }) => [field, fieldOf(focus(field, condition), field)] as const);
  const others = expressions.flatMap(otherFields).map((field) => {
    const sameScope = comparisons.find(({ field: other }) => nestedScope(other) === nestedScope(field));
    const subject = sameScope === undefined ? { span } : focus(field, sameScope.condition);
    return [field, fieldOf(subject, field)] as const;
  });
  const found = [...others.filter(([, value]) => value !== undefined), ...compared];
  const reported = new Map(found.map(([field, value]) => [printField(field), { key: field.name, value }]));
  const name = reported.has('name') ? span.name : undefined;
  for (const own of ownFields) reported.delete(own);
  const distinct = new Map([...reported.values()].map((field) => [`${field.key} ${textOf(field.value)}`, field]));
  return { name, fields: [...distinct.values()].toSorted((a, b) => (a.key < b.key ? -1 : 1)) };

  /** The span with the last event or link for which a comparison of the field holds. */
  function focus(field: Attribute | Intrinsic, condition: FieldExpression): Subject {
    const scope = nestedScope(field);
    if (scope === undefined) return { span };
    const subjects: readonly Subject[] =
      scope === 'event' ? span.events.map((event) => ({ span, event })) : span.links.map((link) => ({ span, link }));
    return subjects.findLast((subject) => fulfils(subject, condition)) ?? { span };
  }
}

function textOf(value: AttributeValue): string {
  return isStatic(value) || value === undefined ? keyOf(value) : value.map(keyOf).join();
}

function nestedScope(field: Attribute | Intrinsic): 'event' | 'link' | undefined {
  return /^(event|link)[.:]/.exec(printField(field))?.[1] as 'event' | 'link' | undefined;
}

/** The expressions of a pipeline, in the order of the text. */
function expressionsOf(part: Stage | SpansetExpression | Scalar): readonly FieldExpression[] {
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
      return [part.left, part.right].flatMap(expressionsOf);
    case 'scalarFilter':
    case 'scalarOperation':
      return [part.left, part.right].flatMap(expressionsOf);
    case 'coalesce':
    case 'literal':
      return [];
  }
}

/** A field that is compared with a constant. */
interface FieldComparison {
  readonly field: Attribute | Intrinsic;
  readonly condition: FieldExpression;
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

function fieldComparisons(expression: FieldExpression): readonly FieldComparison[] {
  const comparison = asComparison(expression);
  if (comparison !== undefined) return [comparison];
  return childrenOf(expression).flatMap(fieldComparisons);
}

/** The fields outside of comparisons with constants. */
function otherFields(expression: FieldExpression): readonly (Attribute | Intrinsic)[] {
  if (expression.node === 'attribute' || expression.node === 'intrinsic') return [expression];
  return asComparison(expression) === undefined ? childrenOf(expression).flatMap(otherFields) : [];
}

function childrenOf(expression: FieldExpression): readonly FieldExpression[] {
  if (expression.node === 'unary') return [expression.operand];
  return expression.node === 'binary' ? [expression.left, expression.right] : [];
}
