/*
 * In the read model, times are nanoseconds since 1970 as a bigint. The database has microseconds in one column, and the
 * remaining nanoseconds in another one.
 */

const nsPerUs = 1000n;
const usPerDay = 86_400_000_000n;

/** The first and the last time that a span can have: the range of the write path. */
export const firstUnixNano = 0n;
export const lastUnixNano = 2n ** 63n - 1n;

/** The microseconds of a time, rounded down, as the column of the database has them. */
export function microsecondsOf(unixNano: bigint): bigint {
  return unixNano >= 0n ? unixNano / nsPerUs : (unixNano - (nsPerUs - 1n)) / nsPerUs;
}

/** A time of two columns. */
export function unixNanoOf(microseconds: bigint | string, nanos: bigint | number): bigint {
  return BigInt(microseconds) * nsPerUs + BigInt(nanos);
}

/** Write a timestamptz to the microsecond. A Date would round it to the millisecond. */
export function timestampOf(microseconds: bigint): string {
  const day = microseconds / usPerDay;
  const rest = microseconds - day * usPerDay;
  const date = new Date(Number(day * 86_400_000n + rest / 1000n));
  return `${date.toISOString().slice(0, -1)}${String(rest % 1000n).padStart(3, '0')}Z`;
}

/** Move a time into the range that spans can have. */
export function clampUnixNano(unixNano: bigint): bigint {
  if (unixNano < firstUnixNano) return firstUnixNano;
  return unixNano > lastUnixNano ? lastUnixNano : unixNano;
}
