import { services } from '@spandrel/service/services';

/** A span of `ps_trace.span` with the names of its events. */
export interface TraceSpan {
  readonly spanId: string;
  /** undefined for a root. */
  readonly parentSpanId: string | undefined;
  readonly service: string;
  readonly name: string;
  readonly kind: string;
  readonly status: string;
  readonly tags: Readonly<Record<string, unknown>>;
  readonly events: readonly string[];
}

/** The request that caused a trace. */
export interface ExpectedTrace {
  readonly kind: 'numbers' | 'password';
  /** Whether an injected fault failed the request. */
  readonly failed: boolean;
  /** The service that listens on a port. */
  readonly serviceOnPort: (port: number) => string | undefined;
}

/** The span of generator around its calls of a character service, to the service's name. */
const characterSpans: Readonly<Record<string, string>> = Object.fromEntries(
  services
    .filter(({ name }) => name === 'generator')
    .flatMap(({ calls }) => calls.map((name) => [`generator.${name}s`, name])),
);

/** Finds the defects of a trace. @returns a phrase for each, none when the trace is whole */
export function findDefects(spans: readonly TraceSpan[], expected: ExpectedTrace): readonly string[] {
  if (spans.length === 0) return ['has no span'];
  const trace = new Trace(spans);
  const ofKind = expected.kind === 'numbers' ? numbersDefects(trace) : passwordDefects(trace);
  return [
    ...rootDefects(trace),
    ...trace.orphans().map((span) => `${describe(span)} has a parent that is missing`),
    ...callDefects(trace, expected),
    ...ofKind,
    ...(expected.failed ? errorDefects(trace) : []),
  ];
}

class Trace {
  readonly spans: readonly TraceSpan[];
  private readonly byId: ReadonlyMap<string, TraceSpan>;
  private readonly byParent: ReadonlyMap<string | undefined, readonly TraceSpan[]>;

  constructor(spans: readonly TraceSpan[]) {
    this.spans = spans;
    this.byId = new Map(spans.map((span) => [span.spanId, span]));
    this.byParent = Map.groupBy(spans, ({ parentSpanId }) => parentSpanId);
  }

  roots(): readonly TraceSpan[] {
    return this.byParent.get(undefined) ?? [];
  }

  orphans(): readonly TraceSpan[] {
    return this.spans.filter(({ parentSpanId }) => parentSpanId !== undefined && !this.byId.has(parentSpanId));
  }

  children({ spanId }: TraceSpan): readonly TraceSpan[] {
    return this.byParent.get(spanId) ?? [];
  }

  /** The descendants of a span, once each even where parents form a cycle. */
  below(span: TraceSpan): readonly TraceSpan[] {
    const found = new Set(this.children(span));
    for (const next of found) for (const child of this.children(next)) found.add(child);
    return [...found];
  }

  /** The ancestors of a span, from its parent to the root. */
  above(span: TraceSpan): readonly TraceSpan[] {
    const parentOf = ({ parentSpanId = '' }: TraceSpan): TraceSpan | undefined => this.byId.get(parentSpanId);
    const found = new Set<TraceSpan>();
    for (let next = parentOf(span); next !== undefined && !found.has(next); next = parentOf(next)) found.add(next);
    return [...found];
  }
}

function rootDefects(trace: Trace): readonly string[] {
  const [root, ...others] = trace.roots();
  if (root === undefined) return ['has no root'];
  const route = root.tags['http.route'];
  return [
    ...(others.length === 0 ? [] : [`has ${others.length + 1} roots`]),
    ...(root.kind === 'server' ? [] : [`${describe(root)} is the root but not a SERVER span`]),
    ...(typeof route === 'string' && root.name.endsWith(` ${route}`)
      ? []
      : [`${describe(root)} is the root but not named after its route ${String(route)}`]),
  ];
}

/** Every HTTP call needs one SERVER span, of the service that listens on the port. */
function callDefects(trace: Trace, { serviceOnPort }: ExpectedTrace): readonly string[] {
  const isCall = ({ kind, tags }: TraceSpan): boolean =>
    kind === 'client' && (tags['http.request.method'] ?? tags['http.method']) !== undefined;
  return trace.spans.filter(isCall).flatMap((call) => {
    const [server, ...others] = trace.children(call).filter(({ kind }) => kind === 'server');
    const expected = serviceOnPort(portOf(call));
    if (server === undefined) return [`${describe(call)} has no SERVER child`];
    if (others.length > 0) return [`${describe(call)} has ${others.length + 1} SERVER children`];
    if (expected === undefined) return [`${describe(call)} calls a port of another system`];
    return server.service === expected ? [] : [`${describe(call)} reached ${server.service} instead of ${expected}`];
  });
}

function numbersDefects(trace: Trace): readonly string[] {
  const isPostgres = ({ service, tags }: TraceSpan): boolean =>
    service === 'backend' && (tags['db.system.name'] ?? tags['db.system']) === 'postgresql';
  return [
    ...missingServices(trace, ['frontend', 'backend']),
    ...(trace.spans.some(isPostgres) ? [] : ['does not reach PostgreSQL']),
  ];
}

function passwordDefects(trace: Trace): readonly string[] {
  const serverCount = (service: string, spans: readonly TraceSpan[]): number =>
    spans.filter((span) => span.service === service && span.kind === 'server').length;
  const defects = trace.spans.flatMap((span) => {
    if (span.service === 'lower' && span.kind === 'server') {
      const digits = serverCount('digit', trace.below(span));
      return digits === 1 ? [] : [`${describe(span)} called digit ${digits} times`];
    }
    const service = span.service === 'generator' ? characterSpans[span.name] : undefined;
    if (service === undefined) return [];
    const calls = span.events.filter((event) => /^iteration_\d+$/.test(event)).length;
    const served = serverCount(service, trace.below(span));
    return calls === served ? [] : [`${span.name} called ${service} ${calls} times, ${served} arrived`];
  });
  return [...missingServices(trace, ['generator']), ...defects];
}

/** An error must be visible from its origin up to the root, where users look first. */
function errorDefects(trace: Trace): readonly string[] {
  const isError = ({ status }: TraceSpan): boolean => status === 'error';
  const origins = trace.spans.filter(
    (span) => isError(span) && span.service !== 'generator' && !trace.children(span).some(isError),
  );
  if (origins.length === 0) return ['failed, but no span of a character service has the status ERROR'];
  return origins.flatMap((origin) =>
    trace
      .above(origin)
      .filter((span) => !isError(span))
      .map((span) => `${describe(span)} does not have the status ERROR although ${describe(origin)} below it does`),
  );
}

function missingServices(trace: Trace, expected: readonly string[]): readonly string[] {
  return expected
    .filter((name) => trace.spans.every(({ service }) => service !== name))
    .map((name) => `has no span of ${name}`);
}

function portOf({ tags }: TraceSpan): number {
  const url = tags['url.full'] ?? tags['http.url'];
  return Number(tags['server.port'] ?? tags['net.peer.port'] ?? (typeof url === 'string' ? new URL(url).port : ''));
}

function describe({ service, name, spanId }: TraceSpan): string {
  return `${service} "${name}" (${spanId})`;
}
