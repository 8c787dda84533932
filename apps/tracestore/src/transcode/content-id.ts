import { hash } from 'node:crypto';

/**
 * The id of a dictionary's row, made of its content: whoever meets the content knows the id, and asks nobody.
 *
 * It is the first 8 bytes, big-endian and signed, of the SHA-256 of the JSON array `[kind, ...parts]` in UTF-8, without
 * white space. A part that is JSON itself is put in as a string.
 *
 * @param kind the dictionary, so that equal parts of different dictionaries have different ids
 */
export function contentId(kind: 'resource' | 'scope' | 'operation', parts: readonly (string | number)[]): bigint {
  // As text: a Buffer would have memory of its own.
  return BigInt.asIntN(64, BigInt(`0x${hash('sha256', JSON.stringify([kind, ...parts]), 'hex').slice(0, 16)}`));
}
