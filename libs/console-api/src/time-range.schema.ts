import { z } from 'zod';

/** Nanoseconds since 1970 as decimal digits, because a JSON number would lose precision. */
export const unixNano = z
  .string()
  .regex(/^\d{1,19}$/, 'must be nanoseconds since 1970, as decimal digits')
  .describe('nanoseconds since 1970');

/** A time range in a query string, bounds included. A missing bound means no limit. */
export const timeRange = { from: unixNano.optional(), to: unixNano.optional() };

/** 32 hex digits. */
export const traceId = z.string().regex(/^[\da-fA-F]{32}$/, 'must be 32 hex digits');

/** 16 hex digits. */
export const spanId = z.string().regex(/^[\da-fA-F]{16}$/, 'must be 16 hex digits');

/** Convert a bound to the type that the read model uses. */
export function nanoOf(text: string | undefined): bigint | undefined {
  return text === undefined ? undefined : BigInt(text);
}
