/** Format a number in the one style of the console, whatever the language of the browser: `1,234`, `0.125`. */
export function formatNumber(value: number): string {
  return value.toLocaleString('en');
}

/** Format how many there are of a thing: `1 trace`, `1,234 traces`. @param plural unless it is the noun and an s */
export function counted(count: number, noun: string, plural = `${noun}s`): string {
  return `${formatNumber(count)} ${count === 1 ? noun : plural}`;
}
