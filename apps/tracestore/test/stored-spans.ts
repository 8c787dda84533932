import { create } from '@bufbuild/protobuf';
import { attributesFromJson } from '../src/storage/attribute-json.js';
import type { ExportTraceServiceRequest } from '../src/gen/opentelemetry/proto/collector/trace/v1/trace_service_pb.js';
import {
  type AnyValue,
  AnyValueSchema,
  ArrayValueSchema,
  EntityRefSchema,
  type InstrumentationScope,
  InstrumentationScopeSchema,
  type KeyValue,
  KeyValueListSchema,
  KeyValueSchema,
} from '../src/gen/opentelemetry/proto/common/v1/common_pb.js';
import { type Resource, ResourceSchema } from '../src/gen/opentelemetry/proto/resource/v1/resource_pb.js';
import {
  type Span,
  Span_EventSchema,
  Span_LinkSchema,
  SpanSchema,
  Status_StatusCode,
  Span_SpanKind,
  StatusSchema,
} from '../src/gen/opentelemetry/proto/trace/v1/trace_pb.js';
import { queryOnce } from './running-tracestore.js';

/** A span with its resource and scope. */
export interface StoredSpan {
  readonly span: Span;
  readonly resource: Resource;
  readonly resourceSchemaUrl: string;
  readonly scope: InstrumentationScope;
  readonly scopeSchemaUrl: string;
}

/**
 * @returns the spans of a request as they should be read back, sorted. Forms that OTLP treats as equal (absent and empty,
 *   the order of attributes) become one form. Independent of how the store keeps spans.
 */
export function expectedSpans(request: ExportTraceServiceRequest): readonly StoredSpan[] {
  return sorted(
    request.resourceSpans.flatMap((resourceSpans) =>
      resourceSpans.scopeSpans.flatMap((scopeSpans) =>
        scopeSpans.spans.map((span) => ({
          span: create(SpanSchema, {
            ...span,
            name: clean(span.name),
            traceState: clean(span.traceState),
            parentSpanId: span.parentSpanId.every((byte) => byte === 0) ? new Uint8Array() : span.parentSpanId,
            attributes: normalAttributes(span.attributes),
            events: span.events.map((event) =>
              create(Span_EventSchema, {
                ...event,
                name: clean(event.name),
                attributes: normalAttributes(event.attributes),
              }),
            ),
            links: span.links.map((link) =>
              create(Span_LinkSchema, {
                ...link,
                traceState: clean(link.traceState),
                attributes: normalAttributes(link.attributes),
              }),
            ),
            status: create(StatusSchema, {
              code: span.status?.code ?? Status_StatusCode.UNSET,
              message: clean(span.status?.message ?? ''),
            }),
          }),
          resource: create(ResourceSchema, {
            droppedAttributesCount: resourceSpans.resource?.droppedAttributesCount ?? 0,
            entityRefs: resourceSpans.resource?.entityRefs ?? [],
            attributes: normalAttributes(resourceSpans.resource?.attributes ?? []),
          }),
          resourceSchemaUrl: resourceSpans.schemaUrl,
          scope: create(InstrumentationScopeSchema, {
            name: scopeSpans.scope?.name ?? '',
            version: scopeSpans.scope?.version ?? '',
            droppedAttributesCount: scopeSpans.scope?.droppedAttributesCount ?? 0,
            attributes: normalAttributes(scopeSpans.scope?.attributes ?? []),
          }),
          scopeSchemaUrl: scopeSpans.schemaUrl,
        })),
      ),
    ),
  );
}

function clean(text: string): string {
  return [...text].map((character) => (/^[\0\uD800-\uDFFF]$/.test(character) ? '\uFFFD' : character)).join('');
}

function normalAttributes(attributes: readonly KeyValue[]): KeyValue[] {
  const last = new Map(attributes.map(({ key, value }) => [clean(key), value]));
  return [...last]
    .toSorted(([left], [right]) => (left < right ? -1 : 1))
    .map(([key, value]) => create(KeyValueSchema, { key, value: normalValue(value) }));
}

function normalValue(value: AnyValue | undefined): AnyValue {
  const content = value?.value;
  switch (content?.case) {
    case 'stringValue':
      return create(AnyValueSchema, { value: { case: 'stringValue', value: clean(content.value) } });
    case 'arrayValue':
      return create(AnyValueSchema, {
        value: {
          case: 'arrayValue',
          value: create(ArrayValueSchema, { values: content.value.values.map(normalValue) }),
        },
      });
    case 'kvlistValue':
      return create(AnyValueSchema, {
        value: {
          case: 'kvlistValue',
          value: create(KeyValueListSchema, { values: normalAttributes(content.value.values) }),
        },
      });
    case undefined:
    case 'stringValueStrindex':
      return create(AnyValueSchema);
    default:
      return value ?? create(AnyValueSchema);
  }
}

interface SpanRecord {
  readonly [column: string]: string | null;
}

