/**
 * The spans that a request should store. They are computed with protobuf-es and the form of attributes that
 * attribute-json.ts documents, independently of tracestore's decoders.
 */
import { hash } from 'node:crypto';
import { fromBinary, type MessageShape } from '@bufbuild/protobuf';
import { configureTextEncoding, getTextEncoding } from '@bufbuild/protobuf/wire';
import type { StoredSpan } from './compare-spans.ts';
import { ExportTraceServiceRequestSchema } from './schemas.ts';

type Request = MessageShape<typeof ExportTraceServiceRequestSchema>;
type ResourceSpans = Request['resourceSpans'][number];
type ScopeSpans = ResourceSpans['scopeSpans'][number];
type Span = ScopeSpans['spans'][number];
type KeyValue = Span['attributes'][number];
type AnyValue = NonNullable<KeyValue['value']>;

/** A span as it should be stored. */
export interface SpanContent extends StoredSpan {
  /**
   * False for a span that a store may reject: one without a start, or with names or values that may exceed a limit.
   */
  readonly isRequired: boolean;
}

// Invalid UTF-8 becomes U+FFFD, and a byte order mark is kept.
const textDecoder = new TextDecoder('utf-8', { ignoreBOM: true });
configureTextEncoding({ ...getTextEncoding(), decodeUtf8: (bytes) => textDecoder.decode(bytes) });

/** Every limit on the length of names and values is at least this, in characters. */
const maxOrdinaryLength = 1_000;
const maxInt64 = 2n ** 63n - 1n;
const recursionLimit = 2_000;
const kinds = ['unspecified', 'internal', 'server', 'client', 'producer', 'consumer'];
const statuses = ['unset', 'ok', 'error'];
const wrapperKeys = new Set(['bytesValue', 'doubleValue', 'kvlistValue']);

/** @returns the request, or undefined when protobuf-es cannot decode it */
export function decodeIndependently(bytes: Uint8Array): Request | undefined {
  try {
    return fromBinary(ExportTraceServiceRequestSchema, bytes, { readUnknownFields: false, recursionLimit });
  } catch {
    return undefined;
  }
}

/** Returns the content of every span in order; undefined for an invalid span. */
export function expectedSpans(request: Request): readonly (SpanContent | undefined)[] {
  return request.resourceSpans.flatMap((resourceSpans) => {
    const ofResource = once(() => resourceFields(resourceSpans));
    return resourceSpans.scopeSpans.flatMap((scopeSpans) => {
      const ofScope = once(() => scopeFields(scopeSpans));
      return scopeSpans.spans.map((span) => spanContent(span, ofResource, ofScope));
    });
  });
}

type Fields = readonly (readonly [string, string])[];

function once(make: () => Fields): () => Fields {
  let made: Fields | undefined;
  return () => (made ??= make());
}

/** The same digest as in stored-spans.sql. */
function digestOf(fields: Fields): string {
  return hash('md5', fields.map(([name, value]) => `${name}=${value}`).join('\n'));
}

function spanContent(span: Span, ofResource: () => Fields, ofScope: () => Fields): SpanContent | undefined {
  const isBad =
    !isId(span.traceId, 16) ||
    !isId(span.spanId, 8) ||
    (span.parentSpanId.length !== 0 && span.parentSpanId.length !== 8) ||
    [span.startTimeUnixNano, span.endTimeUnixNano, ...span.events.map(({ timeUnixNano }) => timeUnixNano)].some(
      (time) => time > maxInt64,
    ) ||
    span.links.some(({ traceId, spanId }) => ![0, 16].includes(traceId.length) || ![0, 8].includes(spanId.length));
  if (isBad) return undefined;
  try {
    const fields: Fields = [
      ['parent', span.parentSpanId.some((byte) => byte !== 0) ? hex(span.parentSpanId) : ''],
      ['name', storable(span.name)],
      ['kind', kinds[span.kind] ?? 'unspecified'],
      ['start', String(span.startTimeUnixNano)],
      ['end', String(span.endTimeUnixNano)],
      ['traceState', storable(span.traceState)],
      ['status', statuses[span.status?.code ?? 0] ?? 'unset'],
      ['statusMessage', storable(span.status?.message ?? '')],
      ['flags', String(span.flags)],
      ['droppedAttributes', capped(span.droppedAttributesCount)],
      ['droppedEvents', capped(span.droppedEventsCount)],
      ['droppedLinks', capped(span.droppedLinksCount)],
      ['attributes', attributesText(span.attributes)],
      ...ofResource(),
      ...ofScope(),
      ['events', span.events.map(eventText).join('; ')],
      ['links', span.links.map(linkText).join('; ')],
    ];
    const isRequired = span.startTimeUnixNano !== 0n && fields.every(([, value]) => value.length <= maxOrdinaryLength);
    return { traceId: hex(span.traceId), spanId: hex(span.spanId), digest: digestOf(fields), isRequired };
  } catch (error) {
    // Nested too deeply for the stack.
    if (error instanceof RangeError) return undefined;
    throw error;
  }
}

