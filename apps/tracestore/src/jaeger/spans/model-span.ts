import { attributesFromJson } from '../../storage/attribute-json.js';
import type { KeyValue } from '../../gen/opentelemetry/proto/common/v1/common_pb.js';
import type { SpanEvent, SpanLink, SpanResource, TraceSpan } from '../../query/get-traces/trace-span.js';
import { spanKindOf, statusCodeOf } from '../../query/span-enums.js';
import { textOfValue } from '../../query/value-text.js';

/*
 * A span in Jaeger's older model, which its first storage API and its older HTTP API use. Fields of OTLP that the model does
 * not have become tags, by the same rules as in Jaeger (OpenTelemetry's "OpenTelemetry to Jaeger Transformation").
 */

export type ModelValue =
  | { readonly type: 'string'; readonly value: string }
  | { readonly type: 'bool'; readonly value: boolean }
  | { readonly type: 'int64'; readonly value: bigint }
  | { readonly type: 'float64'; readonly value: number }
  | { readonly type: 'binary'; readonly value: Uint8Array };

export type ModelTag = ModelValue & { readonly key: string };

export interface ModelReference {
  readonly refType: 'CHILD_OF' | 'FOLLOWS_FROM';
  /** 32 hex digits; zeros if a link has no trace id. */
  readonly traceId: string;
  /** 16 hex digits; zeros if a link has no span id. */
  readonly spanId: string;
}

export interface ModelLog {
  readonly timeUnixNano: bigint;
  readonly fields: readonly ModelTag[];
}

export interface ModelProcess {
  readonly serviceName: string;
  readonly tags: readonly ModelTag[];
}

export interface ModelSpan {
  /** 32 hex digits. */
  readonly traceId: string;
  /** 16 hex digits. */
  readonly spanId: string;
  readonly operationName: string;
  readonly references: readonly ModelReference[];
  readonly startTimeUnixNano: bigint;
  /** Never less than 0. */
  readonly durationNs: bigint;
  readonly tags: readonly ModelTag[];
  readonly logs: readonly ModelLog[];
  readonly process: ModelProcess;
}

const noTraceId = '0'.repeat(32);
const noSpanId = '0'.repeat(16);

const processes = new WeakMap<SpanResource, ModelProcess>();

/** @param traceId 32 hex digits */
export function modelSpanOf(traceId: string, span: TraceSpan): ModelSpan {
  return {
    traceId,
    spanId: span.spanId,
    operationName: span.name,
    references: referencesOf(traceId, span),
    startTimeUnixNano: span.startTimeUnixNano,
    durationNs: durationOf(span),
    tags: [...tagsBeforeAttributes(span), ...modelTagsOf(span.attributesJson), ...tagsAfterAttributes(span)],
    logs: span.events.map(logOf),
    process: modelProcessOf(span),
  };
}

/** How long a span took, in ns; never less than 0. */
export function durationOf({ startTimeUnixNano, endTimeUnixNano }: TraceSpan): bigint {
  return endTimeUnixNano < startTimeUnixNano ? 0n : endTimeUnixNano - startTimeUnixNano;
}

/** Returns the process of a resource, the same object for the same one. Its service name is that of lists and searches. */
export function modelProcessOf({ resource, serviceName }: TraceSpan): ModelProcess {
  let process = processes.get(resource);
  if (process === undefined) {
    process = { serviceName, tags: modelTagsOf(resource.attributesJson).filter(({ key }) => key !== 'service.name') };
    processes.set(resource, process);
  }
  return process;
}

/** Returns the tags of the fields of OTLP that come before the attributes. */
export function tagsBeforeAttributes({ scope }: TraceSpan): readonly ModelTag[] {
  const tags: ModelTag[] = [];
  if (scope.name !== '') tags.push(text('otel.scope.name', scope.name));
  if (scope.version !== '') tags.push(text('otel.scope.version', scope.version));
  return tags;
}

/** Returns the tags of the fields of OTLP that come after the attributes. */
export function tagsAfterAttributes(span: TraceSpan): readonly ModelTag[] {
  const kind = spanKindOf(span.kind);
  const status = statusCodeOf(span.statusCode);
  const tags: ModelTag[] = [];
  if (kind !== 'unspecified') tags.push(text('span.kind', kind));
  if (status !== 'unset') tags.push(text('otel.status_code', status.toUpperCase()));
  if (status === 'error') tags.push({ key: 'error', type: 'bool', value: true });
  if (span.statusMessage !== '') tags.push(text('otel.status_description', span.statusMessage));
  if (span.traceState !== '') tags.push(text('w3c.tracestate', span.traceState));
  return tags;
}

/** @param attributesJson as attribute-json.ts writes it */
export function modelTagsOf(attributesJson: string): readonly ModelTag[] {
  return attributesJson === '{}' ? [] : attributesFromJson(attributesJson).map(tagOf);
}

/** Returns the references, the parent first, where clients expect it. */
export function referencesOf(traceId: string, { parentSpanId, links }: TraceSpan): readonly ModelReference[] {
  const isParent = (link: SpanLink): boolean =>
    parentSpanId !== '' && link.traceId === traceId && link.spanId === parentSpanId;
  // A link to the parent has the type of the reference; the last one counts.
  const toParent = links.findLast(isParent);
  const parent: ModelReference = {
    refType: toParent === undefined ? 'CHILD_OF' : refTypeOf(toParent),
    traceId,
    spanId: parentSpanId,
  };
  return [
    ...(parentSpanId === '' ? [] : [parent]),
    ...links
      .filter((link) => !isParent(link))
      .map((link) => ({
        refType: refTypeOf(link),
        traceId: link.traceId || noTraceId,
        spanId: link.spanId || noSpanId,
      })),
  ];
}

function refTypeOf({ attributesJson }: SpanLink): ModelReference['refType'] {
  if (attributesJson === '{}') return 'FOLLOWS_FROM';
  const attribute = attributesFromJson(attributesJson).find(({ key }) => key === 'opentracing.ref_type');
  const value = attribute?.value?.value;
  return value?.case === 'stringValue' && value.value === 'child_of' ? 'CHILD_OF' : 'FOLLOWS_FROM';
}

function logOf(event: SpanEvent): ModelLog {
  const fields = modelTagsOf(event.attributesJson);
  const hasName = fields.some(({ key }) => key === 'event');
  return { timeUnixNano: event.timeUnixNano, fields: hasName ? fields : [...tagsOfName(event), ...fields] };
}

/** Returns the tag of the name of an event, if it has one. An attribute of the same key comes instead. */
export function tagsOfName({ name }: SpanEvent): readonly ModelTag[] {
  return name === '' ? [] : [text('event', name)];
}

function text(key: string, value: string): ModelTag {
  return { key, type: 'string', value };
}

function tagOf({ key, value }: KeyValue): ModelTag {
  const content = value?.value;
  switch (content?.case) {
    case 'stringValue':
      return text(key, content.value);
    case 'boolValue':
      return { key, type: 'bool', value: content.value };
    case 'intValue':
      return { key, type: 'int64', value: content.value };
    case 'doubleValue':
      return { key, type: 'float64', value: content.value };
    case 'bytesValue':
      return { key, type: 'binary', value: content.value };
    case 'arrayValue':
    case 'kvlistValue':
      return text(key, goJson(textOfValue(value)));
    default:
      return text(key, '');
  }
}

/** Writes JSON as Go does, with HTML characters escaped. */
function goJson(json: string): string {
  return json.replaceAll(
    /[<>&\u2028\u2029]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}
