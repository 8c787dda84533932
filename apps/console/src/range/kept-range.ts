/** The part of a query string that links to other pages keep: the time range. With `?`, or empty without a range. */
export function keptRange(parameters: URLSearchParams): string {
  const kept = [...parameters].filter(([name]) => ['range', 'from', 'to'].includes(name));
  return kept.length === 0 ? '' : `?${new URLSearchParams(kept).toString()}`;
}
