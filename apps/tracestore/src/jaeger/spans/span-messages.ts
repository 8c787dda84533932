import { create, fromJson, type JsonValue } from '@bufbuild/protobuf';
import { attributesFromJson } from '../../otlp/attribute-json.js';
import {
  EntityRefSchema,
  type InstrumentationScope,
  InstrumentationScopeSchema,
  type KeyValue,
} from '../../otlp/gen/opentelemetry/proto/common/v1/common_pb.js';
import { type Resource, ResourceSchema } from '../../otlp/gen/opentelemetry/proto/resource/v1/resource_pb.js';
import {
  type Span,
  type Span_Event,
  Span_EventSchema,
  type Span_Link,
  Span_LinkSchema,
  SpanSchema,
} from '../../otlp/gen/opentelemetry/proto/trace/v1/trace_pb.js';
import type { SpanEvent, SpanLink, SpanResource, SpanScope, TraceSpan } from '../../query/get-traces/trace-span.js';

/** A stored span as OTLP's message. @param traceId 32 hex digits */
export function spanMessage(traceId: string, span: TraceSpan): Span {
  return create(SpanSchema, {
    traceId: bytesOf(traceId),
    spanId: bytesOf(span.spanId),
    parentSpanId: bytesOf(span.parentSpanId),
    traceState: span.traceState,
    flags: span.flags,
    name: span.name,
    kind: span.kind,
    startTimeUnixNano: span.startTimeUnixNano,
    endTimeUnixNano: span.endTimeUnixNano,
    attributes: attributesOf(span.attributesJson),
    droppedAttributesCount: span.droppedAttributesCount,
    events: span.events.map(eventMessage),
    droppedEventsCount: span.droppedEventsCount,
    links: span.links.map(linkMessage),
    droppedLinksCount: span.droppedLinksCount,
    // Most spans have neither, and then no status.
    ...(span.statusCode !== 0 || span.statusMessage !== ''
      ? { status: { code: span.statusCode, message: span.statusMessage } }
      : {}),
  });
}

export function resourceMessage(resource: SpanResource): Resource {
  const entityRefs = JSON.parse(resource.entityRefsJson || '[]') as readonly JsonValue[];
  return create(ResourceSchema, {
    attributes: attributesOf(resource.attributesJson),
    droppedAttributesCount: resource.droppedAttributesCount,
    entityRefs: entityRefs.map((reference) => fromJson(EntityRefSchema, reference)),
  });
}

export function scopeMessage(scope: SpanScope): InstrumentationScope {
  return create(InstrumentationScopeSchema, {
    name: scope.name,
    version: scope.version,
    attributes: attributesOf(scope.attributesJson),
    droppedAttributesCount: scope.droppedAttributesCount,
  });
}

function eventMessage(event: SpanEvent): Span_Event {
  return create(Span_EventSchema, {
    timeUnixNano: event.timeUnixNano,
    name: event.name,
    attributes: attributesOf(event.attributesJson),
    droppedAttributesCount: event.droppedAttributesCount,
  });
}

function linkMessage(link: SpanLink): Span_Link {
  return create(Span_LinkSchema, {
    traceId: bytesOf(link.traceId),
    spanId: bytesOf(link.spanId),
    traceState: link.traceState,
    flags: link.flags,
    attributes: attributesOf(link.attributesJson),
    droppedAttributesCount: link.droppedAttributesCount,
  });
}

function attributesOf(json: string): KeyValue[] {
  return json === '{}' ? [] : [...attributesFromJson(json)];
}

function bytesOf(hex: string): Uint8Array<ArrayBuffer> {
  return Buffer.from(hex, 'hex');
}
