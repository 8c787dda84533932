/** Traces from OTLP's JSON, with what TraceQL computes from a whole trace. */
import type { OtlpAttribute, OtlpDocument, OtlpSpan, OtlpValue } from '@spandrel/trace-files';
import type { SpanKind, SpanStatus, Static } from '@spandrel/traceql';

/**
 * The value of an attribute: a constant, or an array of constants of one type. Undefined is a value that TraceQL cannot
 * see: an array of several types, an object, bytes. An array of one element is that element.
 */
export type AttributeValue = Static | readonly Static[] | undefined;

export type Attributes = ReadonlyMap<string, AttributeValue>;

export interface EventModel {
  readonly name: string;
  readonly time: bigint;
  readonly attributes: Attributes;
}

export interface LinkModel {
  readonly traceId: string;
  readonly spanId: string;
  readonly attributes: Attributes;
}

export interface SpanModel {
  readonly trace: TraceModel;
  readonly spanId: string;
  /** Empty for a root. */
  readonly parentSpanId: string;
  readonly name: string;
  readonly kind: SpanKind;
  readonly status: SpanStatus;
  readonly statusMessage: string;
  /** Nanoseconds since 1970. */
  readonly start: bigint;
  readonly end: bigint;
  readonly attributes: Attributes;
  readonly resource: Attributes;
  readonly scopeName: string;
  readonly scopeVersion: string;
  readonly scope: Attributes;
  readonly events: readonly EventModel[];
  readonly links: readonly LinkModel[];
}

/** The place of a span in its trace. Spans that no root leads to have zeros. */
export interface Placement {
  readonly left: number;
  readonly right: number;
  /** The left number of the parent, -1 at a root. */
  readonly parent: number;
  readonly children: number;
}

export interface TraceModel {
  readonly traceId: string;
  /** By start time, then by id. */
  readonly spans: readonly SpanModel[];
  readonly placements: ReadonlyMap<SpanModel, Placement>;
  /** The earliest span without a parent. */
  readonly root: SpanModel | undefined;
}

const unnumbered: Placement = { left: 0, right: 0, parent: 0, children: 0 };
const kinds: readonly SpanKind[] = ['unspecified', 'internal', 'server', 'client', 'producer', 'consumer'];
const statuses: readonly SpanStatus[] = ['unset', 'ok', 'error'];

type MutableTrace = { -readonly [Key in keyof TraceModel]: TraceModel[Key] };

/** Reads requests; spans of one trace may be in several. The order of traces is that of their ids. */
export function readTraces(documents: readonly OtlpDocument[]): readonly TraceModel[] {
  const traces = new Map<string, MutableTrace>();
  const spansOf = new Map<MutableTrace, SpanModel[]>();
  for (const { resourceSpans = [] } of documents)
    for (const { resource, scopeSpans = [] } of resourceSpans) {
      const resourceAttributes = readAttributes(resource?.attributes);
      for (const { scope, spans = [] } of scopeSpans)
        for (const span of spans) {
          const traceId = span.traceId?.toLowerCase() ?? '';
          const trace = traces.get(traceId) ?? { traceId, spans: [], placements: new Map(), root: undefined };
          traces.set(traceId, trace);
          const model = readSpan(span, trace, resourceAttributes, {
            scopeName: scope?.name ?? '',
            scopeVersion: scope?.version ?? '',
            scope: readAttributes(scope?.attributes),
          });
          spansOf.set(trace, [...(spansOf.get(trace) ?? []), model]);
        }
    }
  for (const [trace, spans] of spansOf) {
    trace.spans = spans.toSorted(compareSpans);
    trace.placements = placeSpans(trace.spans);
    trace.root = trace.spans.find(({ parentSpanId }) => parentSpanId === '');
  }
  return [...traces.values()].toSorted((a, b) => (a.traceId < b.traceId ? -1 : 1));
}

/** The place of a span; zeros if it has none. */
export function placementOf(span: SpanModel): Placement {
  return span.trace.placements.get(span) ?? unnumbered;
}