function resourceFields({ resource, schemaUrl }: ResourceSpans): Fields {
  const attributes = resource?.attributes ?? [];
  const service = attributes.findLast(({ key }) => key === 'service.name')?.value?.value;
  return [
    // The service name is compared only when it is a text.
    ...(service?.case === 'stringValue' && service.value !== ''
      ? [['service', storable(service.value)] as const]
      : [['service', '*'] as const]),
    ['resource', attributesText(attributes)],
    ['resourceDropped', capped(resource?.droppedAttributesCount ?? 0)],
    ['resourceUrl', storable(schemaUrl)],
  ];
}

function scopeFields({ scope, schemaUrl }: ScopeSpans): Fields {
  return [
    ['scope', storable(scope?.name ?? '')],
    ['scopeVersion', storable(scope?.version ?? '')],
    ['scopeAttributes', attributesText(scope?.attributes ?? [])],
    ['scopeDropped', capped(scope?.droppedAttributesCount ?? 0)],
    ['scopeUrl', storable(schemaUrl)],
  ];
}

/** Formats an event. Counts are signed 32-bit integers, as in the tables. */
function eventText({ timeUnixNano, name, attributes, droppedAttributesCount }: Span['events'][number]): string {
  return `${timeUnixNano} ${storable(name)} ${attributesText(attributes)} ${droppedAttributesCount | 0}`;
}

function linkText(link: Span['links'][number]): string {
  return [
    link.traceId.length === 0 ? '' : hex(link.traceId),
    link.spanId.length === 0 ? '' : hex(link.spanId),
    storable(link.traceState),
    attributesText(link.attributes),
    link.droppedAttributesCount | 0,
    link.flags | 0,
  ].join(' ');
}

/** Attributes as jsonb prints them: keys sorted by length, then by bytes; the last of duplicate keys counts. */
function attributesText(attributes: readonly KeyValue[]): string {
  const members = new Map(attributes.map(({ key, value }) => [storable(key), value]));
  return `{${[...members]
    .map(([key, value]) => ({ key, value, bytes: Buffer.from(key) }))
    .toSorted((left, right) => left.bytes.length - right.bytes.length || Buffer.compare(left.bytes, right.bytes))
    .map(({ key, value }) => `${JSON.stringify(key)}: ${valueText(value)}`)
    .join(', ')}}`;
}

function valueText(value: AnyValue | undefined): string {
  const content = value?.value;
  switch (content?.case) {
    case 'stringValue':
      return JSON.stringify(storable(content.value));
    case 'boolValue':
    case 'intValue':
      return String(content.value);
    case 'doubleValue':
      return doubleText(content.value);
    case 'bytesValue':
      return `{"bytesValue": "${Buffer.from(content.value).toString('base64')}"}`;
    case 'arrayValue':
      return `[${content.value.values.map(valueText).join(', ')}]`;
    case 'kvlistValue': {
      const object = attributesText(content.value.values);
      const keys = new Set(content.value.values.map(({ key }) => storable(key)));
      const [only = ''] = keys;
      return keys.size === 1 && wrapperKeys.has(only) ? `{"kvlistValue": ${object}}` : object;
    }
    default:
      return 'null';
  }
}

/** Formats a double with a fraction and without an exponent. */
function doubleText(value: number): string {
  if (!Number.isFinite(value) || Object.is(value, -0)) {
    return `{"doubleValue": "${Object.is(value, -0) ? '-0' : String(value)}"}`;
  }
  const [digits = '', exponent = '0'] = value.toExponential().split('e');
  const [whole = '', fraction = ''] = digits.replace('-', '').split('.');
  const all = whole + fraction;
  const point = whole.length + Number(exponent);
  const text =
    point <= 0
      ? `0.${'0'.repeat(-point)}${all}`
      : `${all.slice(0, point).padEnd(point, '0')}.${all.slice(point) || '0'}`;
  return value < 0 ? `-${text}` : text;
}

function storable(text: string): string {
  return text.replaceAll('\0', '\uFFFD').toWellFormed();
}

function capped(count: number): string {
  return String(Math.min(count, 2 ** 31 - 1));
}

function isId(id: Uint8Array, length: number): boolean {
  return id.length === length && id.some((byte) => byte !== 0);
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('hex');
}
