import type { CopyBatch } from './copy-batch.js';
import type { CopyBuffer } from './copy-buffer.js';
import type { EventRow, LinkRow, SpanRow, SpanRows } from './trace-rows.js';

/*
 * The reference's rows in the binary format of COPY: slow and plain. The columns stand in the order of
 * write/copy-spans.sql, copy-events.sql and copy-links.sql, as those that the transcoder writes.
 */

/** PostgreSQL counts time from 2000: in microseconds since 1970. */
export const postgresEpochMicros = 946_684_800_000_000n;

/** How many columns each table's rows have. */
export const columnCounts = { span: 19, event: 10, link: 11, spanBlock: 8 } as const;

/** The rows of a span, its events and its links. */
export function appendRows(batch: CopyBatch, { span, events, links }: SpanRows): void {
  appendSpanRow(batch.spans, span);
  for (const event of events) appendEventRow(batch.events, event);
  for (const link of links) appendLinkRow(batch.links, link);
}

function appendSpanRow(out: CopyBuffer, row: SpanRow): void {
  out.reserveRow(2 + columnCounts.span * 12 + 16 + utf8Bound(row.traceState, row.statusMessage, row.attributes));
  out.beginRow(columnCounts.span);
  uuid(out, row.traceId);
  int64(out, row.spanId);
  int64(out, row.parentSpanId);
  time(out, row.startTimeUnixNano);
  out.int16(Number(row.startTimeUnixNano % 1000n));
  time(out, row.endTimeUnixNano);
  out.int16(Number(row.endTimeUnixNano % 1000n));
  int64(out, row.operationId);
  int64(out, row.resourceId);
  int64(out, row.scopeId);
  out.int32(row.instance);
  out.int32OrNull(row.flags);
  out.int32OrNull(row.droppedAttributesCount);
  out.int32OrNull(row.droppedEventsCount);
  out.int32OrNull(row.droppedLinksCount);
  out.int32OrNull(row.statusCode);
  text(out, row.traceState);
  text(out, row.statusMessage);
  jsonb(out, row.attributes);
}

function appendEventRow(out: CopyBuffer, row: EventRow): void {
  out.reserveRow(2 + columnCounts.event * 12 + 16 + utf8Bound(row.name, row.attributes));
  out.beginRow(columnCounts.event);
  uuid(out, row.traceId);
  int64(out, row.spanId);
  time(out, row.spanStartTimeUnixNano);
  time(out, row.timeUnixNano);
  out.int16(Number(row.timeUnixNano % 1000n));
  out.int32(row.spanInstance);
  out.int32(row.eventNbr);
  out.int32(row.droppedAttributesCount);
  text(out, row.name);
  jsonb(out, row.attributes);
}

function appendLinkRow(out: CopyBuffer, row: LinkRow): void {
  out.reserveRow(2 + columnCounts.link * 12 + 32 + utf8Bound(row.traceState, row.attributes));
  out.beginRow(columnCounts.link);
  uuid(out, row.traceId);
  int64(out, row.spanId);
  time(out, row.spanStartTimeUnixNano);
  uuid(out, row.linkedTraceId);
  int64(out, row.linkedSpanId);
  out.int32(row.spanInstance);
  out.int32(row.linkNbr);
  out.int32OrNull(row.flags);
  out.int32OrNull(row.droppedAttributesCount);
  text(out, row.traceState);
  jsonb(out, row.attributes);
}

function utf8Bound(...texts: readonly (string | null)[]): number {
  return texts.reduce((sum, value) => sum + 3 * (value?.length ?? 0), 0);
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
  int64(out, unixNano / 1000n - postgresEpochMicros);
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

/** The first byte of a jsonb in binary form; text follows. */
export const jsonbVersion = 1;
