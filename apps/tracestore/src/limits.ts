/**
 * Every bound on what a client can make tracestore spend, in one table. The code that enforces a bound takes its value
 * from here, and `docs/limits.md` is generated from here.
 */

/** On whose behalf a bound counts. */
export type LimitScope = 'span' | 'request' | 'connection' | 'client' | 'process';

/** One bound. */
export interface Limit {
  /** In the unit. Where a variable sets it, the default. */
  readonly value: number;
  readonly unit: 'bytes' | 'ms' | 'count';
  readonly scope: LimitScope;
  /** The entry points where it holds, as the docs name them, such as `OTLP` or `SQL page`. */
  readonly where: string;
  /** What is counted: a noun phrase without the number. */
  readonly counts: string;
  /** What the client sees at the bound: the status, and whether a retry makes sense. */
  readonly atBound: string;
  /** The environment variable that sets it; absent where it is fixed. */
  readonly variable?: `TRACESTORE_${string}`;
}

const mebibyte = 1024 * 1024;

const rejectedSpan = 'the span is rejected; `partial_success` counts and names it';
const rejectedGroup = 'the spans of that resource or scope are rejected; `partial_success` counts and names them';
const refusedRequest = '413 or RESOURCE_EXHAUSTED without RetryInfo; a retry fails again';

