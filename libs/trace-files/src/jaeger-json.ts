import { nanosecondsOf, shortIdOf, TraceFileError } from './fields.js';
import type { OtlpAttribute, OtlpLink, OtlpResourceSpans, OtlpScope, OtlpSpan, OtlpValue } from './otlp-json.js';

/*
 * Traces in the JSON of Jaeger's UI and its HTTP API: `{"data": [{"traceID", "spans", "processes"}]}`, times in microseconds.
 * Tags that hold fields of OTLP become these fields, by the rules of OpenTelemetry's "Jaeger to OpenTelemetry Transformation".
 */

interface JaegerTag {
  readonly key?: string;
  readonly type?: string;
  readonly value?: unknown;
}
interface JaegerReference {
  readonly refType?: string;
  readonly traceID?: string;
  readonly spanID?: string;
}
interface JaegerProcess {
  readonly serviceName?: string;
  readonly tags?: readonly JaegerTag[] | null;
}
interface JaegerSpan {
  readonly traceID?: string;
  readonly spanID?: string;
  /** Of old versions, which had no references. */
  readonly parentSpanID?: string;
  readonly operationName?: string;
  readonly references?: readonly JaegerReference[] | null;
  readonly startTime?: number | bigint;
  readonly duration?: number | bigint;
  readonly tags?: readonly JaegerTag[] | null;
  readonly logs?:
    readonly { readonly timestamp?: number | bigint; readonly fields?: readonly JaegerTag[] | null }[] | null;
  readonly processID?: string;
  readonly process?: JaegerProcess | null;
}
export interface JaegerTrace {
  readonly traceID?: string;
  readonly spans: readonly JaegerSpan[];
  readonly processes?: Readonly<Record<string, JaegerProcess>> | null;
}
/** What Jaeger's HTTP API returns. */
export interface JaegerDocument {
  readonly data: readonly JaegerTrace[] | null;
  readonly errors?: readonly { readonly msg?: string }[] | null;
}

const kinds: ReadonlyMap<unknown, number> = new Map([
  ['internal', 1],
  ['server', 2],
  ['client', 3],
  ['producer', 4],
  ['consumer', 5],
]);
const statusCodes: ReadonlyMap<unknown, number> = new Map([
  ['UNSET', 0],
  ['OK', 1],
  ['ERROR', 2],
]);

/** Tags that hold fields of OTLP. */
const fieldTags: ReadonlySet<string> = new Set([
  'span.kind',
  'otel.status_code',
  'otel.status_description',
  'w3c.tracestate',
  'otel.scope.name',
  'otel.scope.version',
  'otel.library.name',
  'otel.library.version',
]);

/** Whether a value is a trace of Jaeger. */
export function isJaegerTrace(value: unknown): value is JaegerTrace {
  return typeof value === 'object' && value !== null && 'spans' in value && Array.isArray(value.spans);
}

/**
 * The traces of a response of Jaeger's HTTP API.
 *
 * @throws TraceFileError if Jaeger returned an error
 */
export function jaegerTracesOf({ data, errors }: JaegerDocument): readonly JaegerTrace[] {
  const message = errors?.[0]?.msg;
  if ((data ?? []).length === 0 && message !== undefined) {
    throw new TraceFileError(`it has an error of Jaeger instead of traces: ${message}`);
  }
  return data ?? [];
}

/**
 * The spans of a trace in OTLP's JSON, grouped by process and scope, in the order of the trace. The types of tags stay:
 * a `float64` of 5 is a double, an `int64` of 5 an integer.
 *
 * @throws TraceFileError if an id is not hexadecimal
 */
export function otlpOfJaeger({ traceID, spans, processes }: JaegerTrace): readonly OtlpResourceSpans[] {
  const groups = new Map<JaegerProcess, Map<string, { readonly scope: OtlpScope; readonly spans: OtlpSpan[] }>>();
  for (const span of spans) {
    const process = span.process ?? processes?.[span.processID ?? ''] ?? {};
    const scopes = groups.get(process) ?? new Map<string, { readonly scope: OtlpScope; readonly spans: OtlpSpan[] }>();
    groups.set(process, scopes);
    const scope = scopeOf(span);
    const key = JSON.stringify(scope);
    const group = scopes.get(key) ?? { scope, spans: [] };
    scopes.set(key, group);
    group.spans.push(spanOf(span, traceID));
  }
  return [...groups].map(([process, scopes]) => ({
    resource: { attributes: resourceAttributesOf(process) },
    scopeSpans: [...scopes.values()],
  }));
}

