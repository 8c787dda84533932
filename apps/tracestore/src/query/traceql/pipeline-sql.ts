import {
  type Aggregate,
  type FieldExpression,
  type Pipeline,
  printAggregate,
  printField,
  type RelationOperator,
  type Scalar,
  type ScalarFilter,
  type SpansetExpression,
  type SpansetFilter,
  type SpansetOperation,
  type Stage,
} from '@spandrel/traceql';
import { anyOf, type Fragment, listOf, type NoArguments, readFragments } from '../../sql.js';
import { arithmeticSql, conditionSql, jsonSql, pairSql, scalarSql, type Value, valueSql } from './field-sql.js';

/*
 * A pipeline as common table expressions, one for each stage, over the relations of whole-traces.sql.
 */

interface Names {
  readonly name: string;
  readonly input: string;
  readonly left: string;
  readonly right: string;
  readonly sides: string;
  readonly query: Fragment;
  readonly condition: Fragment;
  readonly value: Fragment;
  readonly columns: Fragment;
  readonly aggregate: Fragment;
  readonly added: Fragment;
  readonly counted: Fragment;
  readonly related: Fragment;
  readonly reverse: Fragment;
  readonly kept: Fragment;
  readonly label: string;
  readonly type: string;
  readonly function: string;
  readonly is_duration: boolean;
  readonly quantile: number;
  readonly range_start: string;
  readonly range_end: string;
}

type Kinship = 'child' | 'parent' | 'descendant' | 'ancestor' | 'sibling';
const kinships = ['child', 'parent', 'descendant', 'ancestor', 'sibling'] as const satisfies readonly Kinship[];

const stages = readFragments<
  {
    readonly relation: Pick<Names, 'name' | 'query'>;
    readonly initial: Pick<Names, 'range_start' | 'range_end'>;
    readonly within: Pick<Names, 'input'>;
    readonly filter: Pick<Names, 'input' | 'condition'>;
    readonly chosen: Pick<Names, 'input' | 'right'>;
    readonly filter_side: Pick<Names, 'input' | 'condition'>;
    readonly pipeline_side: Pick<Names, 'input'>;
    readonly by: Pick<Names, 'input' | 'value' | 'label' | 'type'>;
    readonly coalesce: Pick<Names, 'input'>;
    readonly sides: Pick<Names, 'left' | 'right'>;
    readonly placed_sides: Pick<Names, 'left' | 'right'>;
    readonly either: Pick<Names, 'sides'>;
    readonly both: Pick<Names, 'sides'>;
    readonly related: Pick<Names, 'sides' | 'related' | 'reverse' | 'kept'>;
    readonly kept: NoArguments;
    readonly kept_not: NoArguments;
    readonly kept_both: NoArguments;
    readonly never: NoArguments;
    readonly aggregates: Pick<Names, 'input' | 'columns'>;
    readonly named: Pick<Names, 'aggregate' | 'name'>;
    readonly count: NoArguments;
    readonly aggregate: Pick<Names, 'function' | 'value' | 'is_duration' | 'quantile'>;
    readonly column: Pick<Names, 'name'>;
    readonly as_numeric: Pick<Names, 'value'>;
    readonly pipeline_aggregate: Pick<Names, 'name' | 'input'>;
    readonly pipeline_count: Pick<Names, 'name' | 'input'>;
    readonly scalar_filter: Pick<Names, 'input' | 'right' | 'added' | 'condition'>;
    readonly counted_filter: Pick<Names, 'input' | 'counted'>;
    readonly counted: Pick<Names, 'input'>;
    readonly union: Pick<Names, 'query' | 'counted'>;
    readonly no_labels: NoArguments;
    readonly labels: Pick<Names, 'columns'>;
    readonly label: Pick<Names, 'label' | 'type' | 'value'>;
    readonly has_several: Pick<Names, 'input'>;
  } & Record<`right_is_${'child' | 'parent'}` | `left_is_${'child' | 'parent'}`, Pick<Names, 'sides'>> &
    Record<`${'right' | 'left'}_is_${'descendant' | 'ancestor' | 'sibling'}`, NoArguments>
>(import.meta.url, 'stages.sql', [
  'relation',
  'initial',
  'within',
  'filter',
  'chosen',
  'filter_side',
  'pipeline_side',
  'by',
  'coalesce',
  'sides',
  'placed_sides',
  'either',
  'both',
  'related',
  'kept',
  'kept_not',
  'kept_both',
  'never',
  'aggregates',
  'named',
  'count',
  'aggregate',
  'column',
  'as_numeric',
  'pipeline_aggregate',
  'pipeline_count',
  'scalar_filter',
  'counted_filter',
  'counted',
  'union',
  'no_labels',
  'labels',
  'label',
  'has_several',
  ...kinships.flatMap((kinship) => [`right_is_${kinship}`, `left_is_${kinship}`] as const),
]);

