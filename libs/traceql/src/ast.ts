/**
 * The tree of a TraceQL query.
 *
 * Every node has its place in the text: `from` and `to` are offsets in UTF-16 code units, as strings and editors count,
 * `to` is the offset after the last character. The tree is as the query was written: `simplifyQuery` folds constants.
 */
import type { AttributeScope, IntrinsicName, SpanKind, SpanStatus } from './names.js';

/** A place in the text of a query: offsets in UTF-16 code units. */
export interface Range {
  readonly from: number;
  /** The offset after the last character. */
  readonly to: number;
}

/** A constant. Integers and durations are 64 bits wide; durations are in nanoseconds. */
export type Static =
  | { readonly type: 'nil' }
  | { readonly type: 'int'; readonly value: bigint }
  | { readonly type: 'float'; readonly value: number }
  | { readonly type: 'duration'; readonly value: bigint }
  | { readonly type: 'string'; readonly value: string }
  | { readonly type: 'bool'; readonly value: boolean }
  | { readonly type: 'status'; readonly value: SpanStatus }
  | { readonly type: 'kind'; readonly value: SpanKind };

/** A constant in a query. */
export interface Literal extends Range {
  readonly node: 'literal';
  readonly value: Static;
}

/** An attribute: `.x`, `span.x`, `parent.resource.x`. */
export interface Attribute extends Range {
  readonly node: 'attribute';
  readonly scope: AttributeScope;
  readonly name: string;
  /** Whether the attribute is that of the parent span: `parent.x`, an extension. */
  readonly ofParent: boolean;
}

/** A field that every span has, such as `duration` or `trace:id`. Both spellings have the same name here. */
export interface Intrinsic extends Range {
  readonly node: 'intrinsic';
  readonly name: IntrinsicName;
}

export type UnaryOperator = '-' | '!';
export type ArithmeticOperator = '+' | '-' | '*' | '/' | '%' | '^';
export type OrderOperator = '=' | '!=' | '<' | '<=' | '>' | '>=';
export type ComparisonOperator = OrderOperator | '=~' | '!~';
export type LogicalOperator = '&&' | '||';
export type BinaryOperator = ArithmeticOperator | ComparisonOperator | LogicalOperator;

/** `-x` or `!x`. */
export interface Unary extends Range {
  readonly node: 'unary';
  readonly operator: UnaryOperator;
  readonly operand: FieldExpression;
}

/** An operation on two fields or constants of one span. */
export interface Binary extends Range {
  readonly node: 'binary';
  readonly operator: BinaryOperator;
  readonly left: FieldExpression;
  readonly right: FieldExpression;
}

export type MembershipOperator = 'IN' | 'NOT IN' | 'MATCH ANY' | 'MATCH NONE';

/**
 * Comparisons of one field with several constants of one type. Only `simplifyQuery` makes this node:
 * `.a = 1 || .a = 2` becomes `.a IN [1, 2]`.
 */
export interface Membership extends Range {
  readonly node: 'membership';
  readonly operator: MembershipOperator;
  readonly field: Attribute | Intrinsic;
  readonly values: readonly Literal[];
}

/** What is computed for one span. */
export type FieldExpression = Literal | Attribute | Intrinsic | Unary | Binary | Membership;

/** `{ condition }`; `{}` has the condition `true`. */
export interface SpansetFilter extends Range {
  readonly node: 'filter';
  readonly condition: FieldExpression;
}

export type RelationOperator = '>' | '<' | '>>' | '<<' | '~';
export type SpansetOperator = LogicalOperator | RelationOperator | `!${RelationOperator}` | `&${RelationOperator}`;

/** Two sets of spans of a trace and how they are related. Both sides are pipelines, or none is. */
export interface SpansetOperation extends Range {
  readonly node: 'spansetOperation';
  readonly operator: SpansetOperator;
  readonly left: SpansetExpression;
  readonly right: SpansetExpression;
}

/** A set of spans of a trace. A pipeline here stands in parentheses. */
export type SpansetExpression = SpansetFilter | SpansetOperation | Pipeline;

export type AggregateName = 'count' | 'min' | 'max' | 'avg' | 'sum' | 'count_distinct' | 'quantile';

/** A value of a set of spans. `count_distinct` and `quantile` are extensions. */
export interface Aggregate extends Range {
  readonly node: 'aggregate';
  readonly name: AggregateName;
  /** Undefined for `count()` alone. */
  readonly argument: FieldExpression | undefined;
  /** From 0 to 1; of `quantile` alone. */
  readonly quantile: number | undefined;
}

/** `(pipeline | aggregate)` on a side of a comparison: an extension. */
export interface PipelineAggregate extends Range {
  readonly node: 'pipelineAggregate';
  readonly pipeline: Pipeline;
  readonly aggregate: Aggregate;
}