function spanOf(span: JaegerSpan, traceIdOfTrace: string | undefined): OtlpSpan {
  const traceId = shortIdOf(span.traceID ?? traceIdOfTrace, 32, 'traceID');
  const tags = span.tags ?? [];
  const { parentSpanId, links } = referencesOf(span, traceId);
  const startNs = nanosecondsOf(span.startTime);
  const isFailed = tagOf(span, 'error') === true || tagOf(span, 'error') === 'true';
  const statusCode = statusCodes.get(tagOf(span, 'otel.status_code')) ?? (isFailed ? 2 : 0);
  return {
    traceId,
    spanId: shortIdOf(span.spanID, 16, 'spanID'),
    ...(parentSpanId !== undefined && { parentSpanId }),
    name: span.operationName ?? '',
    kind: kinds.get(tagOf(span, 'span.kind')) ?? 0,
    startTimeUnixNano: String(startNs),
    endTimeUnixNano: String(startNs + nanosecondsOf(span.duration)),
    traceState: textOf(tagOf(span, 'w3c.tracestate')),
    status: { code: statusCode, message: textOf(tagOf(span, 'otel.status_description')) },
    // OpenTelemetry's exporters repeat the status in the tag `error`.
    attributes: tags
      .filter(({ key = '' }) => !fieldTags.has(key) && !(key === 'error' && isFailed && statusCode === 2))
      .map(attributeOf),
    events: (span.logs ?? []).map(({ timestamp, fields }) => {
      const event = (fields ?? []).find(({ key, value }) => key === 'event' && typeof value === 'string');
      return {
        timeUnixNano: String(nanosecondsOf(timestamp)),
        name: textOf(event?.value),
        attributes: (fields ?? []).filter((field) => field !== event).map(attributeOf),
      };
    }),
    links,
  };
}

function tagOf({ tags }: JaegerSpan, key: string): unknown {
  return tags?.find((tag) => tag.key === key)?.value;
}

function scopeOf(span: JaegerSpan): OtlpScope {
  return {
    name: textOf(tagOf(span, 'otel.scope.name') ?? tagOf(span, 'otel.library.name')),
    version: textOf(tagOf(span, 'otel.scope.version') ?? tagOf(span, 'otel.library.version')),
  };
}

/** Without a name there is no `service.name`: every reader of OTLP calls such a service `unknown_service`. */
function resourceAttributesOf({ serviceName = '', tags }: JaegerProcess): readonly OtlpAttribute[] {
  return [
    ...(serviceName === '' ? [] : [{ key: 'service.name', value: { stringValue: serviceName } }]),
    ...(tags ?? []).map(attributeOf),
  ];
}

/** The first reference to a span of the trace is the parent, a CHILD_OF before a FOLLOWS_FROM. All others are links. */
function referencesOf(
  span: JaegerSpan,
  traceId: string,
): { readonly parentSpanId: string | undefined; readonly links: readonly OtlpLink[] } {
  const references = (span.references ?? []).map(({ refType, traceID, spanID }) => ({
    isChildOf: refType === 'CHILD_OF',
    traceId: shortIdOf(traceID, 32, 'traceID of a reference'),
    spanId: shortIdOf(spanID, 16, 'spanID of a reference'),
  }));
  const own = references.filter((reference) => reference.traceId === traceId);
  const parent = own.find(({ isChildOf }) => isChildOf) ?? own[0];
  const oldParent = (span.parentSpanID ?? '') === '' ? undefined : shortIdOf(span.parentSpanID, 16, 'parentSpanID');
  return {
    parentSpanId: parent?.spanId ?? oldParent,
    links: references
      .filter((reference) => reference !== parent || !reference.isChildOf)
      .map((reference) => ({
        traceId: reference.traceId,
        spanId: reference.spanId,
        attributes: reference.isChildOf ? [{ key: 'opentracing.ref_type', value: { stringValue: 'child_of' } }] : [],
      })),
  };
}

function attributeOf({ key = '', type, value }: JaegerTag): OtlpAttribute {
  return { key, value: valueOf(type, value) };
}

function valueOf(type: string | undefined, value: unknown): OtlpValue {
  if (type === 'binary') return { bytesValue: textOf(value) };
  if (type === 'bool' && typeof value === 'string') return { boolValue: value === 'true' };
  if (type === 'int64' && typeof value === 'string' && /^-?\d+$/.test(value)) return { intValue: value };
  switch (typeof value) {
    case 'string':
      return { stringValue: value };
    case 'boolean':
      return { boolValue: value };
    case 'bigint':
      return type === 'float64' ? { doubleValue: Number(value) } : { intValue: String(value) };
    case 'number':
      return type === 'float64' || !Number.isInteger(value) ? { doubleValue: value } : { intValue: String(value) };
    default:
      return value === null || value === undefined ? {} : { stringValue: JSON.stringify(value) };
  }
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : '';
}