/** What the right span is to the left one, and the left span to the right one. */
const relations = {
  '>': ['child', 'parent'],
  '<': ['parent', 'child'],
  '>>': ['descendant', 'ancestor'],
  '<<': ['ancestor', 'descendant'],
  '~': ['sibling', 'sibling'],
} as const satisfies Readonly<Record<RelationOperator, readonly [Kinship, Kinship]>>;

/** A pipeline as relations. */
export interface PipelineSql {
  /** For a WITH, after those of whole-traces.sql. */
  readonly relations: Fragment;
  /** The name of the last relation: its columns are those of stages.sql. */
  readonly found: string;
  /** Whether a side of an operator, or an aggregate, is that of several sets of spans: then the query has no answer. */
  readonly sideIsGrouped: Fragment;
  readonly aggregateIsGrouped: Fragment;
}

/**
 * Write a pipeline.
 *
 * @param pipeline of a simplified query
 * @param range traces that overlap it are evaluated, in ns since 1970
 */
export function pipelineSql(
  pipeline: Pipeline,
  range: { readonly startNs: bigint; readonly endNs: bigint },
): PipelineSql {
  const writer = new PipelineWriter();
  const initial = writer.add(
    'found',
    stages.initial.fragment({ range_start: String(range.startNs), range_end: String(range.endNs) }),
  );
  const found = writer.stages(pipeline.stages, initial);
  return {
    relations: listOf(writer.relations),
    found,
    sideIsGrouped: severalOf(writer.sides),
    aggregateIsGrouped: severalOf(writer.aggregates),
  };
}

function severalOf(names: readonly string[]): Fragment {
  return anyOf(names.map((input) => stages.has_several.fragment({ input })));
}

class PipelineWriter {
  readonly relations: Fragment[] = [];
  /** The pipelines that are sides of operators, and those whose aggregates are compared. */
  readonly sides: string[] = [];
  readonly aggregates: string[] = [];

  /** Add a relation. @returns its name */
  add(kind: string, query: Fragment): string {
    const name = `${kind}_${this.relations.length + 1}`;
    this.relations.push(stages.relation.fragment({ name, query }));
    return name;
  }

  stages(list: readonly Stage[], input: string): string {
    return list.reduce((name, stage) => this.stage(stage, name), input);
  }

  private stage(stage: Stage, input: string): string {
    switch (stage.node) {
      case 'filter':
        return this.add('found', stages.filter.fragment({ input, condition: conditionSql(stage.condition) }));
      case 'spansetOperation':
        return this.add('found', stages.chosen.fragment({ input, right: this.operation(stage, input) }));
      case 'by': {
        const { type, sql } = groupValue(stage.expression);
        return this.add(
          'found',
          stages.by.fragment({ input, value: sql, label: `by(${printField(stage.expression)})`, type }),
        );
      }
      case 'coalesce':
        return this.add('found', stages.coalesce.fragment({ input }));
      case 'select':
        return input;
      case 'scalarFilter':
        return this.scalarFilter(stage, input);
    }
  }

  /** The spans of a side of an operator, in each set of the input. */
  private side(spanset: SpansetExpression, input: string): string {
    switch (spanset.node) {
      case 'filter':
        return this.filterSide(spanset, input);
      case 'spansetOperation':
        return this.operation(spanset, input);
      case 'pipeline': {
        const name = this.within(spanset, input);
        this.sides.push(name);
        return this.add('side', stages.pipeline_side.fragment({ input: name }));
      }
    }
  }

  private filterSide({ condition }: SpansetFilter, input: string): string {
    return this.add('side', stages.filter_side.fragment({ input, condition: conditionSql(condition) }));
  }

  private within(pipeline: Pipeline, input: string): string {
    return this.stages(pipeline.stages, this.add('within', stages.within.fragment({ input })));
  }

  private operation({ operator, left, right }: SpansetOperation, input: string): string {
    const names = { left: this.side(left, input), right: this.side(right, input) };
    if (operator === '&&' || operator === '||') {
      const sides = this.add('sides', stages.sides.fragment(names));
      return this.add('side', (operator === '&&' ? stages.both : stages.either).fragment({ sides }));
    }
    const sides = this.add('sides', stages.placed_sides.fragment(names));
    const [ofRight, ofLeft] = relations[operator.replace(/^[!&]/, '') as RelationOperator];
    const kept = operator.startsWith('!') ? 'kept_not' : operator.startsWith('&') ? 'kept_both' : 'kept';
    return this.add(
      'side',
      stages.related.fragment({
        sides,
        related: kinshipSql('right', ofRight, sides),
        reverse: operator.startsWith('&') ? kinshipSql('left', ofLeft, sides) : stages.never.fragment(),
        kept: stages[kept].fragment(),
      }),
    );
  }

