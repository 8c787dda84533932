import { z } from 'zod';

/** Nanoseconds since 1970 as decimal digits: a number of JSON would round them. */
export const unixNano = z
  .string()
  .regex(/^\d{1,19}$/, 'should be nanoseconds since 1970, as decimal digits')
  .describe('nanoseconds since 1970');

/** A range of time in a query string; the bounds belong to it. Without one, all that is stored. */
export const timeRange = { from: unixNano.optional(), to: unixNano.optional() };

/** 32 hex digits. */
export const traceId = z.string().regex(/^[\da-fA-F]{32}$/, 'should be 32 hex digits');

/** 16 hex digits. */
export const spanId = z.string().regex(/^[\da-fA-F]{16}$/, 'should be 16 hex digits');

/** A bound as the read model has it. */
export function nanoOf(text: string | undefined): bigint | undefined {
  return text === undefined ? undefined : BigInt(text);
}
