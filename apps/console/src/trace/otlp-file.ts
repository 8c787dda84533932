import { attributeText } from '@spandrel/console-api/attribute-text';
import type { Attributes, SpanDetails, Waterfall } from '../api/types.ts';
import { fileEventMarks } from './file-events.ts';

/** A trace from a file. */
export interface FileTrace {
  readonly waterfall: Waterfall;
  readonly spans: readonly SpanDetails[];
}

/** The file is not valid OTLP/JSON. */
export class OtlpFileError extends Error {
  override readonly name = 'OtlpFileError';
}

interface OtlpValue {
  readonly stringValue?: string;
  readonly boolValue?: boolean;
  readonly intValue?: string | number;
  readonly doubleValue?: number | string;
  readonly bytesValue?: string;
  readonly arrayValue?: { readonly values?: readonly OtlpValue[] };
  readonly kvlistValue?: { readonly values?: readonly OtlpAttribute[] };
}
interface OtlpAttribute {
  readonly key?: string;
  readonly value?: OtlpValue;
}
interface OtlpSpan {
  readonly traceId?: string;
  readonly spanId?: string;
  readonly parentSpanId?: string;
  readonly name?: string;
  readonly kind?: number;
  readonly startTimeUnixNano?: string | number;
  readonly endTimeUnixNano?: string | number;
  readonly traceState?: string;
  readonly flags?: number;
  readonly attributes?: readonly OtlpAttribute[];
  readonly droppedAttributesCount?: number;
  readonly events?: readonly {
    readonly timeUnixNano?: string | number;
    readonly name?: string;
    readonly attributes?: readonly OtlpAttribute[];
    readonly droppedAttributesCount?: number;
  }[];
  readonly droppedEventsCount?: number;
  readonly links?: readonly {
    readonly traceId?: string;
    readonly spanId?: string;
    readonly traceState?: string;
    readonly attributes?: readonly OtlpAttribute[];
    readonly droppedAttributesCount?: number;
  }[];
  readonly droppedLinksCount?: number;
  readonly status?: { readonly code?: number; readonly message?: string };
}
interface OtlpDocument {
  readonly resourceSpans?: readonly {
    readonly schemaUrl?: string;
    readonly resource?: { readonly attributes?: readonly OtlpAttribute[]; readonly droppedAttributesCount?: number };
    readonly scopeSpans?: readonly {
      readonly schemaUrl?: string;
      readonly scope?: {
        readonly name?: string;
        readonly version?: string;
        readonly attributes?: readonly OtlpAttribute[];
        readonly droppedAttributesCount?: number;
      };
      readonly spans?: readonly OtlpSpan[];
    }[];
  }[];
}

/**
 * Read the traces of an OTLP/JSON file. It has one document, or one document per line as Collectors write them. The traces
 * have the order of their first spans in the file; missing fields have OTLP's defaults.
 *
 * @throws OtlpFileError if the file is not valid OTLP/JSON or has no spans
 */
export function readOtlpFile(text: string): readonly FileTrace[] {
  const traces = new Map<string, SpanDetails[]>();
  try {
    for (const document of documentsOf(text)) {
      for (const span of spansOf(document)) {
        const known = traces.get(span.traceId);
        if (known === undefined) traces.set(span.traceId, [span]);
        else known.push(span);
      }
    }
  } catch (cause) {
    if (cause instanceof OtlpFileError) throw cause;
    // A field has a wrong type, such as a list or a time.
    throw new OtlpFileError('it is JSON, but not OTLP/JSON', { cause });
  }
  if (traces.size === 0) throw new OtlpFileError('it has no spans; OTLP/JSON must have resourceSpans');
  return [...traces].map(([traceId, spans]) => traceOf(traceId, spans));
}

function documentsOf(text: string): readonly OtlpDocument[] {
  try {
    const whole: unknown = JSON.parse(text);
    return [whole as OtlpDocument];
  } catch (cause) {
    const lines = text.split('\n').filter((line) => line.trim() !== '');
    if (lines.length < 2) throw new OtlpFileError('it is not JSON', { cause });
    return lines.map((line, n) => {
      try {
        return JSON.parse(line) as OtlpDocument;
      } catch (lineCause) {
        throw new OtlpFileError(`neither the file nor its line ${n + 1} is JSON`, { cause: lineCause });
      }
    });
  }
}

function* spansOf(document: OtlpDocument): Generator<SpanDetails> {
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

function idOf(text: string | undefined, digits: number, field: string): string {
  if (typeof text !== 'string' || text.length !== digits || !/^[\da-f]*$/i.test(text)) {
    throw new OtlpFileError(`${field} must be ${digits} hex digits, got ${JSON.stringify(text ?? null).slice(0, 60)}`);
  }
  return text.toLowerCase();
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

function traceOf(traceId: string, unordered: readonly SpanDetails[]): FileTrace {
  const starts = new Map(unordered.map((span) => [span, BigInt(span.startTimeUnixNano)]));
  const startOf = (span: SpanDetails): bigint => starts.get(span) ?? 0n;
  const compare = (left: bigint, right: bigint): number => (left < right ? -1 : left > right ? 1 : 0);
  const spans = unordered.toSorted((left, right) => compare(startOf(left), startOf(right)));
  const first = spans[0] === undefined ? 0n : startOf(spans[0]);
  const operations: [string, string, number][] = [];
  const operationOf = new Map<string, number>();
  const startNs = spans.map((span) => Number(startOf(span) - first));
  const durationNs = spans.map((span) => Math.max(0, Number(BigInt(span.endTimeUnixNano) - startOf(span))));
  return {
    spans,
    waterfall: {
      traceId,
      startTimeUnixNano: String(first),
      durationNs: startNs.reduce((last, start, n) => Math.max(last, start + (durationNs[n] ?? 0)), 0),
      operations,
      spans: {
        id: spans.map(({ spanId }) => spanId),
        parentId: spans.map(({ parentSpanId }) => parentSpanId),
        operation: spans.map(({ service, name, kind }) => {
          const key = JSON.stringify([service, name, kind]);
          const known = operationOf.get(key);
          if (known !== undefined) return known;
          operationOf.set(key, operations.length);
          return operations.push([service, name, kind]) - 1;
        }),
        startNs,
        durationNs,
        status: spans.map(({ status }) => status.code),
        events: spans.map(({ events }) => events.length),
      },
      eventMarks: fileEventMarks(spans, first),
    },
  };
}
