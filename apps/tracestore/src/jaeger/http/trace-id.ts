/** 32 hex digits of an id that Jaeger takes: hex, from which zeros in front may be left out. */
export function hexTraceId(id: string): string | undefined {
  return /^[\da-f]{1,32}$/i.test(id) ? id.toLowerCase().padStart(32, '0') : undefined;
}

/** The same, or 16 bytes in base64, of whichever alphabet. */
export function anyTraceId(id: string): string | undefined {
  const hex = hexTraceId(id);
  if (hex !== undefined) return hex;
  // Node takes both alphabets, and minds no padding.
  return /^[\w+/-]{22}(?:==)?$/.test(id) ? Buffer.from(id, 'base64').toString('hex') : undefined;
}
