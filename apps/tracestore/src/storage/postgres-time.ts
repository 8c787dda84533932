/*
 * PostgreSQL's binary timestamptz is an int8: the microseconds since 2000-01-01 00:00 UTC. OTLP counts nanoseconds since
 * 1970. JavaScript's numbers are exact to 2^53, so an int8 is handled as two 32-bit halves.
 */

/** From 1970-01-01 to 2000-01-01, in seconds. */
export const postgresEpochSeconds = 946_684_800;

/** From 1970-01-01 to 2000-01-01, in microseconds. */
export const postgresEpochMicros = postgresEpochSeconds * 1_000_000;

const epochMicros = BigInt(postgresEpochMicros);

/** 2^32: what one unit of the upper half of a 64-bit integer is worth. */
export const two32 = 0x1_0000_0000;

/**
 * Converts a time to PostgreSQL's, rounded down to the microsecond.
 *
 * @param unixNano since 1970
 * @returns microseconds since 2000
 */
export function postgresMicros(unixNano: bigint): bigint {
  return unixNano / 1000n - epochMicros;
}
