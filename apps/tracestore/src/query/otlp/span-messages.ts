import { create, fromJson, type JsonValue } from '@bufbuild/protobuf';
import { attributesFromJson } from '../../storage/attribute-json.js';
import {
  EntityRefSchema,
  type InstrumentationScope,
  InstrumentationScopeSchema,
  type KeyValue,
  KeyValueSchema,
} from '../../gen/opentelemetry/proto/common/v1/common_pb.js';
import { type Resource, ResourceSchema } from '../../gen/opentelemetry/proto/resource/v1/resource_pb.js';
import {
  type Span,
  type Span_Event,
  Span_EventSchema,
  type Span_Link,
  Span_LinkSchema,
  SpanSchema,
} from '../../gen/opentelemetry/proto/trace/v1/trace_pb.js';
import type { SpanEvent, SpanLink, SpanResource, SpanScope, TraceSpan } from '../get-traces/trace-span.js';

/** Convert a stored span to the message of OTLP. @param traceId 32 hex digits */
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
    // Most spans have no status.
    ...(span.statusCode !== 0 || span.statusMessage !== ''
      ? { status: { code: span.statusCode, message: span.statusMessage } }
      : {}),
  });
}

/** @param serviceName the name that searches use; undefined to leave the attributes as they were sent */
export function resourceMessage(resource: SpanResource, serviceName: string | undefined): Resource {
  const entityRefs = JSON.parse(resource.entityRefsJson || '[]') as readonly JsonValue[];
  const attributes = attributesOf(resource.attributesJson);
  return create(ResourceSchema, {
    attributes: serviceName === undefined ? attributes : withServiceName(attributes, serviceName),
    droppedAttributesCount: resource.droppedAttributesCount,
    entityRefs: entityRefs.map((reference) => fromJson(EntityRefSchema, reference)),
  });
}

/**
 * Set the name of the service, which readers take from the resource. The sender may have sent none, or a value that is not a
 * text.
 */
function withServiceName(attributes: readonly KeyValue[], serviceName: string): KeyValue[] {
  const value = { value: { case: 'stringValue' as const, value: serviceName } };
  const others = attributes.filter(({ key }) => key !== 'service.name');
  const place = attributes.findIndex(({ key }) => key === 'service.name');
  return others.toSpliced(place < 0 ? others.length : place, 0, create(KeyValueSchema, { key: 'service.name', value }));
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
