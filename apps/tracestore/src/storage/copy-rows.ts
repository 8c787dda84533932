import type { CopyBatch } from './copy-batch.js';
import type { CopyBuffer } from './copy-buffer.js';
import { CopyTable } from './copy-table.js';
import { postgresMicros } from './postgres-time.js';
import type { EventRow, LinkRow, SpanRow, SpanRows } from './trace-rows.js';

/*
 * The columns of spans, events and links, and how the fallback decoder writes them in the binary format of COPY.
 */

/** The first byte of a jsonb in binary form; text follows. */
export const jsonbVersion = 1;

export const spanTable = new CopyTable<SpanRow>('span', {
  trace_id: (out, row) => uuid(out, row.traceId),
  span_id: (out, row) => int64(out, row.spanId),
  parent_span_id: (out, row) => int64(out, row.parentSpanId),
  start_time: (out, row) => time(out, row.startTimeUnixNano),
  start_nanos: (out, row) => nanos(out, row.startTimeUnixNano),
  end_time: (out, row) => time(out, row.endTimeUnixNano),
  end_nanos: (out, row) => nanos(out, row.endTimeUnixNano),
  operation_id: (out, row) => int64(out, row.operationId),
  resource_id: (out, row) => int64(out, row.resourceId),
  scope_id: (out, row) => int64(out, row.scopeId),
  instance: (out, row) => out.int32(row.instance),
  flags: (out, row) => out.int32OrNull(row.flags),
  dropped_attributes_count: (out, row) => out.int32OrNull(row.droppedAttributesCount),
  dropped_events_count: (out, row) => out.int32OrNull(row.droppedEventsCount),
  dropped_links_count: (out, row) => out.int32OrNull(row.droppedLinksCount),
  status_code: (out, row) => out.int32OrNull(row.statusCode),
  trace_state: (out, row) => text(out, row.traceState),
  status_message: (out, row) => text(out, row.statusMessage),
  attributes: (out, row) => jsonb(out, row.attributes),
});

export const eventTable = new CopyTable<EventRow>('event', {
  trace_id: (out, row) => uuid(out, row.traceId),
  span_id: (out, row) => int64(out, row.spanId),
  span_start_time: (out, row) => time(out, row.spanStartTimeUnixNano),
  time: (out, row) => time(out, row.timeUnixNano),
  time_nanos: (out, row) => nanos(out, row.timeUnixNano),
  span_instance: (out, row) => out.int32(row.spanInstance),
  event_nbr: (out, row) => out.int32(row.eventNbr),
  dropped_attributes_count: (out, row) => out.int32(row.droppedAttributesCount),
  name: (out, row) => text(out, row.name),
  attributes: (out, row) => jsonb(out, row.attributes),
});

export const linkTable = new CopyTable<LinkRow>('link', {
  trace_id: (out, row) => uuid(out, row.traceId),
  span_id: (out, row) => int64(out, row.spanId),
  span_start_time: (out, row) => time(out, row.spanStartTimeUnixNano),
  linked_trace_id: (out, row) => uuid(out, row.linkedTraceId),
  linked_span_id: (out, row) => int64(out, row.linkedSpanId),
  span_instance: (out, row) => out.int32(row.spanInstance),
  link_nbr: (out, row) => out.int32(row.linkNbr),
  flags: (out, row) => out.int32OrNull(row.flags),
  dropped_attributes_count: (out, row) => out.int32OrNull(row.droppedAttributesCount),
  trace_state: (out, row) => text(out, row.traceState),
  attributes: (out, row) => jsonb(out, row.attributes),
});

/** Appends the rows of a span, its events and its links. */
export function appendRows(batch: CopyBatch, { span, events, links }: SpanRows): void {
  reserve(batch.spans, spanTable, span.traceState, span.statusMessage, span.attributes);
  spanTable.append(batch.spans, span);
  for (const event of events) {
    reserve(batch.events, eventTable, event.name, event.attributes);
    eventTable.append(batch.events, event);
  }
  for (const link of links) {
    reserve(batch.links, linkTable, link.traceState, link.attributes);
    linkTable.append(batch.links, link);
  }
}

/** Reserves a row: 12 bytes for each column, as an int8 needs, 16 more for two trace ids, and 3 for each character. */
function reserve(
  out: CopyBuffer,
  { columnCount }: { readonly columnCount: number },
  ...texts: readonly (string | null)[]
): void {
  const textBytes = texts.reduce((sum, value) => sum + 3 * (value?.length ?? 0), 0);
  out.reserveRow(2 + columnCount * 12 + 16 + textBytes);
}

function uuid(out: CopyBuffer, hex: string | null): void {
  if (hex === null) out.null();
  else out.copy(Buffer.from(hex, 'hex'), 0, 16);
}

function int64(out: CopyBuffer, value: bigint | null): void {
  if (value === null) out.null();
  else out.int64(Number(BigInt.asIntN(32, value >> 32n)), Number(BigInt.asIntN(32, value)));
}

/** A timestamptz, rounded down to the microsecond. */
function time(out: CopyBuffer, unixNano: bigint): void {
  int64(out, postgresMicros(unixNano));
}

/** The nanoseconds that a timestamptz drops, 0 to 999, as int2. */
function nanos(out: CopyBuffer, unixNano: bigint): void {
  out.int16(Number(unixNano % 1000n));
}

function text(out: CopyBuffer, value: string | null): void {
  if (value === null) {
    out.null();
    return;
  }
  const bytes = Buffer.from(value);
  out.copy(bytes, 0, bytes.length);
}

function jsonb(out: CopyBuffer, json: string): void {
  const start = out.beginColumn();
  out.byte(jsonbVersion);
  const bytes = Buffer.from(json);
  out.append(bytes, 0, bytes.length);
  out.endColumn(start);
}
