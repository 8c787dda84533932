/*
 * Times are nanoseconds since 1970 as a bigint, everywhere in the read model. The database has microseconds, and the
 * nanoseconds that are left in a column beside them.
 */

const nsPerUs = 1000n;
const usPerDay = 86_400_000_000n;

/** The first and the last time that a span can have: what the write path takes. */
export const firstUnixNano = 0n;
export const lastUnixNano = 2n ** 63n - 1n;

/** The last microsecond that is not after a time: what the database's column of that time says. */
export function microsecondsOf(unixNano: bigint): bigint {
  return unixNano >= 0n ? unixNano / nsPerUs : (unixNano - (nsPerUs - 1n)) / nsPerUs;
}

/** A time in two columns, together. */
export function unixNanoOf(microseconds: bigint | string, nanos: bigint | number): bigint {
  return BigInt(microseconds) * nsPerUs + BigInt(nanos);
}

/** A timestamptz as a parameter, to the microsecond, which a Date would round to the millisecond. */
export function timestampOf(microseconds: bigint): string {
  const day = microseconds / usPerDay;
  const rest = microseconds - day * usPerDay;
  const date = new Date(Number(day * 86_400_000n + rest / 1000n));
  return `${date.toISOString().slice(0, -1)}${String(rest % 1000n).padStart(3, '0')}Z`;
}

/** Holds a time within what spans can have. */
export function clampUnixNano(unixNano: bigint): bigint {
  if (unixNano < firstUnixNano) return firstUnixNano;
  return unixNano > lastUnixNano ? lastUnixNano : unixNano;
}
