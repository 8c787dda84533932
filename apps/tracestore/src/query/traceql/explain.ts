import {
  type FieldExpression,
  type MetricsExpression,
  type Pipeline,
  printField,
  printPipeline,
  type Query,
  printSpanset,
  type SpansetExpression,
  type Stage,
} from '@spandrel/traceql';
import { type Fragment, type NoArguments, readFragments, readSql } from '../../sql.js';
import { lastUnixNano, microsecondsOf, timestampOf } from '../unix-time.js';
import { needsOf, type Needs } from './expressions.js';
import { conjunctsOf } from './field-sql.js';
import { MetricsSql, type SpanSource } from './metrics-sql.js';
import { rolesOf } from './necessary.js';
import { pipelineSql } from './pipeline-sql.js';
import type { TraceqlGrid, TraceqlPlan, TraceqlPlanPart } from './results.js';
import { needsOfPipeline, wholeTracesOf } from './whole-traces.js';

const spansOfViews = readSql<{ readonly events: Fragment; readonly links: Fragment; readonly matches: Fragment }>(
  import.meta.url,
  'spans-of-views.sql',
);
const parts = readFragments<{
  readonly none: NoArguments;
  readonly events: NoArguments;
  readonly links: NoArguments;
  readonly in_range: { readonly start_min: string; readonly start_max: string };
  readonly of_traces_in_range: { readonly start_min: string; readonly start_max: string };
  readonly with_roots: { readonly source: Fragment };
}>(import.meta.url, 'view-parts.sql', ['none', 'events', 'links', 'in_range', 'of_traces_in_range', 'with_roots']);
const explainSearch = readSql<{ readonly traces: Fragment; readonly relations: Fragment; readonly found: string }>(
  import.meta.url,
  'explain-search.sql',
);
const statement = readSql<{ readonly statement: Fragment }>(import.meta.url, 'run.sql');

interface Range {
  readonly startNs: bigint | undefined;
  readonly endNs: bigint | undefined;
}

/** Explain a search: its SQL on the public views, and what the server does with each part. */
export function explainSearchQuery({ body }: Query & { readonly body: Pipeline }, range: Range): TraceqlPlan {
  const { relations, found } = pipelineSql(body, { startNs: range.startNs ?? 0n, endNs: range.endNs ?? lastUnixNano });
  const traces = wholeTracesOf(needsOfPipeline(body), viewSource(needsOfPipeline(body), range, 'of_traces_in_range'));
  const fragment = explainSearch.fragment({ traces, relations, found });
  return { sql: statement.bindLiterals({ statement: fragment }).text, parts: body.stages.flatMap(partsOfStage) };
}

/** Explain a metrics query: a statement for each pipeline, separated by semicolons. */
export function explainMetricsQuery(
  { body, hints }: Query & { readonly body: MetricsExpression },
  grid: TraceqlGrid,
): TraceqlPlan {
  const range = { startNs: grid.startNs, endNs: grid.startNs + grid.stepNs * BigInt(grid.count) };
  const source: SpanSource = {
    ofRange: (needs) => parts.with_roots.fragment({ source: viewSource(needs, range, 'in_range') }),
    ofTraces: (needs) => wholeTracesOf(needs, viewSource(needs, range, 'of_traces_in_range')),
  };
  const sql = new MetricsSql(grid, source);
  const isExact = hints.some(({ name, value }) => name === 'exact' && value.type === 'bool' && value.value);
  const statements = metricsPipelines(body).map(
    ({ pipeline, function: own }) =>
      statement.bindLiterals({ statement: sql.statementOf(pipeline, own, isExact) }).text,
  );
  return {
    sql: statements.join(';\n\n'),
    parts: metricsPipelines(body).flatMap((metrics): readonly TraceqlPlanPart[] => [
      ...metrics.pipeline.stages.flatMap(partsOfStage),
      { text: metrics.function.node === 'compare' ? 'compare' : `${metrics.function.name}`, by: 'rows' },
      ...metrics.secondStages.map(({ node }) => ({
        text: node === 'sampleFilter' ? 'comparison' : node,
        by: 'samples' as const,
      })),
    ]),
  };
}

type MetricsPipelineNode = Extract<MetricsExpression, { node: 'metricsPipeline' }>;

function metricsPipelines(metrics: MetricsExpression): readonly MetricsPipelineNode[] {
  if (metrics.node === 'metricsPipeline') return [metrics];
  return [metrics.left, metrics.right].flatMap((side) =>
    side.node === 'metricsPipeline' || side.node === 'metricsOperation' ? metricsPipelines(side) : [],
  );
}

function viewSource(
  needs: Pick<Needs, 'events' | 'links'>,
  { startNs = 0n, endNs = lastUnixNano }: Range,
  matches: 'in_range' | 'of_traces_in_range',
): Fragment {
  const range = { start_min: timestampOf(microsecondsOf(startNs)), start_max: timestampOf(microsecondsOf(endNs)) };
  return spansOfViews.fragment({
    events: parts[needs.events ? 'events' : 'none'].fragment(),
    links: parts[needs.links ? 'links' : 'none'].fragment(),
    matches: parts[matches].fragment(range),
  });
}

function partsOfStage(stage: Stage): readonly TraceqlPlanPart[] {
  switch (stage.node) {
    case 'filter':
    case 'spansetOperation':
      return partsOfSpanset(stage);
    case 'select':
      return [{ text: textOf(stage), by: 'rows' }];
    default:
      return [{ text: textOf(stage), by: 'wholeTrace' }];
  }
}

function textOf(stage: Stage): string {
  return printPipeline({ node: 'pipeline', stages: [stage], from: stage.from, to: stage.to });
}

function partsOfSpanset(spanset: SpansetExpression): readonly TraceqlPlanPart[] {
  switch (spanset.node) {
    case 'filter':
      return conjunctsOf(spanset.condition).map((part) => ({ text: printField(part), by: placeOf(part) }));
    case 'pipeline':
      return spanset.stages.flatMap(partsOfStage);
    case 'spansetOperation':
      return [
        ...partsOfSpanset(spanset.left),
        ...partsOfSpanset(spanset.right),
        { text: printSpanset(spanset), by: 'wholeTrace' },
      ];
  }
}

function placeOf(condition: FieldExpression): TraceqlPlanPart['by'] {
  const needs = needsOf([condition], []);
  if (needs.numbers || needs.parent || needs.trace) return 'wholeTrace';
  return rolesOf(condition);
}
