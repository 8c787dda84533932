import { z } from 'zod';

/** At most 19 decimal digits. */
export const wholeNumber = /^\d{1,19}$/;

/** Nanoseconds since 1970 as decimal digits, because a JSON number would lose precision. */
export const unixNano = z
  .string()
  .regex(wholeNumber, 'must be nanoseconds since 1970, as decimal digits')
  .describe('nanoseconds since 1970');

/** Refine a query string: one number in decimal digits must be at most another, where both are given. */
export function inOrder(least: string, most: string) {
  const areInOrder = (query: Readonly<Record<string, unknown>>): boolean => {
    const [from, to] = [query[least], query[most]].map(String);
    // Also called for values that are invalid on their own.
    const areNumbers = [from, to].every((text = '') => wholeNumber.test(text));
    return !areNumbers || BigInt(from ?? 0) <= BigInt(to ?? 0);
  };
  const failure: { path: string[]; error: string } = { path: [least], error: `must be at most ${most}` };
  return [areInOrder, failure] as const;
}

/** A time range in a query string, bounds included. A missing bound means no limit. */
export const timeRange = z
  .object({ from: unixNano.optional(), to: unixNano.optional() })
  .refine(...inOrder('from', 'to'));

/** 32 hex digits. */
export const traceId = z.string().regex(/^[\da-fA-F]{32}$/, 'must be 32 hex digits');

/** 16 hex digits. */
export const spanId = z.string().regex(/^[\da-fA-F]{16}$/, 'must be 16 hex digits');

/** Convert a bound to the type that the read model uses. */
export function nanoOf(text: string | undefined): bigint | undefined {
  return text === undefined ? undefined : BigInt(text);
}
