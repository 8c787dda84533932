import type { PartitionsResponse, StorageResponse } from '../api/types.ts';

const nsPerMs = 1_000_000n;
const msPerDay = 86_400_000;
/** Older partitions say little about the growth of now. */
const measuredDays = 7;

/** Tables that are deleted by the retention of spans. */
const spanTables: ReadonlySet<string> = new Set(['span', 'event', 'link', 'span_block', 'ledger']);

/** The growth of the database. */
export interface StorageEstimate {
  /** Bytes of spans, with everything that belongs to them, of a day. */
  readonly bytesPerDay: number;
  /** The size at which the database stops growing: a day is then deleted for each new one. */
  readonly settledBytes: number;
}

/** The partitions that a shorter retention deletes. */
export interface ExpiredPartitions {
  readonly count: number;
  readonly bytes: number;
}

type Partition = PartitionsResponse['partitions'][number];

interface Times {
  readonly fromMs: number;
  readonly toMs: number;
}

function timesOf({ fromUnixNano, toUnixNano }: Partition): Times | undefined {
  if (fromUnixNano === null || toUnixNano === null) return undefined;
  return { fromMs: Number(BigInt(fromUnixNano) / nsPerMs), toMs: Number(BigInt(toUnixNano) / nsPerMs) };
}

/**
 * Estimate the growth of the database from the partitions that are complete. Empty partitions before the first spans do not
 * count, and the first partition with spans may be incomplete.
 *
 * @param retentionMs how long spans are kept
 * @returns undefined while there is no complete partition
 */
export function storageEstimateOf(
  { partitions }: PartitionsResponse,
  { tables, databaseBytes }: StorageResponse,
  retentionMs: number,
  nowMs: number,
): StorageEstimate | undefined {
  const bytesOf = (names: ReadonlySet<string>): number =>
    tables.reduce((sum, { name, bytes }) => sum + (names.has(name) ? bytes : 0), 0);
  const spanBytes = bytesOf(new Set(['span']));
  const past = partitions
    .flatMap((partition) => {
      const times = timesOf(partition);
      return times === undefined || times.toMs > nowMs ? [] : [{ ...times, bytes: partition.bytes }];
    })
    .toSorted((one, other) => one.fromMs - other.fromMs);
  // An empty partition has the pages of its indexes only.
  const emptyBytes = Math.min(...partitions.map(({ bytes }) => bytes));
  const first = past.findIndex(({ bytes }) => bytes > 2 * emptyBytes);
  const measured =
    first < 0 ? [] : past.slice(first + 1).filter(({ fromMs }) => fromMs >= nowMs - (measuredDays + 1) * msPerDay);
  const ms = measured.reduce((sum, { fromMs, toMs }) => sum + toMs - fromMs, 0);
  if (ms === 0 || spanBytes === 0) return undefined;
  const perSpanByte = bytesOf(spanTables) / spanBytes;
  const bytesPerDay = (measured.reduce((sum, { bytes }) => sum + bytes, 0) * perSpanByte * msPerDay) / ms;
  return {
    bytesPerDay,
    settledBytes: databaseBytes - bytesOf(spanTables) + (bytesPerDay * retentionMs) / msPerDay,
  };
}

/** Days until a disk of this size is full; undefined if the database stops growing before. */
export function daysUntilFull(
  { bytesPerDay, settledBytes }: StorageEstimate,
  databaseBytes: number,
  diskBytes: number,
): number | undefined {
  if (settledBytes <= diskBytes) return undefined;
  return Math.max(0, diskBytes - databaseBytes) / Math.max(bytesPerDay, 1);
}

/**
 * The partitions of spans that are older than a retention. Those with spans that were received later are kept longer, so it is
 * an upper bound. The default partition is not in it.
 */
export function expiredPartitionsOf(
  { partitions }: PartitionsResponse,
  retentionMs: number,
  nowMs: number,
): ExpiredPartitions {
  const expired = partitions.filter((partition) => {
    const times = timesOf(partition);
    return times !== undefined && times.toMs <= nowMs - retentionMs;
  });
  return { count: expired.length, bytes: expired.reduce((sum, { bytes }) => sum + bytes, 0) };
}
