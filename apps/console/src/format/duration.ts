import { formatNumber } from './number.ts';
const units = [
  ['d', 86_400e9],
  ['h', 3_600e9],
  ['min', 60e9],
  ['s', 1e9],
  ['ms', 1e6],
  ['µs', 1e3],
  ['ns', 1],
] as const;

const minuteNs = 60e9;
const hourNs = 3_600e9;
const dayNs = 86_400e9;
const longDays = 100;

/**
 * Format nanoseconds in a suitable unit with three significant digits: `12.3 ms`. From one minute on, two units have at most
 * four digits: `1 min 30 s`, `26 h` as `1 d 2 h`.
 */
export function formatDuration(ns: number): string {
  if (ns === 0) return '0';
  return `${ns < 0 ? '-' : ''}${formatSize(Math.abs(ns))}`;
}

function formatSize(ns: number): string {
  if (significant(ns / 1e9) < 60) {
    // Rounding can reach the next unit: 999.9 ms is 1 s.
    const [unit, size] = units.findLast(([, each]) => significant(ns / each) < 1_000) ?? ['s', 1e9];
    return `${significant(ns / size)} ${unit}`;
  }
  const seconds = Math.round(ns / 1e9);
  if (seconds * 1e9 < hourNs) return inTwoUnits(seconds, 60, 'min', 's');
  const minutes = Math.round(ns / minuteNs);
  if (minutes * minuteNs < dayNs) return inTwoUnits(minutes, 60, 'h', 'min');
  const hours = Math.round(ns / hourNs);
  if (hours * hourNs < longDays * dayNs) return inTwoUnits(hours, 24, 'd', 'h');
  return `${formatNumber(Math.round(ns / dayNs))} d`;
}

function inTwoUnits(count: number, perUnit: number, unit: string, smaller: string): string {
  const rest = count % perUnit;
  return `${Math.floor(count / perUnit)} ${unit}${rest === 0 ? '' : ` ${rest} ${smaller}`}`;
}

/** Round to three significant digits. */
function significant(value: number): number {
  return Number(value.toPrecision(3));
}

const part = String.raw`(\d+(?:\.\d+)?)\s*(ns|us|µs|ms|s|min|m|h|d)`;
const whole = new RegExp(String.raw`^\s*(?:${part}\s*)+$`, 'i');
const eachPart = new RegExp(part, 'gi');
const aliases: Readonly<Record<string, string>> = { us: 'µs', m: 'min' };

/** Parse a duration such as `1.5ms`, `2 s` or `1 min 30 s`, in nanoseconds; undefined if it is invalid. */
export function parseDuration(text: string): number | undefined {
  // A sum of many parts is no duration that anyone means; it would take long to match.
  if (text.length > 40 || !whole.test(text)) return undefined;
  let ns = 0;
  for (const [, number = '', unit = ''] of text.matchAll(eachPart)) {
    const name = unit.toLowerCase();
    const size = units.find(([each]) => each === (aliases[name] ?? name))?.[1];
    if (size === undefined) return undefined;
    ns += Number(number) * size;
  }
  return Math.round(ns);
}
