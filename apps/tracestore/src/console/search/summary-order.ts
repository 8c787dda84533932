import type { TraceOrder } from '../../query/search-traces/trace-cursor.js';
import type { TraceSummary } from '../../query/summarize-traces/summarize-traces.js';

type Times = Pick<TraceSummary, 'startTimeUnixNano' | 'endTimeUnixNano'>;

/**
 * The traces of a page in the order of the times that it shows. Spans that arrive between the search and the summaries can
 * change the start or the end of a trace.
 */
export function inOrder<Summary extends Times>(summaries: readonly Summary[], order: TraceOrder): readonly Summary[] {
  const keyOf = ({ startTimeUnixNano, endTimeUnixNano }: Times): bigint =>
    order === 'newest' ? startTimeUnixNano : endTimeUnixNano - startTimeUnixNano;
  return summaries.toSorted((left, right) => {
    const [a, b] = [keyOf(left), keyOf(right)];
    return a === b ? 0 : a < b ? 1 : -1;
  });
}
