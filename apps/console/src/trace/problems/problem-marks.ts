import type { TraceProblem } from '../../api/types.ts';
import { formatDuration } from '../../format/duration.ts';
import { formatNumber } from '../../format/number.ts';

/** Problems without a mark on their spans: rows have one already (errors, missing parents), or the problem is of the trace. */
const unmarked: ReadonlySet<TraceProblem['kind']> = new Set([
  'not_checked',
  'no_root',
  'missing_parent',
  'several_roots',
  'hidden_errors',
]);

/** Texts for the spans that have problems, by span ID. */
export function problemMarks(problems: readonly TraceProblem[]): ReadonlyMap<string, string> {
  const marks = new Map<string, string>();
  for (const problem of problems) {
    if (unmarked.has(problem.kind)) continue;
    const text = textOf(problem);
    for (const id of problem.spanIds) {
      const known = marks.get(id);
      marks.set(id, known === undefined ? text : `${known}, ${text}`);
    }
  }
  return marks;
}

function textOf({ kind, amount, spanCount }: TraceProblem): string {
  switch (kind) {
    case 'clock_skew':
      return `clock is ${formatDuration(Math.abs(amount ?? 0))} ${(amount ?? 0) > 0 ? 'behind' : 'ahead'}`;
    case 'parent_cycle':
      return 'in a cycle of parents';
    case 'ends_before_start':
      return 'ends before it starts';
    case 'duplicate_span_id':
      return 'span ID is not unique';
    case 'dropped_data':
      return 'sender dropped data';
    case 'repeated_calls':
      return `one of ${formatNumber(spanCount)} calls in sequence`;
    default:
      return kind;
  }
}
