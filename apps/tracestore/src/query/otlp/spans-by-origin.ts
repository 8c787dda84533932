import type { SpanResource, SpanScope, TraceSpan } from '../get-traces/trace-span.js';

/** The spans of one resource by scope. There is at least one scope, and each has at least one span. */
export type SpansByOrigin = ReadonlyMap<SpanResource, ReadonlyMap<SpanScope, readonly TraceSpan[]>>;

/** Group spans by resource and scope, which OTLP writes once. Otherwise the order stays. */
export function spansByOrigin(spans: readonly TraceSpan[]): SpansByOrigin {
  const byOrigin = new Map<SpanResource, Map<SpanScope, TraceSpan[]>>();
  for (const span of spans) {
    let byScope = byOrigin.get(span.resource);
    if (byScope === undefined) byOrigin.set(span.resource, (byScope = new Map<SpanScope, TraceSpan[]>()));
    const known = byScope.get(span.scope);
    if (known === undefined) byScope.set(span.scope, [span]);
    else known.push(span);
  }
  return byOrigin;
}

/** The name of the service of all spans of a resource. */
export function serviceNameOf(byScope: ReadonlyMap<SpanScope, readonly TraceSpan[]>): string {
  const [spans] = byScope.values();
  return spans?.[0]?.serviceName ?? '';
}
