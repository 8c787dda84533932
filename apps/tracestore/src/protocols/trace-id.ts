/** Completes a trace id to 32 hex digits. Jaeger permits hex without leading zeros. */
export function hexTraceId(id: string): string | undefined {
  return /^[\da-f]{1,32}$/i.test(id) ? id.toLowerCase().padStart(32, '0') : undefined;
}

/** Like the other, and also accepts 16 bytes in base64 of either alphabet. */
export function anyTraceId(id: string): string | undefined {
  const hex = hexTraceId(id);
  if (hex !== undefined) return hex;
  // Node accepts both alphabets, and needs no padding.
  return /^[\w+/-]{22}(?:==)?$/.test(id) ? Buffer.from(id, 'base64').toString('hex') : undefined;
}
