import type { BucketCounts } from './call-counts.js';
import type { CopyBuffer } from './copy-buffer.js';

const postgresEpochSeconds = 946_684_800;
const columnCount = 6;
const oid = { int2: 21, int4: 23, int8: 20, float8: 701 } as const;

/** A row of `tracestore.operation_delta`: five arrays with an entry for each operation and class of durations. */
export function appendDeltaRow(out: CopyBuffer, bucket: BucketCounts): void {
  const { length, operations, durationClasses, calls, errors, durationsNs } = bucket;
  out.reserveRow(64 + columnCount * 32 + length * (12 + 6 + 8 + 8 + 12));
  out.beginRow(columnCount);
  out.wide((bucket.startSeconds - postgresEpochSeconds) * 1e6);
  array(out, oid.int8, length, (index) => out.int64(operations[index]?.idHigh ?? 0, operations[index]?.idLow ?? 0));
  array(out, oid.int2, length, (index) => out.int16(durationClasses[index] ?? 0));
  array(out, oid.int4, length, (index) => out.int32(calls[index] ?? 0));
  array(out, oid.int4, length, (index) => out.int32(errors[index] ?? 0));
  array(out, oid.float8, length, (index) => out.float64(durationsNs[index] ?? 0));
  out.requireReserved();
}

function array(out: CopyBuffer, elementType: number, length: number, element: (index: number) => void): void {
  const start = out.beginArray(elementType, length);
  for (let index = 0; index < length; index++) element(index);
  out.endColumn(start);
}
