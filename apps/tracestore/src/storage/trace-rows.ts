/*
 * The rows of a request, with one property for each column. The fallback decoder makes them, and every other decoder must
 * store the same values. The rules, as far as the types do not express them:
 *
 *   - A trace id is 32 lower-case hex digits. A span id is the signed big-endian number of its 8 bytes.
 *   - A time is nanoseconds since 1970, from 0 to 2^63-1. The table stores microseconds and the remaining nanoseconds.
 *   - Unsigned 32-bit fields keep their bits and become signed.
 *   - Enumerations are numbers, also if OTLP does not define the number.
 *   - Text is as `storableText` returns it. Empty text is null where the type allows it.
 *   - Attributes are the text that `attributesToJson` returns.
 *   - A parent span id that is empty or all zeros is null. An empty id of a link is null.
 */

/** A row of `tracestore.resource`. */
export interface ResourceRow {
  readonly id: bigint;
  readonly serviceName: string;
  readonly attributes: string;
  readonly droppedAttributesCount: number;
  readonly schemaUrl: string | null;
  /** JSON, or null when there are none. */
  readonly entityRefs: string | null;
}

/** A row of `tracestore.scope`. */
export interface ScopeRow {
  readonly id: bigint;
  readonly name: string | null;
  readonly version: string | null;
  readonly attributes: string;
  readonly droppedAttributesCount: number;
  readonly schemaUrl: string | null;
}

/** A row of `tracestore.operation`. */
export interface OperationRow {
  readonly id: bigint;
  readonly serviceName: string;
  readonly spanKind: number;
  readonly spanName: string;
}

/** A row of `tracestore.span`. */
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

/** A row of `tracestore.event`. */
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

/** A row of `tracestore.link`. */
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

/** The rows of one span, without the dictionary rows. */
export interface SpanRows {
  readonly span: SpanRow;
  readonly events: readonly EventRow[];
  readonly links: readonly LinkRow[];
}
