const nsPerMs = 1_000_000n;

/** Format a time as local time, to the millisecond. @param unixNano decimal digits */
export function formatTime(unixNano: string): string {
  const date = new Date(Number(BigInt(unixNano) / nsPerMs));
  const day = date.toLocaleDateString(undefined, { year: 'numeric', month: '2-digit', day: '2-digit' });
  const time = date.toLocaleTimeString(undefined, { hour12: false });
  return `${day} ${time}.${String(date.getMilliseconds()).padStart(3, '0')}`;
}
