/*
 * The form in which a request is written: one value a column of the tables in schema/tables. This is the reference
 * for every decoder. Its rules, which the columns' types don't say:
 *
 *   - a trace id is 32 lower-case hex digits, a span id the signed big-endian number of its 8 bytes
 *   - a time is nanoseconds since 1970, 0 to 2^63-1; the table splits it in microseconds and the rest
 *   - unsigned 32-bit fields are the same 32 bits, signed
 *   - enumerations are their numbers, also where OTLP doesn't define them
 *   - text is as `storableText` makes it; empty text is null where the type says so
 *   - attributes are the text that `attributesToJson` writes
 *   - a parent span id of no bytes, or of zeros only, is null; so are the ids of a link that has none
 */

/** Of table `tracestore.resource`. */
export interface ResourceRow {
  readonly id: bigint;
  readonly serviceName: string;
  readonly attributes: string;
  readonly droppedAttributesCount: number;
  readonly schemaUrl: string | null;
  /** JSON, or null when there are none. */
  readonly entityRefs: string | null;
}

/** Of table `tracestore.scope`. */
export interface ScopeRow {
  readonly id: bigint;
  readonly name: string | null;
  readonly version: string | null;
  readonly attributes: string;
  readonly droppedAttributesCount: number;
  readonly schemaUrl: string | null;
}

/** Of table `tracestore.operation`. */
export interface OperationRow {
  readonly id: bigint;
  readonly serviceName: string;
  readonly spanKind: number;
  readonly spanName: string;
}

/** Of table `tracestore.span`. */
export interface SpanRow {
  readonly traceId: string;
  readonly spanId: bigint;
  readonly parentSpanId: bigint | null;
  readonly startTimeUnixNano: bigint;
  readonly endTimeUnixNano: bigint;
  readonly operationId: bigint;
  readonly resourceId: bigint;
  readonly scopeId: bigint;
  readonly instance: number;
  readonly flags: number;
  readonly droppedAttributesCount: number;
  readonly droppedEventsCount: number;
  readonly droppedLinksCount: number;
  readonly statusCode: number;
  readonly traceState: string | null;
  readonly statusMessage: string | null;
  readonly attributes: string;
}

/** Of table `tracestore.event`. */
export interface EventRow {
  readonly traceId: string;
  readonly spanId: bigint;
  readonly spanStartTimeUnixNano: bigint;
  readonly timeUnixNano: bigint;
  readonly spanInstance: number;
  readonly eventNbr: number;
  readonly droppedAttributesCount: number;
  readonly name: string;
  readonly attributes: string;
}

/** Of table `tracestore.link`. */
export interface LinkRow {
  readonly traceId: string;
  readonly spanId: bigint;
  readonly spanStartTimeUnixNano: bigint;
  readonly linkedTraceId: string | null;
  readonly linkedSpanId: bigint | null;
  readonly spanInstance: number;
  readonly linkNbr: number;
  readonly flags: number;
  readonly droppedAttributesCount: number;
  readonly traceState: string | null;
  readonly attributes: string;
}

/** All that one span writes, besides the dictionaries. */
export interface SpanRows {
  readonly span: SpanRow;
  readonly events: readonly EventRow[];
  readonly links: readonly LinkRow[];
}
