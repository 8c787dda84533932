import type { Pipeline } from '@spandrel/traceql';
import { type Fragment, type NoArguments, readFragments, readSql } from '../../sql.js';
import { eventTime, spanDuration, spanStart } from '../filter/span-condition.js';
import { expressionsOf, needsOf, operationsOf, type Needs } from './expressions.js';

const relations = readSql<{ readonly spans: Fragment; readonly numbers: Fragment; readonly parent: Fragment }>(
  import.meta.url,
  'whole-traces.sql',
);
const columns = readFragments<Record<'numbers' | 'no_numbers' | 'parent' | 'no_parent', NoArguments>>(
  import.meta.url,
  'trace-columns.sql',
  ['numbers', 'no_numbers', 'parent', 'no_parent'],
);
const spans = readSql<{
  readonly trace_ids: Fragment;
  readonly start_ns: Fragment;
  readonly duration: Fragment;
  readonly events: Fragment;
  readonly links: Fragment;
}>(import.meta.url, 'spans-of-traces.sql');
const nested = readFragments<{
  readonly none: NoArguments;
  readonly events: { readonly start_ns: Fragment; readonly event_ns: Fragment };
  readonly links: NoArguments;
}>(import.meta.url, 'nested-rows.sql', ['none', 'events', 'links']);

const ids = readFragments<{
  readonly given: { readonly trace_ids: readonly string[] };
  readonly of_range: { readonly start_min: string; readonly start_max: string };
}>(import.meta.url, 'trace-ids.sql', ['given', 'of_range']);

/** Write the relations that a query of whole traces begins with. @param traceIds as hex digits or uuids */
export function wholeTraces(pipeline: Pipeline, traceIds: readonly string[]): Fragment {
  return ofTraces(needsOfPipeline(pipeline), ids.given.fragment({ trace_ids: traceIds }));
}

/** The same for all traces with a span that starts in a range of time, both ends included to the microsecond. */
export function tracesOfRange(needs: Needs, startMin: string, startMax: string): Fragment {
  return ofTraces(needs, ids.of_range.fragment({ start_min: startMin, start_max: startMax }));
}

function ofTraces(needs: Needs, traceIds: Fragment): Fragment {
  return wholeTracesOf(needs, spans.fragment({ trace_ids: traceIds, ...spanColumns(needs) }));
}

/** @param source the spans, with the columns of spans-of-traces.sql */
export function wholeTracesOf(needs: Needs, source: Fragment): Fragment {
  return relations.fragment({
    spans: source,
    numbers: columns[needs.numbers ? 'numbers' : 'no_numbers'].fragment(),
    parent: columns[needs.parent ? 'parent' : 'no_parent'].fragment(),
  });
}

export function needsOfPipeline(pipeline: Pipeline): Needs {
  return needsOf(pipeline.stages.flatMap(expressionsOf), pipeline.stages.flatMap(operationsOf));
}

/** What the columns of a span `s` are made of. */
export function spanColumns(needs: Pick<Needs, 'events' | 'links'>): {
  readonly start_ns: Fragment;
  readonly duration: Fragment;
  readonly events: Fragment;
  readonly links: Fragment;
} {
  const names = { start_ns: spanStart.fragment(), event_ns: eventTime.fragment() };
  return {
    start_ns: spanStart.fragment(),
    duration: spanDuration.fragment(),
    events: needs.events ? nested.events.fragment(names) : nested.none.fragment(),
    links: needs.links ? nested.links.fragment() : nested.none.fragment(),
  };
}
