import { errorKinds } from '../errors/error-kinds.js';
import { TracestoreError } from '../errors/tracestore-error.js';

/** 16 hex digits of a span's id, which the database has as a signed number. */
export function spanIdOf(number: string): string {
  return BigInt.asUintN(64, BigInt(number)).toString(16).padStart(16, '0');
}

/** The database's number of a span's id: @param spanId 16 hex digits */
export function spanIdNumberOf(spanId: string): string {
  return BigInt.asIntN(64, BigInt(`0x${spanId}`)).toString();
}

/** 32 hex digits of a trace's id, which the database has as a uuid. */
export function traceIdOf(uuid: string): string {
  return uuid.replaceAll('-', '');
}

/**
 * A trace's id as it is asked for.
 *
 * @param path what it is part of, for the message
 * @throws TracestoreError `invalid` when it is not 32 hex digits
 */
export function requireTraceId(traceId: string, path: string): string {
  if (/^[\da-f]{32}$/i.test(traceId)) return traceId.toLowerCase();
  throw new TracestoreError(
    errorKinds.invalid,
    `${path} should be 32 hex digits, but is ${JSON.stringify(traceId.slice(0, 40))}`,
  );
}
