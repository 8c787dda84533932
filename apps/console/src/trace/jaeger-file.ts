import type { Attributes, SpanDetails } from '../api/types.ts';
import { nanosecondsOf, shortIdOf, TraceFileError } from './file-trace.ts';

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

/** The spans of a trace. @throws TraceFileError if an id is not hexadecimal */
export function* spansOfJaeger({ traceID, spans, processes }: JaegerTrace): Generator<SpanDetails> {
  const known = new Map(Object.entries(processes ?? {}).map(([id, process]) => [id, processOf(process)] as const));
  for (const span of spans) {
    const traceId = shortIdOf(span.traceID ?? traceID, 32, 'traceID');
    const { service, resource } =
      (span.process === null || span.process === undefined
        ? known.get(span.processID ?? '')
        : processOf(span.process)) ?? processOf({});
    const tags = span.tags ?? [];
    const tag = (key: string): unknown => tags.find((each) => each.key === key)?.value;
    const { parentSpanId, links } = referencesOf(span, traceId);
    const startNs = nanosecondsOf(span.startTime);
    const isFailed = tag('error') === true || tag('error') === 'true';
    const statusCode = statusCodes.get(tag('otel.status_code')) ?? (isFailed ? 2 : 0);
    yield {
      traceId,
      spanId: shortIdOf(span.spanID, 16, 'spanID'),
      parentSpanId,
      service,
      name: span.operationName ?? '',
      kind: kinds.get(tag('span.kind')) ?? 0,
      startTimeUnixNano: String(startNs),
      endTimeUnixNano: String(startNs + nanosecondsOf(span.duration)),
      traceState: textOf(tag('w3c.tracestate')),
      flags: 0,
      status: { code: statusCode, message: textOf(tag('otel.status_description')) },
      // OpenTelemetry's exporters repeat the status in this tag.
      attributes: attributesOf(
        tags.filter(({ key = '' }) => !fieldTags.has(key) && !(key === 'error' && isFailed && statusCode === 2)),
      ),
      droppedAttributes: 0,
      events: (span.logs ?? []).map(({ timestamp, fields }) => {
        const event = (fields ?? []).find(({ key, value }) => key === 'event' && typeof value === 'string');
        return {
          timeUnixNano: String(nanosecondsOf(timestamp)),
          name: textOf(event?.value),
          attributes: attributesOf((fields ?? []).filter((field) => field !== event)),
          droppedAttributes: 0,
        };
      }),
      droppedEvents: 0,
      links,
      droppedLinks: 0,
      resource,
      scope: {
        name: textOf(tag('otel.scope.name') ?? tag('otel.library.name')),
        version: textOf(tag('otel.scope.version') ?? tag('otel.library.version')),
        attributes: {},
        droppedAttributes: 0,
        schemaUrl: '',
      },
    };
  }
}

function processOf({ serviceName = '', tags }: JaegerProcess): Pick<SpanDetails, 'service' | 'resource'> {
  const service = serviceName === '' ? 'unknown_service' : serviceName;
  return {
    service,
    resource: {
      attributes: { 'service.name': service, ...attributesOf(tags ?? []) },
      droppedAttributes: 0,
      schemaUrl: '',
    },
  };
}

/** The first reference to a span of the trace is the parent, a CHILD_OF before a FOLLOWS_FROM. All others are links. */
function referencesOf(span: JaegerSpan, traceId: string): Pick<SpanDetails, 'parentSpanId' | 'links'> {
  const references = (span.references ?? []).map(({ refType, traceID, spanID }) => ({
    isChildOf: refType === 'CHILD_OF',
    traceId: shortIdOf(traceID, 32, 'traceID of a reference'),
    spanId: shortIdOf(spanID, 16, 'spanID of a reference'),
  }));
  const own = references.filter((reference) => reference.traceId === traceId);
  const parent = own.find(({ isChildOf }) => isChildOf) ?? own[0];
  const oldParent = (span.parentSpanID ?? '') === '' ? null : shortIdOf(span.parentSpanID, 16, 'parentSpanID');
  return {
    parentSpanId: parent?.spanId ?? oldParent,
    links: references
      .filter((reference) => reference !== parent || !reference.isChildOf)
      .map((reference) => ({
        traceId: reference.traceId,
        spanId: reference.spanId,
        traceState: '',
        attributes: reference.isChildOf ? { 'opentracing.ref_type': 'child_of' } : {},
        droppedAttributes: 0,
      })),
  };
}

function attributesOf(tags: readonly JaegerTag[]): Attributes {
  return Object.fromEntries(tags.map(({ key = '', type, value }) => [key, valueOf(type, value)]));
}

function valueOf(type: string | undefined, value: unknown): unknown {
  if (type === 'binary') return { bytesValue: textOf(value) };
  if (type === 'bool' && typeof value === 'string') return value === 'true';
  if (type === 'int64' && typeof value === 'string' && /^-?\d+$/.test(value)) {
    return Number.isSafeInteger(Number(value)) ? Number(value) : BigInt(value);
  }
  return value ?? null;
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : '';
}
