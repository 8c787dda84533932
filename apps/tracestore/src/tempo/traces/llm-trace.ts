import { limits } from '../../limits.js';
import type {
  SpanEvent,
  SpanLink,
  SpanResource,
  SpanScope,
  TraceChunk,
  TraceSpan,
} from '../../query/get-traces/trace-span.js';

/*
 * A trace for language models: JSON without the wrappers of protobuf, so that it is short. Ids are hex, attributes are objects, and
 * spans are grouped by service and scope.
 *
 *     {"trace":{"traceId","services":[{"serviceName","resource":{…},"scopes":[{"name","version","spans":[{
 *       "spanId","name","parentSpanId","kind","startTimeUnixNano","endTimeUnixNano","durationMs","attributes":{…},
 *       "events":[{"name","timeUnixNano","attributes"}],"links":[{"traceId","spanId","attributes"}],
 *       "status":{"code","message"}}]}]}]},"metrics":{}}
 */

interface Service {
  readonly name: string;
  readonly scopes: Map<SpanScope, string[]>;
}

const kindNames = ['UNSPECIFIED', 'INTERNAL', 'SERVER', 'CLIENT', 'PRODUCER', 'CONSUMER'];
const statusNames = ['UNSET', 'OK', 'ERROR'];

const nsPerMs = 1_000_000;

/**
 * Write a trace. Of one that is longer than a model can read, it has the first spans, and says so.
 *
 * @param traceId 32 hex digits
 */
export async function llmTrace(traceId: string, chunks: AsyncIterable<TraceChunk>): Promise<string> {
  const services = new Map<SpanResource, Service>();
  let characters = 0;
  let isCut = false;
  read: for await (const { spans } of chunks) {
    for (const span of spans) {
      const json = spanJson(span);
      characters += json.length;
      isCut = characters > limits.llmTraceCharacters.value;
      if (isCut) break read;
      add(services, span, json);
    }
  }
  const written = [...services].map(
    ([resource, { name, scopes }]) =>
      `{"serviceName":${JSON.stringify(name)},"resource":${resource.attributesJson},"scopes":[${[...scopes]
        .map(
          ([scope, spans]) =>
            `{"name":${JSON.stringify(scope.name)},"version":${JSON.stringify(scope.version)},"spans":[${spans.join(',')}]}`,
        )
        .join(',')}]}`,
  );
  const end = isCut
    ? `,"status":"PARTIAL","message":"The trace exceeds the maximum size of ${limits.llmTraceCharacters.value} characters in this form, a partial response is returned."`
    : '';
  return `{"trace":{"traceId":"${traceId}","services":[${written.join(',')}]},"metrics":{}${end}}`;
}

function add(services: Map<SpanResource, Service>, { resource, serviceName, scope }: TraceSpan, json: string): void {
  let service = services.get(resource);
  if (service === undefined) services.set(resource, (service = { name: serviceName, scopes: new Map() }));
  const spans = service.scopes.get(scope);
  if (spans === undefined) service.scopes.set(scope, [json]);
  else spans.push(json);
}

/** Attributes are stored as plain JSON, which is what this form has. */
function spanJson(span: TraceSpan): string {
  const durationNs = span.endTimeUnixNano - span.startTimeUnixNano;
  const parts = [
    `"spanId":"${span.spanId}","name":${JSON.stringify(span.name)}`,
    ...(span.parentSpanId === '' ? [] : [`"parentSpanId":"${span.parentSpanId}"`]),
    `"kind":"SPAN_KIND_${kindNames[span.kind] ?? 'UNSPECIFIED'}"`,
    `"startTimeUnixNano":"${span.startTimeUnixNano}","endTimeUnixNano":"${span.endTimeUnixNano}"`,
    `"durationMs":${durationNs < 0n ? 0 : Number(durationNs) / nsPerMs}`,
    `"attributes":${span.attributesJson}`,
    ...(span.events.length === 0 ? [] : [`"events":[${span.events.map(eventJson).join(',')}]`]),
    ...(span.links.length === 0 ? [] : [`"links":[${span.links.map(linkJson).join(',')}]`]),
    `"status":{"code":"STATUS_CODE_${statusNames[span.statusCode] ?? 'UNSET'}"${span.statusMessage === '' ? '' : `,"message":${JSON.stringify(span.statusMessage)}`}}`,
  ];
  return `{${parts.join(',')}}`;
}

function eventJson({ name, timeUnixNano, attributesJson }: SpanEvent): string {
  return `{"name":${JSON.stringify(name)},"timeUnixNano":"${timeUnixNano}","attributes":${attributesJson}}`;
}

function linkJson({ traceId, spanId, attributesJson }: SpanLink): string {
  return `{"traceId":"${traceId}","spanId":"${spanId}","attributes":${attributesJson}}`;
}
