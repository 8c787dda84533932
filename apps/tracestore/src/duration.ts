import { variable } from '@spandrel/service';
import { z } from 'zod';

export const minuteMs = 60_000;
export const hourMs = 60 * minuteMs;
export const dayMs = 24 * hourMs;

/** The units of a duration, in ms. */
const unitMs = { s: 1_000, m: minuteMs, h: hourMs, d: dayMs } as const;

type Unit = keyof typeof unitMs;

/** A duration as a user writes it: `30d`, `12h`, `90m` or `45s`. */
type DurationText = `${number}${Unit}`;

const maximum = '36500d';

/**
 * Makes a variable whose value is a duration. The parsed value is in ms.
 *
 * @param minimum the shortest duration that is valid
 * @param fallbackMs the default in ms, a multiple of 1,000
 */
export function duration(minimum: DurationText, fallbackMs: number) {
  const { schema, value } = durationSchema(minimum);
  return variable.with(schema.default(fallbackMs), { value, defaultText: textOf(fallbackMs) });
}

/**
 * Makes a variable like `duration` that is undefined if it is not set.
 *
 * @param defaultText how documentation names the value that then applies
 */
export function optionalDuration(minimum: DurationText, defaultText: string) {
  const { schema, value } = durationSchema(minimum);
  return variable.with(schema.optional(), { value, defaultText });
}

function durationSchema(minimum: DurationText) {
  const value = `a duration such as 30d, 12h, 90m or 45s, from ${minimum} to ${maximum}`;
  const message = `must be ${value}`;
  const schema = z
    .string()
    .regex(/^[1-9]\d{0,8}[smhd]$/, message)
    .transform(millisecondsOf)
    .pipe(z.number().min(millisecondsOf(minimum), message).max(millisecondsOf(maximum), message));
  return { schema, value };
}

function millisecondsOf(text: string): number {
  return Number(text.slice(0, -1)) * unitMs[text.slice(-1) as Unit];
}

/** Writes a duration in the largest unit that gives an integer. */
function textOf(milliseconds: number): string {
  const unit = (['d', 'h', 'm', 's'] as const).find((name) => milliseconds % unitMs[name] === 0) ?? 's';
  return `${milliseconds / unitMs[unit]}${unit}`;
}