/** All bounds, by name. Names end with their unit where that is not a count. */
export const limits = {
  requestBytes: {
    value: 64 * mebibyte,
    unit: 'bytes',
    scope: 'request',
    where: 'OTLP',
    counts: 'bytes of a request, as received and after decompression',
    atBound: refusedRequest,
    variable: 'TRACESTORE_MAX_REQUEST_BYTES',
  },
  bytesInFlight: {
    value: 256 * mebibyte,
    unit: 'bytes',
    scope: 'process',
    where: 'OTLP',
    counts: 'bytes of all requests that are being received and written',
    atBound: '429 or RESOURCE_EXHAUSTED with RetryInfo; retry after 1 s',
    variable: 'TRACESTORE_MAX_BYTES_IN_FLIGHT',
  },
  bodyMs: {
    value: 30_000,
    unit: 'ms',
    scope: 'request',
    where: 'OTLP',
    counts: 'time from the head of a request to the end of its body',
    atBound: '503 or UNAVAILABLE; retry after 5 s',
    variable: 'TRACESTORE_BODY_TIMEOUT_MS',
  },
  spanBytes: {
    value: 8 * mebibyte,
    unit: 'bytes',
    scope: 'span',
    where: 'OTLP',
    counts: 'bytes of a span in protobuf, with its events and links',
    atBound: rejectedSpan,
  },
  spanEvents: {
    value: 16_384,
    unit: 'count',
    scope: 'span',
    where: 'OTLP',
    counts: 'events of a span',
    atBound: rejectedSpan,
  },
  spanLinks: {
    value: 16_384,
    unit: 'count',
    scope: 'span',
    where: 'OTLP',
    counts: 'links of a span',
    atBound: rejectedSpan,
  },
  attributes: {
    value: 4_096,
    unit: 'count',
    scope: 'span',
    where: 'OTLP',
    counts: 'attributes of a span, an event, a link, a resource or a scope',
    atBound: rejectedSpan,
  },
  spanValues: {
    value: 131_072,
    unit: 'count',
    scope: 'span',
    where: 'OTLP',
    counts: 'attribute values of a span with its events and links, those within arrays and key-value lists included',
    atBound: rejectedSpan,
  },
  unusualSpanFields: {
    value: 10_000,
    unit: 'count',
    scope: 'span',
    where: 'OTLP',
    counts:
      'protobuf fields of a span that no SDK writes, such as one with two statuses or a time after the year 2252; ' +
      'such a span is decoded into objects',
    atBound: rejectedSpan,
  },
  attributeDepth: {
    value: 64,
    unit: 'count',
    scope: 'span',
    where: 'OTLP',
    counts: 'levels of arrays and key-value lists within an attribute',
    atBound: rejectedSpan,
  },
  attributesJsonBytes: {
    value: 16 * mebibyte,
    unit: 'bytes',
    scope: 'span',
    where: 'OTLP',
    counts: 'bytes of one set of attributes as JSON',
    atBound: rejectedSpan,
  },
  attributeKeyBytes: {
    value: 16 * 1024,
    unit: 'bytes',
    scope: 'span',
    where: 'OTLP',
    counts: 'bytes of an attribute key that is not within another attribute',
    atBound: rejectedSpan,
  },
  spanNameBytes: {
    value: 16 * 1024,
    unit: 'bytes',
    scope: 'span',
    where: 'OTLP',
    counts: 'bytes of a span name',
    atBound: rejectedSpan,
  },
  eventNameBytes: {
    value: mebibyte,
    unit: 'bytes',
    scope: 'span',
    where: 'OTLP',
    counts: 'bytes of an event name',
    atBound: rejectedSpan,
  },
  serviceNameBytes: {
    value: 16 * 1024,
    unit: 'bytes',
    scope: 'span',
    where: 'OTLP',
    counts: 'bytes of the service name of a resource',
    atBound: rejectedGroup,
  },
  resourceBytes: {
    value: mebibyte,
    unit: 'bytes',
    scope: 'span',
    where: 'OTLP',
    counts: 'bytes of a resource or scope in protobuf, with its schema URL',
    atBound: rejectedGroup,
  },
  resourceFields: {
    value: 32_768,
    unit: 'count',
    scope: 'span',
    where: 'OTLP',
    counts: 'protobuf fields of a resource or scope at all levels; an attribute has four or more',
    atBound: rejectedGroup,
  },
  entityRefs: {
    value: 1_000,
    unit: 'count',
    scope: 'span',
    where: 'OTLP',
    counts: 'entity references of a resource',
    atBound: rejectedGroup,
  },
  describedRejections: {
    value: 5,
    unit: 'count',
    scope: 'request',
    where: 'OTLP',
    counts: 'rejected spans that `partial_success` describes',
    atBound: 'the others are only counted',
  },
  requestSpans: {
    value: 250_000,
    unit: 'count',
    scope: 'request',
    where: 'OTLP',
    counts: 'spans of a request, rejected ones included',
    atBound: refusedRequest,
  },
  requestParts: {
    value: 500_000,
    unit: 'count',
    scope: 'request',
    where: 'OTLP',
    counts: 'fields of the `ResourceSpans` and `ScopeSpans` of a request, spans included',
    atBound: refusedRequest,
  },
  requestRowBytes: {
    value: 96 * mebibyte,
    unit: 'bytes',
    scope: 'request',
    where: 'OTLP',
    counts: 'bytes of the rows that a request becomes',
    atBound: refusedRequest,
  },
  requestRowBytesPerByte: {
    value: 8,
    unit: 'count',
    scope: 'request',
    where: 'OTLP',
    counts: 'bytes of rows for each byte of a request, after decompression and beyond the first 1 MiB of rows',
    atBound: refusedRequest,
  },
  requestRowBytesFloor: {
    value: mebibyte,
    unit: 'bytes',
    scope: 'request',
    where: 'OTLP',
    counts: 'bytes of rows that every request may become, however small it is',
    atBound: refusedRequest,
  },
  requestDictionaryBytes: {
    value: 8 * mebibyte,
    unit: 'bytes',
    scope: 'request',
    where: 'OTLP',
    counts: 'bytes of new resources, scopes and operations of a request, 256 for each and its texts',
    atBound: refusedRequest,
  },
  requestCallBuckets: {
    value: 16_384,
    unit: 'count',
    scope: 'request',
    where: 'OTLP',
    counts: 'intervals of 10 s in which the spans of a request start',
    atBound: refusedRequest,
  },
  requestJsonBytes: {
    value: 16 * mebibyte,
    unit: 'bytes',
    scope: 'request',
    where: 'OTLP',
    counts: 'bytes of a request in JSON, after decompression',
    atBound: refusedRequest,
  },
  repeatedJsonFields: {
    value: 16,
    unit: 'count',
    scope: 'span',
    where: 'OTLP',
    counts: 'repetitions of the fields of one JSON object; of a repeated field the last one counts',
    atBound: rejectedSpan,
  },
  jsonNumberCharacters: {
    value: 400,
    unit: 'count',
    scope: 'span',
    where: 'OTLP',
    counts: 'characters of a number in JSON',
    atBound: rejectedSpan,
  },
  dictionaryCacheBytes: {
    value: 8 * mebibyte,
    unit: 'bytes',
    scope: 'process',
    where: 'OTLP',
    counts: 'bytes of resources that are remembered; as many of scopes and of operations',
    atBound: 'tracestore forgets them all and learns them again',
  },
} as const satisfies Record<string, Limit>;
