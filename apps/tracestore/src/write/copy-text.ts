import type { EventRow, LinkRow, SpanRow } from '../otlp/trace-rows.js';

/*
 * Rows in the text format of COPY (PostgreSQL manual, "COPY", "Text Format"): columns end with a tab, rows with a line
 * feed, NULL is \N, and a backslash takes the meaning from the character behind it.
 */

type Column = string | number | bigint | null;

/** One line of `copy-spans.sql`. */
export function spanLine(row: SpanRow): string {
  return line([
    row.traceId,
    row.spanId,
    row.parentSpanId,
    ...timeColumns(row.startTimeUnixNano),
    ...timeColumns(row.endTimeUnixNano),
    row.operationId,
    row.resourceId,
    row.scopeId,
    row.instance,
    row.flags,
    row.droppedAttributesCount,
    row.droppedEventsCount,
    row.droppedLinksCount,
    row.statusCode,
    row.traceState,
    row.statusMessage,
    row.attributes,
  ]);
}

/** One line of `copy-events.sql`. */
export function eventLine(row: EventRow): string {
  return line([
    row.traceId,
    row.spanId,
    timestamp(row.spanStartTimeUnixNano),
    ...timeColumns(row.timeUnixNano),
    row.spanInstance,
    row.eventNbr,
    row.droppedAttributesCount,
    row.name,
    row.attributes,
  ]);
}

/** One line of `copy-links.sql`. */
export function linkLine(row: LinkRow): string {
  return line([
    row.traceId,
    row.spanId,
    timestamp(row.spanStartTimeUnixNano),
    row.linkedTraceId,
    row.linkedSpanId,
    row.spanInstance,
    row.linkNbr,
    row.flags,
    row.droppedAttributesCount,
    row.traceState,
    row.attributes,
  ]);
}

/** Lines in portions of about 64 KiB, each made when it is asked for. */
export function* portions<Row>(rows: readonly Row[], lineOf: (row: Row) => string): Generator<Buffer> {
  let text = '';
  for (const row of rows) {
    text += lineOf(row);
    if (text.length >= portionLength) {
      yield Buffer.from(text);
      text = '';
    }
  }
  if (text !== '') yield Buffer.from(text);
}

const portionLength = 64 * 1024;

function line(columns: readonly Column[]): string {
  return `${columns.map(column).join('\t')}\n`;
}

function column(value: Column): string {
  if (value === null) return '\\N';
  return typeof value === 'string'
    ? value.replace(/[\\\t\n\r]/g, (character) => escapes[character] ?? '')
    : String(value);
}

const escapes: Readonly<Record<string, string>> = { '\\': '\\\\', '\t': '\\t', '\n': '\\n', '\r': '\\r' };

/** A time as its microseconds and the nanoseconds that are left. */
function timeColumns(unixNano: bigint): readonly [string, bigint] {
  return [timestamp(unixNano), unixNano % 1000n];
}

/** A timestamptz, rounded down to the microsecond. */
function timestamp(unixNano: bigint): string {
  const milliseconds = new Date(Number(unixNano / 1_000_000n)).toISOString().slice(0, -1);
  const microseconds = String((unixNano / 1000n) % 1000n).padStart(3, '0');
  return `${milliseconds}${microseconds}Z`;
}
