/** A file or a response has no traces in a format that is known. */
export class TraceFileError extends Error {
  override readonly name = 'TraceFileError';
}

/**
 * An id in lower case.
 *
 * @param digits its length
 * @param field its name, for the message
 * @throws TraceFileError if it is not hexadecimal or has another length
 */
export function idOf(text: unknown, digits: number, field: string): string {
  if (typeof text !== 'string' || text.length !== digits || !/^[\da-f]*$/i.test(text)) {
    throw new TraceFileError(`${field} must be ${digits} hex digits, got ${JSON.stringify(text ?? null).slice(0, 60)}`);
  }
  return text.toLowerCase();
}

/** An id as `idOf` returns it. Leading zeros may be missing: Jaeger and Zipkin leave them out. */
export function shortIdOf(text: unknown, digits: number, field: string): string {
  return idOf(typeof text === 'string' && text !== '' ? text.padStart(digits, '0') : text, digits, field);
}

const nsPerUs = 1_000n;

/** Nanoseconds of microseconds, which may have a fraction. A missing time is 0. */
export function nanosecondsOf(microseconds: number | bigint | string | undefined): bigint {
  if (typeof microseconds !== 'number' || Number.isInteger(microseconds)) return BigInt(microseconds ?? 0) * nsPerUs;
  const whole = Math.floor(microseconds);
  return BigInt(whole) * nsPerUs + BigInt(Math.round((microseconds - whole) * Number(nsPerUs)));
}