function readSpan(
  span: OtlpSpan,
  trace: TraceModel,
  resource: Attributes,
  scope: Pick<SpanModel, 'scope' | 'scopeName' | 'scopeVersion'>,
): SpanModel {
  const start = BigInt(span.startTimeUnixNano ?? 0);
  const end = BigInt(span.endTimeUnixNano ?? 0);
  return {
    trace,
    spanId: readSpanId(span.spanId),
    parentSpanId: readSpanId(span.parentSpanId),
    name: span.name ?? '',
    kind: kinds[span.kind ?? 0] ?? 'unspecified',
    status: statuses[span.status?.code ?? 0] ?? 'unset',
    statusMessage: span.status?.message ?? '',
    start,
    // A span that ends before it starts has no duration.
    end: end > start ? end : start,
    attributes: readAttributes(span.attributes),
    resource,
    ...scope,
    events: (span.events ?? []).map(({ name = '', timeUnixNano = 0, attributes }) => ({
      name,
      time: BigInt(timeUnixNano),
      attributes: readAttributes(attributes),
    })),
    links: (span.links ?? []).map(({ traceId = '', spanId = '', attributes }) => ({
      traceId: traceId.toLowerCase(),
      spanId: spanId.toLowerCase(),
      attributes: readAttributes(attributes),
    })),
  };
}

function readSpanId(id = ''): string {
  return /^0*$/.test(id) ? '' : id.toLowerCase();
}

/** Of attributes with the same key the first one counts. */
function readAttributes(attributes: readonly OtlpAttribute[] = []): Attributes {
  return new Map(attributes.map(({ key = '', value }) => [key, readValue(value)] as const).toReversed());
}

function readValue(value: OtlpValue | undefined): AttributeValue {
  if (value?.arrayValue !== undefined) {
    const elements = (value.arrayValue.values ?? []).map(readScalar);
    const [first] = elements;
    if (elements.some((element) => element === undefined || element.type !== first?.type)) return undefined;
    return elements.length === 1 ? first : (elements as readonly Static[]);
  }
  return readScalar(value);
}

function readScalar(value: OtlpValue | undefined): Static | undefined {
  if (value?.stringValue !== undefined) return { type: 'string', value: value.stringValue };
  if (value?.boolValue !== undefined) return { type: 'bool', value: value.boolValue };
  if (value?.intValue !== undefined) return { type: 'int', value: BigInt(value.intValue) };
  if (value?.doubleValue !== undefined) return { type: 'float', value: Number(value.doubleValue) };
  return undefined;
}

function compareSpans(a: SpanModel, b: SpanModel): number {
  if (a.start !== b.start) return a.start < b.start ? -1 : 1;
  if (a.spanId !== b.spanId) return a.spanId < b.spanId ? -1 : 1;
  return kinds.indexOf(b.kind) - kinds.indexOf(a.kind);
}

/** Roots without numbers: a root has the parent -1, whatever else the trace has. */
function placeRoots(spans: readonly SpanModel[]): ReadonlyMap<SpanModel, Placement> {
  const clients = new Set(spans.filter(({ kind }) => kind === 'client').map(({ spanId }) => spanId));
  const roots = spans.filter(
    ({ parentSpanId, spanId, kind }) => parentSpanId === '' && !(kind === 'server' && clients.has(spanId)),
  );
  return new Map(roots.map((span) => [span, { ...unnumbered, parent: -1 }]));
}

/**
 * Numbers the spans of a trace, depth first from every root. Client and server of one id, as Zipkin writes them, are
 * parent and child, and the children of the id belong to the server. A trace with other duplicates has no numbers; only
 * its roots are known.
 */
function placeSpans(spans: readonly SpanModel[]): ReadonlyMap<SpanModel, Placement> {
  const byId = Map.groupBy(spans, ({ spanId }) => spanId);
  const pairs = new Map<SpanModel, SpanModel>();
  for (const same of byId.values()) {
    if (same.length === 1) continue;
    const client = same.find(({ kind }) => kind === 'client');
    const server = same.find(({ kind }) => kind === 'server');
    if (same.length > 2 || client === undefined || server === undefined) return placeRoots(spans);
    pairs.set(server, client);
  }
  const children = new Map<SpanModel | undefined, SpanModel[]>();
  for (const span of spans) {
    const parents = byId.get(span.parentSpanId) ?? [];
    const parent = pairs.get(span) ?? parents.find((candidate) => pairs.has(candidate)) ?? parents[0];
    if (parent === undefined && span.parentSpanId !== '') continue;
    children.set(parent, [...(children.get(parent) ?? []), span]);
  }
  const placements = new Map<SpanModel, Placement>();
  let counter = 0;
  for (const root of children.get(undefined) ?? []) place(root, -1);
  return placements;

  function place(span: SpanModel, parent: number): void {
    counter += 1;
    const left = counter;
    const own = children.get(span) ?? [];
    for (const child of own) place(child, left);
    counter += 1;
    placements.set(span, { left, right: counter, parent, children: own.length });
  }
}
