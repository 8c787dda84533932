import { services } from '@spandrel/service/services';

/** A span as the smoke test reads it from `ps_trace.span`, with the names of its events. */
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

/** What was asked for, and so what the trace should hold. */
export interface ExpectedTrace {
  readonly kind: 'numbers' | 'password';
  /** Whether the request was answered with 500, by an injected fault. */
  readonly failed: boolean;
  /** Which service listens on a port. */
  readonly serviceOnPort: (port: number) => string | undefined;
}

/** The span of generator around its calls of a character service, to the service's name. */
const characterSpans: Readonly<Record<string, string>> = Object.fromEntries(
  services
    .filter(({ name }) => name === 'generator')
    .flatMap(({ calls }) => calls.map((name) => [`generator.${name}s`, name])),
);

/**
 * What a trace lacks.
 *
 * @returns one phrase a fault; none if the trace is whole
 */
export function findFaults(spans: readonly TraceSpan[], expected: ExpectedTrace): readonly string[] {
  if (spans.length === 0) return ['has no span'];
  const trace = new Trace(spans);
  return [
    ...findRootFaults(trace),
    ...trace.orphans().map((span) => `${describe(span)} has a parent that is not there`),
    ...findHopFaults(trace, expected),
    ...(expected.kind === 'numbers' ? findNumbersFaults(trace) : findPasswordFaults(trace)),
    ...(expected.failed ? findErrorFaults(trace) : []),
  ];
}

class Trace {
  readonly spans: readonly TraceSpan[];
  private readonly byId: ReadonlyMap<string, TraceSpan>;
  private readonly byParent = new Map<string | undefined, TraceSpan[]>();

  constructor(spans: readonly TraceSpan[]) {
    this.spans = spans;
    this.byId = new Map(spans.map((span) => [span.spanId, span]));
    for (const span of spans) {
      const siblings = this.byParent.get(span.parentSpanId);
      if (siblings === undefined) this.byParent.set(span.parentSpanId, [span]);
      else siblings.push(span);
    }
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

  parent({ parentSpanId }: TraceSpan): TraceSpan | undefined {
    return parentSpanId === undefined ? undefined : this.byId.get(parentSpanId);
  }

  /** All spans below one, found once each even if the parents go round in a circle. */
  below(span: TraceSpan): readonly TraceSpan[] {
    const found = new Set<TraceSpan>();
    const queue = [span];
    for (const next of queue) {
      for (const child of this.children(next)) {
        if (found.has(child)) continue;
        found.add(child);
        queue.push(child);
      }
    }
    return [...found];
  }

  /** From a span's parent to the root. */
  above(span: TraceSpan): readonly TraceSpan[] {
    const found = new Set<TraceSpan>();
    for (let next = this.parent(span); next !== undefined && !found.has(next); next = this.parent(next))
      found.add(next);
    return [...found];
  }
}

function findRootFaults(trace: Trace): readonly string[] {
  const [root, ...others] = trace.roots();
  if (root === undefined) return ['has no root'];
  const faults = others.length === 0 ? [] : [`has ${others.length + 1} roots`];
  if (root.kind !== 'server') faults.push(`${describe(root)} is the root and no SERVER span`);
  const route = root.tags['http.route'];
  if (typeof route !== 'string' || !root.name.endsWith(` ${route}`)) {
    faults.push(`${describe(root)} is the root and not named by its route (${String(route)})`);
  }
  return faults;
}

/** Every call over HTTP must have been seen at its other end, by the service that it was meant for. */
function findHopFaults(trace: Trace, { serviceOnPort }: ExpectedTrace): readonly string[] {
  return trace.spans.filter(isHttpClient).flatMap((client) => {
    const wanted = serviceOnPort(portCalled(client));
    const servers = trace.children(client).filter(({ kind }) => kind === 'server');
    const [server] = servers;
    if (server === undefined || servers.length > 1)
      return [`${describe(client)} has ${servers.length} SERVER children`];
    if (wanted === undefined) return [`${describe(client)} calls a port that is none of ours`];
    return server.service === wanted ? [] : [`${describe(client)} should reach ${wanted}, not ${server.service}`];
  });
}

function findNumbersFaults(trace: Trace): readonly string[] {
  const faults = [...findAbsentServices(trace, ['frontend', 'backend'])];
  const reachesDatabase = trace.spans.some(({ service, tags }) => service === 'backend' && isPostgres(tags));
  return reachesDatabase ? faults : [...faults, 'does not reach PostgreSQL'];
}

function findPasswordFaults(trace: Trace): readonly string[] {
  const faults = [...findAbsentServices(trace, ['generator'])];
  for (const span of trace.spans) {
    const service = span.service === 'generator' ? characterSpans[span.name] : undefined;
    if (service === undefined) continue;
    const asked = span.events.filter((event) => /^iteration_\d+$/.test(event)).length;
    const served = serversOf(service, trace.below(span)).length;
    if (asked !== served) faults.push(`${span.name} asked ${service} ${asked} times, ${served} arrived`);
  }
  for (const lower of serversOf('lower', trace.spans)) {
    const digits = serversOf('digit', trace.below(lower)).length;
    if (digits !== 1) faults.push(`${describe(lower)} called digit ${digits} times`);
  }
  return faults;
}

/** The error must be told from where it happened up to the root, or nobody who looks at the root finds it. */
function findErrorFaults(trace: Trace): readonly string[] {
  const isError = ({ status }: TraceSpan): boolean => status === 'error';
  const origins = trace.spans.filter(
    (span) => isError(span) && span.service !== 'generator' && !trace.children(span).some(isError),
  );
  if (origins.length === 0) return ['failed, but no span of a character service says ERROR'];
  return origins.flatMap((origin) =>
    trace
      .above(origin)
      .filter((span) => !isError(span))
      .map((span) => `${describe(span)} does not say ERROR although ${describe(origin)} below it does`),
  );
}

function findAbsentServices(trace: Trace, wanted: readonly string[]): readonly string[] {
  const present = new Set(trace.spans.map(({ service }) => service));
  return wanted.filter((service) => !present.has(service)).map((service) => `has no span of ${service}`);
}

function serversOf(service: string, spans: readonly TraceSpan[]): readonly TraceSpan[] {
  return spans.filter((span) => span.service === service && span.kind === 'server');
}

function isHttpClient({ kind, tags }: TraceSpan): boolean {
  return kind === 'client' && (tags['http.request.method'] ?? tags['http.method']) !== undefined;
}

function portCalled({ tags }: TraceSpan): number {
  const url = tags['url.full'] ?? tags['http.url'];
  const port =
    tags['server.port'] ?? tags['net.peer.port'] ?? (typeof url === 'string' ? new URL(url).port : undefined);
  return Number(port);
}

function isPostgres(tags: TraceSpan['tags']): boolean {
  return (tags['db.system.name'] ?? tags['db.system']) === 'postgresql';
}

function describe({ service, name, spanId }: TraceSpan): string {
  return `${service} "${name}" (${spanId})`;
}
