import type { TraceModel } from './trace-model.ts';

/** A filter for the spans of a trace. A span must meet all conditions. */
export interface TraceFilter {
  /** Spans of any of these services; empty for all. */
  readonly services: readonly string[];
  /** Undefined for all operations. */
  readonly operation: string | undefined;
  readonly onlyErrors: boolean;
}

/** OTLP's status code of a failed span. */
export const failedStatus = 2;

/** Whether a filter has any condition. */
export function isFiltering({ services, operation, onlyErrors }: TraceFilter): boolean {
  return services.length > 0 || operation !== undefined || onlyErrors;
}

/** Apply a filter. @returns 1 for each matching span, by index */
export function matchingSpans({ waterfall, count }: TraceModel, filter: TraceFilter): Uint8Array {
  const isMatch = waterfall.operations.map(
    ([service, name]) =>
      (filter.services.length === 0 || filter.services.includes(service)) &&
      (filter.operation === undefined || filter.operation === name),
  );
  const { operation, status } = waterfall.spans;
  const matching = new Uint8Array(count);
  for (let span = 0; span < count; span++) {
    if (isMatch[operation[span] ?? 0] === true && (!filter.onlyErrors || status[span] === failedStatus)) {
      matching[span] = 1;
    }
  }
  return matching;
}
