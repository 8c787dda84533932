const units = [
  ['d', 86_400e9],
  ['h', 3_600e9],
  ['min', 60e9],
  ['s', 1e9],
  ['ms', 1e6],
  ['µs', 1e3],
  ['ns', 1],
] as const;

/** Format nanoseconds in a suitable unit with three significant digits: `12.3 ms`. */
export function formatDuration(ns: number): string {
  const [unit, size] = units.find(([, each]) => Math.abs(ns) >= each) ?? ['ns', 1];
  if (ns === 0) return '0';
  return `${Number((ns / size).toPrecision(3))} ${unit}`;
}

/** Parse a duration such as `1.5ms` or `2 s`, in nanoseconds; undefined if it is invalid. */
export function parseDuration(text: string): number | undefined {
  const [, number, unit] = /^\s*(\d+(?:\.\d+)?)\s*(ns|us|µs|ms|s|min|m|h|d)\s*$/i.exec(text) ?? [];
  if (number === undefined || unit === undefined) return undefined;
  const aliases: Readonly<Record<string, string>> = { us: 'µs', m: 'min' };
  const name = unit.toLowerCase();
  const size = units.find(([each]) => each === (aliases[name] ?? name))?.[1];
  return size === undefined ? undefined : Math.round(Number(number) * size);
}
