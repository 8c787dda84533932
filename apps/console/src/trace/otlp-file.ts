import { attributeText } from '@spandrel/console-api/attribute-text';
import { idOf, type OtlpAttribute, type OtlpDocument, type OtlpValue } from '@spandrel/trace-files';
import type { Attributes, SpanDetails } from '../api/types.ts';

/** The spans of a request. @throws TraceFileError if an id is not hexadecimal or has another length */
export function* spansOfOtlp(document: OtlpDocument): Generator<SpanDetails> {
  for (const { resource, scopeSpans, schemaUrl } of document.resourceSpans ?? []) {
    const resourceAttributes = attributesOf(resource?.attributes);
    const service = attributeText(resourceAttributes['service.name']);
    const resourceOf = {
      attributes: resourceAttributes,
      droppedAttributes: resource?.droppedAttributesCount ?? 0,
      schemaUrl: schemaUrl ?? '',
    };
    for (const { scope, spans, schemaUrl: scopeSchemaUrl } of scopeSpans ?? []) {
      const scopeOf = {
        name: scope?.name ?? '',
        version: scope?.version ?? '',
        attributes: attributesOf(scope?.attributes),
        droppedAttributes: scope?.droppedAttributesCount ?? 0,
        schemaUrl: scopeSchemaUrl ?? '',
      };
      for (const span of spans ?? []) {
        yield {
          traceId: idOf(span.traceId, 32, 'traceId'),
          spanId: idOf(span.spanId, 16, 'spanId'),
          parentSpanId: (span.parentSpanId ?? '') === '' ? null : idOf(span.parentSpanId, 16, 'parentSpanId'),
          service: service === '' ? 'unknown_service' : service,
          name: span.name ?? '',
          kind: span.kind ?? 0,
          startTimeUnixNano: timeOf(span.startTimeUnixNano),
          endTimeUnixNano: timeOf(span.endTimeUnixNano),
          traceState: span.traceState ?? '',
          flags: span.flags ?? 0,
          status: { code: span.status?.code ?? 0, message: span.status?.message ?? '' },
          attributes: attributesOf(span.attributes),
          droppedAttributes: span.droppedAttributesCount ?? 0,
          events: (span.events ?? []).map((event) => ({
            timeUnixNano: timeOf(event.timeUnixNano),
            name: event.name ?? '',
            attributes: attributesOf(event.attributes),
            droppedAttributes: event.droppedAttributesCount ?? 0,
          })),
          droppedEvents: span.droppedEventsCount ?? 0,
          links: (span.links ?? []).map((link) => ({
            traceId: (link.traceId ?? '').toLowerCase(),
            spanId: (link.spanId ?? '').toLowerCase(),
            traceState: link.traceState ?? '',
            attributes: attributesOf(link.attributes),
            droppedAttributes: link.droppedAttributesCount ?? 0,
          })),
          droppedLinks: span.droppedLinksCount ?? 0,
          resource: resourceOf,
          scope: scopeOf,
        };
      }
    }
  }
}

function timeOf(time: string | number | undefined): string {
  return String(BigInt(time ?? 0));
}

function attributesOf(attributes: readonly OtlpAttribute[] | undefined): Attributes {
  return Object.fromEntries((attributes ?? []).map(({ key, value }) => [key ?? '', valueOf(value)]));
}

function valueOf(value: OtlpValue | undefined): unknown {
  if (value === undefined) return null;
  if (value.intValue !== undefined) {
    const exact = BigInt(value.intValue);
    return Number.isSafeInteger(Number(exact)) ? Number(exact) : exact;
  }
  if (value.arrayValue !== undefined) return (value.arrayValue.values ?? []).map(valueOf);
  if (value.kvlistValue !== undefined) return attributesOf(value.kvlistValue.values);
  if (value.bytesValue !== undefined) return { bytesValue: value.bytesValue };
  return value.stringValue ?? value.boolValue ?? value.doubleValue ?? null;
}