  private scalarFilter(filter: ScalarFilter, input: string): string {
    const scalars = new ScalarWriter(this, input);
    const left = scalars.valueOf(filter.left);
    const right = scalars.valueOf(filter.right);
    const figures = scalars.figures();
    const filtered = this.add(
      'found',
      stages.scalar_filter.fragment({
        input,
        right: figures,
        added: scalars.labels(),
        condition: pairSql(filter.operator, left, right),
      }),
    );
    const [first, ...others] = scalars.counted;
    if (first === undefined) return filtered;
    const counted = others.reduce(
      (query, name) => stages.union.fragment({ query, counted: stages.counted.fragment({ input: name }) }),
      stages.counted.fragment({ input: first }),
    );
    return this.add('found', stages.counted_filter.fragment({ input: filtered, counted }));
  }

  /** The aggregates of a pipeline within parentheses. @returns the name of the relation, and that of its spans */
  pipelineAggregate(
    pipeline: Pipeline,
    aggregate: Aggregate,
    input: string,
  ): { readonly figures: string; readonly spans: string } {
    const name = this.within(pipeline, input);
    this.aggregates.push(name);
    const spans = this.add('side', stages.pipeline_side.fragment({ input: name }));
    return { figures: this.figures(spans, [aggregate]), spans };
  }

  figures(input: string, aggregates: readonly Aggregate[]): string {
    const columns = aggregates.map((aggregate, n) =>
      stages.named.fragment({ aggregate: aggregateSql(aggregate), name: columnName(n) }),
    );
    return this.add('figures', stages.aggregates.fragment({ input, columns: listOf(columns) }));
  }
}

/** The numbers of a comparison of aggregates. */
class ScalarWriter {
  /** The spans of pipelines within parentheses. */
  readonly counted: string[] = [];
  private readonly aggregates: Aggregate[] = [];

  constructor(
    private readonly writer: PipelineWriter,
    private readonly input: string,
  ) {}

  valueOf(scalar: Scalar): Value {
    switch (scalar.node) {
      case 'literal':
        return valueSql(scalar);
      case 'aggregate': {
        this.aggregates.push(scalar);
        const name = columnName(this.aggregates.length - 1);
        return numberOf(scalar, stages.column.fragment({ name }));
      }
      case 'pipelineAggregate': {
        const { figures, spans } = this.writer.pipelineAggregate(scalar.pipeline, scalar.aggregate, this.input);
        this.counted.push(spans);
        const names = { input: figures, name: columnName(0) };
        const isCount = scalar.aggregate.name === 'count' || scalar.aggregate.name === 'count_distinct';
        const sql = (isCount ? stages.pipeline_count : stages.pipeline_aggregate).fragment(names);
        return numberOf(scalar.aggregate, sql);
      }
      case 'scalarOperation': {
        const left = this.valueOf(scalar.left);
        return arithmeticSql(scalar.operator, left, this.valueOf(scalar.right));
      }
    }
  }

  /** The relation of the aggregates. */
  figures(): string {
    return this.writer.figures(this.input, this.aggregates.length === 0 ? [countAggregate] : this.aggregates);
  }

  /** What the answer says of the set. */
  labels(): Fragment {
    if (this.aggregates.length === 0) return stages.no_labels.fragment();
    return stages.labels.fragment({
      columns: listOf(
        this.aggregates.map((aggregate, n) =>
          stages.label.fragment({
            label: printAggregate(aggregate),
            type: isDuration(aggregate) ? 'duration' : 'dynamic',
            value: stages.column.fragment({ name: columnName(n) }),
          }),
        ),
      ),
    });
  }
}

function numberOf(aggregate: Aggregate, sql: Fragment): Value {
  return isDuration(aggregate)
    ? { type: 'duration', sql: stages.as_numeric.fragment({ value: sql }) }
    : { type: 'dynamic', sql };
}

const countAggregate: Aggregate = {
  node: 'aggregate',
  name: 'count',
  argument: undefined,
  quantile: undefined,
  from: 0,
  to: 0,
};

function columnName(n: number): string {
  return `v${n + 1}`;
}

function aggregateSql(aggregate: Aggregate): Fragment {
  const { name, argument, quantile } = aggregate;
  if (argument === undefined) return stages.count.fragment();
  return stages.aggregate.fragment({
    function: name,
    value: jsonSql(valueSql(argument)),
    is_duration: isDuration(aggregate),
    quantile: quantile ?? 0,
  });
}

/** Whether an aggregate is one of durations. */
function isDuration({ name, argument }: Aggregate): boolean {
  return name !== 'count_distinct' && argument !== undefined && valueSql(argument).type === 'duration';
}

/** The value of a group, as JSON. Arrays count as nil. */
export function groupValue(expression: FieldExpression): { readonly type: Value['type']; readonly sql: Fragment } {
  const value = valueSql(expression);
  const sql = jsonSql(value);
  return { type: value.type, sql: value.type === 'dynamic' ? scalarSql(sql) : sql };
}

function kinshipSql(side: 'right' | 'left', kinship: Kinship, sides: string): Fragment {
  if (kinship === 'child' || kinship === 'parent') return stages[`${side}_is_${kinship}`].fragment({ sides });
  return stages[`${side}_is_${kinship}`].fragment();
}
