import type { TraceModel } from './trace-model.ts';

/** Which spans of a trace are asked for; all of it has to hold. */
export interface TraceFilter {
  /** Any of them; none means all. */
  readonly services: readonly string[];
  /** Of one of the services; undefined means all. */
  readonly operation: string | undefined;
  readonly onlyErrors: boolean;
}

/** OTLP's number of a span that failed. */
export const failedStatus = 2;

/** Whether a filter leaves anything out. */
export function isFiltering({ services, operation, onlyErrors }: TraceFilter): boolean {
  return services.length > 0 || operation !== undefined || onlyErrors;
}

/** 1 for each span that a filter asks for. */
export function filteredSpans({ answer, count }: TraceModel, filter: TraceFilter): Uint8Array {
  const isWanted = answer.operations.map(
    ([service, name]) =>
      (filter.services.length === 0 || filter.services.includes(service)) &&
      (filter.operation === undefined || filter.operation === name),
  );
  const { operation, status } = answer.spans;
  const wanted = new Uint8Array(count);
  for (let span = 0; span < count; span++) {
    if (isWanted[operation[span] ?? 0] === true && (!filter.onlyErrors || status[span] === failedStatus)) {
      wanted[span] = 1;
    }
  }
  return wanted;
}
