import { createHash } from 'node:crypto';

/** SHA-256 in hex, the same whatever line endings a checkout has. */
export function checksumOf(sql: string): string {
  return createHash('sha256').update(sql.replaceAll('\r\n', '\n')).digest('hex');
}
