import { errorKinds } from '../errors/error-kinds.js';
import { TracestoreError } from '../errors/tracestore-error.js';

/** Write the id of a span in 16 hex digits. The database has it as a signed number. */
export function spanIdOf(number: string): string {
  return BigInt.asUintN(64, BigInt(number)).toString(16).padStart(16, '0');
}

/** Write the id of a trace in 32 hex digits. The database has it as a uuid. */
export function traceIdOf(uuid: string): string {
  return uuid.replaceAll('-', '');
}

/**
 * Check the id of a requested trace.
 *
 * @param path of the id in the query, for the message
 * @throws TracestoreError `invalid` when it is not 32 hex digits
 */
export function requireTraceId(traceId: string, path: string): string {
  if (/^[\da-f]{32}$/i.test(traceId)) return traceId.toLowerCase();
  throw new TracestoreError(
    errorKinds.invalid,
    `${path} should be 32 hex digits, but is ${JSON.stringify(traceId.slice(0, 40))}`,
  );
}
