import { z } from 'zod';

export const minuteMs = 60_000;
export const hourMs = 60 * minuteMs;
export const dayMs = 24 * hourMs;

/** Milliseconds of the units that a duration may have. */
export const unitMs = { s: 1_000, m: minuteMs, h: hourMs, d: dayMs } as const;

/** A variable that is a time such as `30d`, `12h`, `90m` or `45s`; its value is in milliseconds. */
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
