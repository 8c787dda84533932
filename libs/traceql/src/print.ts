/** The canonical text of a query: one spelling of names, strings and numbers, parentheses round every operation. */
import type {
  Aggregate,
  Attribute,
  Compare,
  FieldExpression,
  Hint,
  MetricsExpression,
  MetricsOperand,
  OverTime,
  Pipeline,
  Query,
  Scalar,
  ScalarFilter,
  SecondStage,
  SpansetExpression,
  Stage,
  Static,
} from './ast.js';
import { formatDuration, formatFloat } from './duration.js';

/**
 * Prints a query. The text parses to the same tree, places aside, unless `simplifyQuery` made lists
 * (`.a IN [1, 2]`), which have no syntax.
 */
export function printQuery({ body, hints }: Query): string {
  const printed = body.node === 'pipeline' ? printPipeline(body) : printMetrics(body);
  return hints.length === 0 ? printed : `${printed} with(${hints.map(printHint).join(',')})`;
}

/** Prints the stages of a pipeline. */
export function printPipeline({ stages }: Pipeline): string {
  return stages.map(printStage).join('|');
}

function printStage(stage: Stage): string {
  switch (stage.node) {
    case 'filter':
    case 'spansetOperation':
      return printSpanset(stage);
    case 'scalarFilter':
      return printScalarFilter(stage);
    case 'by':
      return `by(${printField(stage.expression)})`;
    case 'select':
      return `select(${stage.fields.map(printField).join(', ')})`;
    case 'coalesce':
      return 'coalesce()';
  }
}

/** Prints a set of spans. */
export function printSpanset(spanset: SpansetExpression): string {
  switch (spanset.node) {
    case 'filter':
      return `{ ${printField(spanset.condition)} }`;
    case 'spansetOperation':
      return `(${printSpanset(spanset.left)}) ${spanset.operator} (${printSpanset(spanset.right)})`;
    case 'pipeline':
      return printPipeline(spanset);
  }
}

/** Prints what is computed for one span. The text of a field is the name that labels have. */
export function printField(expression: FieldExpression): string {
  switch (expression.node) {
    case 'literal':
      return printStatic(expression.value);
    case 'attribute':
      return printAttribute(expression);
    case 'intrinsic':
      return expression.name;
    case 'unary':
      return `${expression.operator}${printOperand(expression.operand)}`;
    case 'binary':
      return `${printOperand(expression.left)} ${expression.operator} ${printOperand(expression.right)}`;
    case 'membership': {
      const values = expression.values.map(({ value }) => printStatic(value)).join(', ');
      return `${printField(expression.field)} ${expression.operator} [${values}]`;
    }
  }
}

function printOperand(expression: FieldExpression): string {
  const printed = printField(expression);
  const isOperation = expression.node === 'unary' || expression.node === 'binary' || expression.node === 'membership';
  return isOperation ? `(${printed})` : printed;
}

function printAttribute({ scope, name, ofParent }: Attribute): string {
  const prefix = `${ofParent ? 'parent.' : ''}${scope === 'any' ? (ofParent ? '' : '.') : `${scope}.`}`;
  // An unquoted name must not begin as a number, nor `parent.` with a scope.
  const isBare =
    /^[^\s{}()=~!<>&|^,"]+$/u.test(name) &&
    !(prefix === '.' && /^\d/.test(name)) &&
    !(prefix === 'parent.' && /^(?:span|resource)\./.test(name));
  return prefix + (isBare ? name : `"${name.replaceAll(/["\\]/g, '\\$&')}"`);
}

/** Prints a comparison of aggregates. */
export function printScalarFilter({ operator, left, right }: ScalarFilter): string {
  return `${printScalarOperand(left)} ${operator} ${printScalarOperand(right)}`;
}

function printScalar(scalar: Scalar): string {
  switch (scalar.node) {
    case 'literal':
      return printStatic(scalar.value);
    case 'aggregate':
      return printAggregate(scalar);
    case 'pipelineAggregate':
      return `${printPipeline(scalar.pipeline)}|${printAggregate(scalar.aggregate)}`;
    case 'scalarOperation':
      return `${printScalarOperand(scalar.left)} ${scalar.operator} ${printScalarOperand(scalar.right)}`;
  }
}

function printScalarOperand(scalar: Scalar): string {
  return scalar.node === 'literal' ? printScalar(scalar) : `(${printScalar(scalar)})`;
}

/** Prints an aggregate: `avg(duration)`. */
export function printAggregate({ name, argument, quantile }: Aggregate): string {
  const printed = argument === undefined ? '' : printField(argument);
  return quantile === undefined ? `${name}(${printed})` : `${name}(${printed}, ${formatFloat(quantile)})`;
}

function printMetrics(metrics: MetricsExpression): string {
  const printed =
    metrics.node === 'metricsPipeline'
      ? `${printPipeline(metrics.pipeline)} | ${printFunction(metrics.function)}`
      : `${printMetricsOperand(metrics.left)} ${metrics.operator} ${printMetricsOperand(metrics.right)}`;
  return printed + metrics.secondStages.map(printSecondStage).join('');
}

function printMetricsOperand(operand: MetricsOperand): string {
  if (operand.node === 'metricsPipeline' || operand.node === 'metricsOperation') return `(${printMetrics(operand)})`;
  return printScalarOperand(operand);
}

function printFunction(metrics: OverTime | Compare): string {
  if (metrics.node === 'compare') {
    const { selection, topN, window } = metrics;
    const printedWindow = window === undefined ? '' : `, ${window.start}, ${window.end}`;
    const printedTopN = topN === 10 && window === undefined ? '' : `, ${topN}`;
    return `compare(${printSpanset(selection)}${printedTopN}${printedWindow})`;
  }
  const { name, field, quantiles, by } = metrics;
  const parameters = [...(field === undefined ? [] : [printField(field)]), ...quantiles.map(printQuantile)];
  return `${name}(${parameters.join(',')})${by.length === 0 ? '' : `by(${by.map(printField).join(',')})`}`;
}

/** Five digits, or as many as the number has. */
function printQuantile(quantile: number): string {
  const fixed = quantile.toFixed(5);
  return Number(fixed) === quantile ? fixed : formatFloat(quantile);
}

function printSecondStage(stage: SecondStage): string {
  if (stage.node === 'sampleFilter') return ` ${stage.operator} ${printScalarOperand(stage.value)}`;
  return ` | ${stage.node}(${stage.limit})`;
}

function printHint({ name, value }: Hint): string {
  return `${name}=${value.type === 'word' ? value.value : printStatic(value)}`;
}

/** Prints a constant. */
export function printStatic(value: Static): string {
  switch (value.type) {
    case 'nil':
      return 'nil';
    case 'int':
      return value.value === -(2n ** 63n) ? 'minInt' : String(value.value);
    case 'float': {
      const printed = formatFloat(value.value);
      return /^-?\d+$/.test(printed) ? `${printed}.0` : printed;
    }
    case 'duration':
      return formatDuration(value.value);
    case 'string':
      return printString(value.value);
    default:
      return String(value.value);
  }
}

function printString(text: string): string {
  if (!/[`\r]/.test(text)) return `\`${text}\``;
  return `"${text.replaceAll(/["\\]/g, '\\$&').replaceAll('\n', '\\n').replaceAll('\r', '\\r')}"`;
}
