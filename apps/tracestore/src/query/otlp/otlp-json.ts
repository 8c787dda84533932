import type { AnyValue, KeyValue } from '../../gen/opentelemetry/proto/common/v1/common_pb.js';
import type { TraceChunk, TraceSpan } from '../get-traces/trace-span.js';
import { resourceMessage, scopeMessage, spanMessage } from './span-messages.js';
import { serviceNameOf, spansByOrigin } from './spans-by-origin.js';

/*
 * OTLP's JSON is that of protobuf, with ids in hex and enums as integers. 64-bit integers are strings.
 */

/**
 * Write the elements of `resourceSpans` for a chunk of a trace, with commas between them.
 *
 * @param isAsSent whether `service.name` has the value that was sent, rather than the name that searches use
 */
export function resourceSpansJson({ traceId, spans }: TraceChunk, isAsSent = false): string {
  return [...spansByOrigin(spans)]
    .map(([resource, byScope]) => {
      const serviceName = isAsSent ? undefined : serviceNameOf(byScope);
      const { attributes, droppedAttributesCount, entityRefs } = resourceMessage(resource, serviceName);
      return JSON.stringify({
        resource: {
          attributes: attributes.map(keyValueOf),
          ...counted('droppedAttributesCount', droppedAttributesCount),
          ...(entityRefs.length > 0 && {
            entityRefs: entityRefs.map(({ schemaUrl, type, idKeys, descriptionKeys }) => ({
              schemaUrl,
              type,
              idKeys,
              descriptionKeys,
            })),
          }),
        },
        scopeSpans: [...byScope].map(([scope, its]) => {
          const message = scopeMessage(scope);
          return {
            scope: {
              name: message.name,
              version: message.version,
              attributes: message.attributes.map(keyValueOf),
              ...counted('droppedAttributesCount', message.droppedAttributesCount),
            },
            spans: its.map((span) => spanOf(traceId, span)),
            ...stated('schemaUrl', scope.schemaUrl),
          };
        }),
        ...stated('schemaUrl', resource.schemaUrl),
      });
    })
    .join(',');
}

function spanOf(traceId: string, span: TraceSpan) {
  const { attributes, events, links } = spanMessage(traceId, span);
  return {
    traceId,
    spanId: span.spanId,
    ...stated('traceState', span.traceState),
    parentSpanId: span.parentSpanId,
    ...counted('flags', span.flags),
    name: span.name,
    kind: span.kind,
    startTimeUnixNano: String(span.startTimeUnixNano),
    endTimeUnixNano: String(span.endTimeUnixNano),
    attributes: attributes.map(keyValueOf),
    ...counted('droppedAttributesCount', span.droppedAttributesCount),
    events: events.map((event) => ({
      timeUnixNano: String(event.timeUnixNano),
      name: event.name,
      attributes: event.attributes.map(keyValueOf),
      ...counted('droppedAttributesCount', event.droppedAttributesCount),
    })),
    ...counted('droppedEventsCount', span.droppedEventsCount),
    links: links.map((link) => ({
      traceId: Buffer.from(link.traceId).toString('hex'),
      spanId: Buffer.from(link.spanId).toString('hex'),
      ...stated('traceState', link.traceState),
      attributes: link.attributes.map(keyValueOf),
      ...counted('droppedAttributesCount', link.droppedAttributesCount),
      ...counted('flags', link.flags),
    })),
    ...counted('droppedLinksCount', span.droppedLinksCount),
    status: { ...stated('message', span.statusMessage), ...counted('code', span.statusCode) },
  };
}

function keyValueOf({ key, value }: KeyValue): object {
  return { key, value: valueOf(value) };
}

function valueOf(value: AnyValue | undefined): object {
  const content = value?.value;
  switch (content?.case) {
    case 'stringValue':
    case 'boolValue':
      return { [content.case]: content.value };
    case 'intValue':
      return { intValue: String(content.value) };
    case 'doubleValue':
      // JSON has no numbers for these, and JavaScript writes -0 as 0.
      return {
        doubleValue:
          Number.isFinite(content.value) && !Object.is(content.value, -0)
            ? content.value
            : Object.is(content.value, -0)
              ? '-0'
              : String(content.value),
      };
    case 'bytesValue':
      return { bytesValue: Buffer.from(content.value).toString('base64') };
    case 'arrayValue':
      return { arrayValue: { values: content.value.values.map(valueOf) } };
    case 'kvlistValue':
      return { kvlistValue: { values: content.value.values.map(keyValueOf) } };
    default:
      return {};
  }
}

function counted(name: string, count: number): object {
  return count === 0 ? {} : { [name]: count };
}

function stated(name: string, text: string): object {
  return text === '' ? {} : { [name]: text };
}
