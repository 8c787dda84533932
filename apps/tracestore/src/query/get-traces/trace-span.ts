/*
 * A span with all fields of OTLP. An absent field is an empty text, 0 or an empty list, as in protobuf. Attributes are JSON as
 * attribute-json.ts writes it; `attributesFromJson` reads it.
 */

/** Spans share one object, also across the chunks of a result, so that it can be a key of a map. */
export interface SpanResource {
  readonly attributesJson: string;
  /** 0 to 2^32 - 1, as all counts and flags. */
  readonly droppedAttributesCount: number;
  readonly schemaUrl: string;
  /** A JSON array of OTLP's entity references; empty when there are none. */
  readonly entityRefsJson: string;
}

/** The instrumentation library, and the schema of its spans. Spans share one object. */
export interface SpanScope {
  readonly name: string;
  readonly version: string;
  readonly attributesJson: string;
  readonly droppedAttributesCount: number;
  readonly schemaUrl: string;
}

export interface SpanEvent {
  readonly timeUnixNano: bigint;
  readonly name: string;
  readonly attributesJson: string;
  readonly droppedAttributesCount: number;
}

export interface SpanLink {
  /** 32 hex digits, or empty when the link has no trace. */
  readonly traceId: string;
  /** 16 hex digits, or empty when the link has no span. */
  readonly spanId: string;
  readonly traceState: string;
  readonly flags: number;
  readonly attributesJson: string;
  readonly droppedAttributesCount: number;
}

export interface TraceSpan {
  /** 16 hex digits. */
  readonly spanId: string;
  /** 16 hex digits, or empty for a root. */
  readonly parentSpanId: string;
  readonly serviceName: string;
  readonly name: string;
  /** OTLP's number, which OTLP may not define. */
  readonly kind: number;
  readonly startTimeUnixNano: bigint;
  readonly endTimeUnixNano: bigint;
  readonly traceState: string;
  readonly flags: number;
  /** OTLP's number, which OTLP may not define. */
  readonly statusCode: number;
  readonly statusMessage: string;
  readonly attributesJson: string;
  readonly droppedAttributesCount: number;
  readonly events: readonly SpanEvent[];
  readonly droppedEventsCount: number;
  readonly links: readonly SpanLink[];
  readonly droppedLinksCount: number;
  readonly resource: SpanResource;
  readonly scope: SpanScope;
}

/** Spans of one trace, at least one. */
export interface TraceChunk {
  /** 32 hex digits. */
  readonly traceId: string;
  readonly spans: readonly TraceSpan[];
}
