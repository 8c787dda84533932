import type { Pipeline } from '@spandrel/traceql';
import { errorKinds } from '../../errors/error-kinds.js';
import { TracestoreError } from '../../errors/tracestore-error.js';
import { limits } from '../../limits.js';
import { expressionsOf, patternsOf, sizeOf } from './expressions.js';

/** A statement with more comparisons than these takes PostgreSQL long to plan. */
const maxNodes = 1_000;
const maxStages = 100;

/** @throws TracestoreError `invalid` for a pipeline that is too large */
export function requireSize(pipeline: Pipeline): void {
  const nodes = expressionsOf(pipeline).reduce((sum, expression) => sum + sizeOf(expression), 0);
  if (nodes > maxNodes)
    throw new TracestoreError(
      errorKinds.invalid,
      `a query must have at most ${maxNodes} fields, constants and operators, got ${nodes}`,
    );
  const patterns = expressionsOf(pipeline).reduce((sum, expression) => sum + patternsOf(expression), 0);
  if (patterns > limits.patternsPerSearch.value)
    throw new TracestoreError(
      errorKinds.invalid,
      `a query must have at most ${limits.patternsPerSearch.value} regular expressions, got ${patterns}`,
    );
  if (pipeline.stages.length > maxStages)
    throw new TracestoreError(
      errorKinds.invalid,
      `a query must have at most ${maxStages} stages, got ${pipeline.stages.length}`,
    );
}

/** Whether a pipeline within parentheses has several sets of spans, as statements say it. */
interface GroupedSets {
  readonly side_is_grouped: boolean;
  readonly aggregate_is_grouped: boolean;
}

/** @throws TracestoreError `invalid`, with Tempo's message, for a query that has no answer */
export function requireSets(row: GroupedSets | undefined): void {
  if (row?.side_is_grouped === true)
    throw new TracestoreError(
      errorKinds.invalid,
      'spanset operators are not supported for multiple spansets per trace. consider using coalesce()',
    );
  if (row?.aggregate_is_grouped === true)
    throw new TracestoreError(errorKinds.invalid, 'an aggregate of several sets of spans is no number');
}
