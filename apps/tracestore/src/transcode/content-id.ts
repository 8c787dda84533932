import { hash } from 'node:crypto';

/**
 * Computes the id of a dictionary row from its content, so that all writers use the same id without communication.
 *
 * The id is the first 8 bytes, big-endian and signed, of the SHA-256 of the JSON array `[kind, ...parts]` in UTF-8, without
 * white space. A part that is JSON is included as a string.
 *
 * @param kind the dictionary, so that equal parts have different ids in different dictionaries
 */
export function contentId(kind: 'resource' | 'scope' | 'operation', parts: readonly (string | number)[]): bigint {
  // Hex avoids the allocation of a Buffer.
  return BigInt.asIntN(64, BigInt(`0x${hash('sha256', JSON.stringify([kind, ...parts]), 'hex').slice(0, 16)}`));
}