/** @returns all spans of the public views, reassembled; spans with equal ids must have different names */
export async function readStoredSpans(databaseUrl: string): Promise<readonly StoredSpan[]> {
  const spans = await queryOnce<SpanRecord>(
    databaseUrl,
    `SELECT trace_id_hex, span_id_hex, parent_span_id_hex, trace_state, flags::text, span_name, span_kind::text,
       start_time_unix_nano::text, end_time_unix_nano::text, span_tags::text, dropped_tags_count::text,
       dropped_events_count::text, dropped_link_count::text, status_code::text, status_message,
       instrumentation_lib_name, instrumentation_lib_version, instrumentation_lib_schema_url,
       instrumentation_lib_tags::text, instrumentation_lib_dropped_tags_count::text,
       resource_tags::text, resource_dropped_tags_count::text, resource_schema_url, resource_entity_refs::text
     FROM ps_trace.span`,
  );
  const events = await queryOnce<SpanRecord>(
    databaseUrl,
    `SELECT trace_id_hex, span_id_hex, span_name, time_unix_nano::text, event_name, event_tags::text,
       dropped_tags_count::text
     FROM ps_trace.event ORDER BY event_nbr`,
  );
  const links = await queryOnce<SpanRecord>(
    databaseUrl,
    `SELECT trace_id_hex, span_id_hex, span_name, linked_trace_id_hex, linked_span_id_hex, link_trace_state,
       link_flags::text, link_tags::text, dropped_link_tags_count::text
     FROM ps_trace.link ORDER BY link_nbr`,
  );
  const eventsOf = Map.groupBy(events, spanKey);
  const linksOf = Map.groupBy(links, spanKey);
  return sorted(
    spans.map((row) => ({
      span: create(SpanSchema, {
        traceId: bytes(row['trace_id_hex']),
        spanId: bytes(row['span_id_hex']),
        parentSpanId: bytes(row['parent_span_id_hex']),
        traceState: row['trace_state'] ?? '',
        flags: Number(row['flags']),
        name: row['span_name'] ?? '',
        kind: Span_SpanKind[(row['span_kind'] ?? '').toUpperCase() as keyof typeof Span_SpanKind],
        startTimeUnixNano: BigInt(row['start_time_unix_nano'] ?? ''),
        endTimeUnixNano: BigInt(row['end_time_unix_nano'] ?? ''),
        attributes: attributes(row['span_tags']),
        droppedAttributesCount: Number(row['dropped_tags_count']),
        droppedEventsCount: Number(row['dropped_events_count']),
        droppedLinksCount: Number(row['dropped_link_count']),
        events: (eventsOf.get(spanKey(row)) ?? []).map((event) =>
          create(Span_EventSchema, {
            timeUnixNano: BigInt(event['time_unix_nano'] ?? ''),
            name: event['event_name'] ?? '',
            attributes: attributes(event['event_tags']),
            droppedAttributesCount: Number(event['dropped_tags_count']),
          }),
        ),
        links: (linksOf.get(spanKey(row)) ?? []).map((link) =>
          create(Span_LinkSchema, {
            traceId: bytes(link['linked_trace_id_hex']),
            spanId: bytes(link['linked_span_id_hex']),
            traceState: link['link_trace_state'] ?? '',
            flags: Number(link['link_flags']),
            attributes: attributes(link['link_tags']),
            droppedAttributesCount: Number(link['dropped_link_tags_count']),
          }),
        ),
        status: create(StatusSchema, {
          code: Status_StatusCode[(row['status_code'] ?? '').toUpperCase() as keyof typeof Status_StatusCode],
          message: row['status_message'] ?? '',
        }),
      }),
      resource: create(ResourceSchema, {
        attributes: attributes(row['resource_tags']),
        droppedAttributesCount: Number(row['resource_dropped_tags_count']),
        entityRefs: entityRefs(row['resource_entity_refs']),
      }),
      resourceSchemaUrl: row['resource_schema_url'] ?? '',
      scope: create(InstrumentationScopeSchema, {
        name: row['instrumentation_lib_name'] ?? '',
        version: row['instrumentation_lib_version'] ?? '',
        attributes: attributes(row['instrumentation_lib_tags']),
        droppedAttributesCount: Number(row['instrumentation_lib_dropped_tags_count']),
      }),
      scopeSchemaUrl: row['instrumentation_lib_schema_url'] ?? '',
    })),
  );
}

function spanKey(row: SpanRecord): string {
  return `${row['trace_id_hex']} ${row['span_id_hex']} ${row['span_name']}`;
}

function bytes(hex: string | null | undefined): Uint8Array<ArrayBuffer> {
  return new Uint8Array(Buffer.from(hex ?? '', 'hex'));
}

function attributes(json: string | null | undefined): KeyValue[] {
  return [...attributesFromJson(json ?? 'null')];
}

function entityRefs(json: string | null | undefined) {
  const parsed = JSON.parse(json ?? '[]') as readonly {
    schemaUrl: string;
    type: string;
    idKeys: string[];
    descriptionKeys: string[];
  }[];
  return parsed.map((entityRef) => create(EntityRefSchema, entityRef));
}

export function sorted(spans: readonly StoredSpan[]): readonly StoredSpan[] {
  const key = ({ span }: StoredSpan): string => `${Buffer.from(span.spanId).toString('hex')} ${span.name}`;
  return spans.toSorted((left, right) => (key(left) < key(right) ? -1 : 1));
}
