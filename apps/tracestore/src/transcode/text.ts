const textDecoder = new TextDecoder('utf-8', { ignoreBOM: true });

/** Text as it is kept: U+FFFD for bytes that are no UTF-8; a byte order mark is a character like any other. */
export function decodeText(bytes: Uint8Array): string {
  return textDecoder.decode(bytes);
}
