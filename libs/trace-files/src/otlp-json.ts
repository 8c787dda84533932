/* The JSON of OTLP: protobuf's JSON with ids in hex and enums as integers. Every field may be missing. */

export interface OtlpValue {
  readonly stringValue?: string;
  readonly boolValue?: boolean;
  readonly intValue?: string | number;
  readonly doubleValue?: number | string;
  readonly bytesValue?: string;
  readonly arrayValue?: { readonly values?: readonly OtlpValue[] };
  readonly kvlistValue?: { readonly values?: readonly OtlpAttribute[] };
}

export interface OtlpAttribute {
  readonly key?: string;
  readonly value?: OtlpValue;
}

export interface OtlpEvent {
  readonly timeUnixNano?: string | number;
  readonly name?: string;
  readonly attributes?: readonly OtlpAttribute[];
  readonly droppedAttributesCount?: number;
}

export interface OtlpLink {
  readonly traceId?: string;
  readonly spanId?: string;
  readonly traceState?: string;
  readonly attributes?: readonly OtlpAttribute[];
  readonly droppedAttributesCount?: number;
}

export interface OtlpSpan {
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
  readonly events?: readonly OtlpEvent[];
  readonly droppedEventsCount?: number;
  readonly links?: readonly OtlpLink[];
  readonly droppedLinksCount?: number;
  readonly status?: { readonly code?: number; readonly message?: string };
}

export interface OtlpResource {
  readonly attributes?: readonly OtlpAttribute[];
  readonly droppedAttributesCount?: number;
}

export interface OtlpScope {
  readonly name?: string;
  readonly version?: string;
  readonly attributes?: readonly OtlpAttribute[];
  readonly droppedAttributesCount?: number;
}

/** Spans of one scope. */
export interface OtlpScopeSpans {
  readonly schemaUrl?: string;
  readonly scope?: OtlpScope;
  readonly spans?: readonly OtlpSpan[];
}

/** Spans of one resource. */
export interface OtlpResourceSpans {
  readonly schemaUrl?: string;
  readonly resource?: OtlpResource;
  readonly scopeSpans?: readonly OtlpScopeSpans[];
}

/** A request of OTLP. */
export interface OtlpDocument {
  readonly resourceSpans?: readonly OtlpResourceSpans[];
}