/** Arithmetic on aggregates and constants. */
export interface ScalarOperation extends Range {
  readonly node: 'scalarOperation';
  readonly operator: ArithmeticOperator;
  readonly left: Scalar;
  readonly right: Scalar;
}

/** A number of a set of spans. */
export type Scalar = Literal | Aggregate | PipelineAggregate | ScalarOperation;

/** A comparison that keeps or drops whole sets of spans: `count() > 3`. */
export interface ScalarFilter extends Range {
  readonly node: 'scalarFilter';
  readonly operator: OrderOperator;
  readonly left: Scalar;
  readonly right: Scalar;
}

/** `by(expression)`: one set of spans for each value. */
export interface GroupBy extends Range {
  readonly node: 'by';
  readonly expression: FieldExpression;
}

/** `select(fields)`: fields that the answer has besides those of conditions. */
export interface Select extends Range {
  readonly node: 'select';
  readonly fields: readonly (Attribute | Intrinsic)[];
}

/** `coalesce()`: one set of all spans. */
export interface Coalesce extends Range {
  readonly node: 'coalesce';
}

export type Stage = SpansetFilter | SpansetOperation | ScalarFilter | GroupBy | Select | Coalesce;

/** Stages that are applied one after the other to the spans of a trace. */
export interface Pipeline extends Range {
  readonly node: 'pipeline';
  readonly stages: readonly Stage[];
}

export type OverTimeName =
  | 'rate'
  | 'count_over_time'
  | 'min_over_time'
  | 'max_over_time'
  | 'avg_over_time'
  | 'sum_over_time'
  | 'quantile_over_time'
  | 'histogram_over_time';

/** A function from spans to series. */
export interface OverTime extends Range {
  readonly node: 'overTime';
  readonly name: OverTimeName;
  /** Undefined for `rate` and `count_over_time`. */
  readonly field: Attribute | Intrinsic | undefined;
  /** From 0 to 1; empty unless the function is `quantile_over_time`. */
  readonly quantiles: readonly number[];
  readonly by: readonly (Attribute | Intrinsic)[];
}

/** `compare({ selection }, topN, start, end)`: attributes of selected spans beside those of the others. */
export interface Compare extends Range {
  readonly node: 'compare';
  readonly selection: SpansetFilter;
  /** How many values of each attribute are returned. */
  readonly topN: number;
  /** Nanoseconds since 1970. Selected spans start in this range; undefined is no such condition. */
  readonly window: { readonly start: bigint; readonly end: bigint } | undefined;
}

/** `topk(n)` or `bottomk(n)`. */
export interface TopK extends Range {
  readonly node: 'topk' | 'bottomk';
  readonly limit: bigint;
}

/** A comparison that drops samples: `> 10`. Durations are seconds here. */
export interface SampleFilter extends Range {
  readonly node: 'sampleFilter';
  readonly operator: OrderOperator;
  readonly value: Scalar;
}

/** What is applied to series, in the order of the text. */
export type SecondStage = TopK | SampleFilter;

/** `pipeline | function`, and what is applied to its series. */
export interface MetricsPipeline extends Range {
  readonly node: 'metricsPipeline';
  readonly pipeline: Pipeline;
  readonly function: OverTime | Compare;
  readonly secondStages: readonly SecondStage[];
}

export type MetricsOperator = '+' | '-' | '*' | '/';

/** Arithmetic on series. At most one side is a constant. */
export interface MetricsOperation extends Range {
  readonly node: 'metricsOperation';
  readonly operator: MetricsOperator;
  readonly left: MetricsOperand;
  readonly right: MetricsOperand;
  readonly secondStages: readonly SecondStage[];
}

export type MetricsExpression = MetricsPipeline | MetricsOperation;
export type MetricsOperand = MetricsExpression | Scalar;

/** `name=value` in `with(…)`. Hints that are not known are ignored. */
export interface Hint extends Range {
  readonly node: 'hint';
  readonly name: string;
  /** A word, such as `slowest` in `with(order=slowest)`, is an extension. */
  readonly value: Static | { readonly type: 'word'; readonly value: string };
}

/** What this dialect has and Tempo refuses. */
export type ExtensionName = 'parent' | 'scalar' | 'count_distinct' | 'quantile' | 'order';

/** A use of an extension, with its place. */
export interface Extension extends Range {
  readonly name: ExtensionName;
}

/** A whole query. */
export interface Query extends Range {
  readonly node: 'query';
  /** A search returns traces, metrics are series. */
  readonly body: Pipeline | MetricsExpression;
  /** Of the last `with(…)`, in the order of the text. */
  readonly hints: readonly Hint[];
  /** The extensions that the query uses, in the order of the tree; empty if Tempo takes the query too. */
  readonly extensions: readonly Extension[];
}
