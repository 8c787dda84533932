import type { TraceModel } from './trace-model.ts';

/** A filter for the spans of a trace. A span must meet all conditions. */
export interface TraceFilter {
  /** Spans of any of these services; empty for all. */
  readonly services: readonly string[];
  /** Undefined for all operations. */
  readonly operation: string | undefined;
  readonly onlyErrors: boolean;
  /** Span kind as in OTLP; undefined for all. */
  readonly kind: number | undefined;
  /** Bounds of the duration, both included. */
  readonly minDurationNs: number | undefined;
  readonly maxDurationNs: number | undefined;
  /** Only spans on the critical path. */
  readonly onlyCritical: boolean;
  /** `key` or `key=value`; empty for all. The source of the trace finds these spans. */
  readonly attribute: string;
}

/** A filter that every span matches. */
export const noFilter: TraceFilter = {
  services: [],
  operation: undefined,
  onlyErrors: false,
  kind: undefined,
  minDurationNs: undefined,
  maxDurationNs: undefined,
  onlyCritical: false,
  attribute: '',
};

/** OTLP's status code of a failed span. */
export const failedStatus = 2;

/** Whether a filter has any condition. */
export function isFiltering(filter: TraceFilter): boolean {
  return filter.services.length > 0 || filter.operation !== undefined || filter.onlyErrors || isFilteringSpans(filter);
}

/** Whether a filter has a condition besides services, operation and errors. */
export function isFilteringSpans({
  kind,
  minDurationNs,
  maxDurationNs,
  onlyCritical,
  attribute,
}: TraceFilter): boolean {
  return (
    kind !== undefined || minDurationNs !== undefined || maxDurationNs !== undefined || onlyCritical || attribute !== ''
  );
}

/**
 * Apply a filter.
 *
 * @param withAttribute the spans that have the attribute of the filter; undefined while they are not known
 * @returns 1 for each matching span, by index
 */
export function matchingSpans(
  { waterfall, count, criticalNs }: Pick<TraceModel, 'waterfall' | 'count' | 'criticalNs'>,
  filter: TraceFilter,
  withAttribute: ReadonlySet<number> | undefined,
): Uint8Array {
  const isMatch = waterfall.operations.map(
    ([service, name, kind]) =>
      (filter.services.length === 0 || filter.services.includes(service)) &&
      (filter.operation === undefined || filter.operation === name) &&
      (filter.kind === undefined || filter.kind === kind),
  );
  const { operation, status, durationNs } = waterfall.spans;
  const { minDurationNs = 0, maxDurationNs = Infinity } = filter;
  const matching = new Uint8Array(count);
  for (let span = 0; span < count; span++) {
    const ns = durationNs[span] ?? 0;
    if (
      isMatch[operation[span] ?? 0] === true &&
      (!filter.onlyErrors || status[span] === failedStatus) &&
      ns >= minDurationNs &&
      ns <= maxDurationNs &&
      (!filter.onlyCritical || (criticalNs[span] ?? 0) > 0) &&
      (withAttribute === undefined || withAttribute.has(span))
    ) {
      matching[span] = 1;
    }
  }
  return matching;
}

/** Read a filter from the address of the page. */
export function filterOf(parameters: URLSearchParams): TraceFilter {
  const nsOf = (name: string): number | undefined => {
    const text = parameters.get(name);
    return text !== null && /^\d{1,18}$/.test(text) ? Number(text) : undefined;
  };
  const kind = spanKinds.indexOf(parameters.get('kind') ?? '');
  return {
    services: parameters.getAll('service'),
    operation: parameters.get('operation') ?? undefined,
    onlyErrors: parameters.get('errors') === '1',
    kind: kind === -1 ? undefined : kind,
    minDurationNs: nsOf('min'),
    maxDurationNs: nsOf('max'),
    onlyCritical: parameters.get('critical') === '1',
    attribute: parameters.get('attribute') ?? '',
  };
}

/** Write a filter as parameters of the address. */
export function filterParameters(
  filter: TraceFilter,
): Readonly<Record<string, string | readonly string[] | undefined>> {
  return {
    service: filter.services,
    operation: filter.operation,
    errors: filter.onlyErrors ? '1' : undefined,
    kind: filter.kind === undefined ? undefined : spanKinds[filter.kind],
    min: filter.minDurationNs?.toString(),
    max: filter.maxDurationNs?.toString(),
    critical: filter.onlyCritical ? '1' : undefined,
    attribute: filter.attribute,
  };
}

/** The kinds of spans, by their number in OTLP. */
export const spanKinds: readonly string[] = ['unspecified', 'internal', 'server', 'client', 'producer', 'consumer'];
