import { z } from 'zod';

export const minuteMs = 60_000;
export const hourMs = 60 * minuteMs;
export const dayMs = 24 * hourMs;

/** Milliseconds of each unit of a duration. */
export const unitMs = { s: 1_000, m: minuteMs, h: hourMs, d: dayMs } as const;

/**
 * A schema for an environment variable that is a duration such as `30d`, `12h`, `90m` or `45s`.
 *
 * @param minimumMs the shortest accepted duration
 * @param minimum the same for the error message, such as `1h`
 * @returns a schema whose output is in milliseconds
 */
export function duration(minimumMs: number, minimum: string) {
  const message = `should be a time such as 30d, 12h or 90m, at least ${minimum} and at most 36500d`;
  return z
    .string()
    .regex(/^[1-9]\d{0,8}[smhd]$/, message)
    .transform((text) => Number(text.slice(0, -1)) * unitMs[text.slice(-1) as keyof typeof unitMs])
    .pipe(
      z
        .number()
        .min(minimumMs, message)
        .max(36_500 * unitMs.d, message),
    );
}
