import type { ReferenceRow } from './built-tracestore.ts';

/*
 * Rows in the binary format of COPY (PostgreSQL manual, "COPY", "Binary Format"), written as plainly as it goes: it is
 * no part of what is measured, and a second opinion on what the measured one writes.
 *
 *   file    "PGCOPY\n\xff\r\n\0", int32 flags = 0, int32 length of the extension = 0, rows, int16 -1
 *   row     int16 number of columns, then for each int32 length (-1: NULL) and the value
 */

const head = Buffer.from('PGCOPY\n\xff\r\n\0\0\0\0\0\0\0\0\0', 'latin1');
const tail = Buffer.from([0xff, 0xff]);

/** From 1970, where OTLP's time begins, to 2000, where PostgreSQL's does. */
const postgresEpochMicroseconds = 946_684_800_000_000n;

/** A column as the database describes it. */
export interface Column {
  readonly name: string;
  readonly type: string;
  /** Whether a row may leave it out. */
  readonly optional: boolean;
}

/** The columns of a table for which rows have values. @throws Error when a column must have one and has none */
export function columnsOf(columns: readonly Column[], sample: ReferenceRow): readonly Column[] {
  return columns.filter(({ name, type, optional }) => {
    if (keyOf(name, type) in sample) return true;
    if (optional) return false;
    throw new Error(`the reference rows have no value for column ${name}`);
  });
}

/** All rows as one COPY file. */
export function encodeCopyFile(rows: readonly ReferenceRow[], columns: readonly Column[]): Buffer {
  const count = Buffer.alloc(2);
  count.writeInt16BE(columns.length);
  const parts: Buffer[] = [head];
  for (const row of rows) {
    parts.push(count);
    for (const { name, type } of columns) {
      const value = encodeValue(name, type, row[keyOf(name, type)]);
      const length = Buffer.alloc(4);
      length.writeInt32BE(value?.length ?? -1);
      parts.push(length);
      if (value !== undefined) parts.push(value);
    }
  }
  parts.push(tail);
  return Buffer.concat(parts);
}

/** `start_time` and `start_nanos` are made of `startTimeUnixNano`, `time` and `time_nanos` of `timeUnixNano`. */
function keyOf(column: string, type: string): string {
  const camelCase = (name: string): string => name.replace(/_(\w)/g, (_, letter: string) => letter.toUpperCase());
  if (type === 'timestamp with time zone') return `${camelCase(column)}UnixNano`;
  const [, ofTime] = /^(\w+)_nanos$/.exec(column) ?? [];
  if (ofTime === undefined) return camelCase(column);
  return ofTime === 'time' ? 'timeUnixNano' : `${camelCase(ofTime)}TimeUnixNano`;
}

function encodeValue(column: string, type: string, value: unknown): Buffer | undefined {
  if (value === null || value === undefined) return undefined;
  switch (type) {
    case 'uuid':
      return Buffer.from(String(value), 'hex');
    case 'text':
      return Buffer.from(String(value));
    case 'jsonb':
      // The version of the format, then text.
      return Buffer.concat([Buffer.from([1]), Buffer.from(String(value))]);
    case 'timestamp with time zone':
      return int64(BigInt(value as bigint) / 1000n - postgresEpochMicroseconds);
    case 'bigint':
      return int64(BigInt(value as bigint));
    case 'integer': {
      const bytes = Buffer.alloc(4);
      bytes.writeInt32BE(Number(value));
      return bytes;
    }
    case 'smallint': {
      const bytes = Buffer.alloc(2);
      bytes.writeInt16BE(column.endsWith('_nanos') ? Number(BigInt(value as bigint) % 1000n) : Number(value));
      return bytes;
    }
    default:
      throw new Error(`no way is known to write column ${column} of type ${type}`);
  }
}

function int64(value: bigint): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeBigInt64BE(value);
  return bytes;
}
