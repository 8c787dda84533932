const textDecoder = new TextDecoder('utf-8', { ignoreBOM: true });

/** Decodes text for storage: invalid UTF-8 becomes U+FFFD, and a byte order mark is kept. */
export function decodeText(bytes: Uint8Array): string {
  return textDecoder.decode(bytes);
}
