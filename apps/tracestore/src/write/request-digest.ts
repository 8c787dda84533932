import { createHash, hash } from 'node:crypto';
import { SlicedWork } from './sliced-work.js';

/** The size of a slice, which takes a few milliseconds. */
const pieceBytes = 2 * 1024 * 1024;

/** Computes the SHA-256 of a body. @param work runs the slices of a large one */
export async function digestOf(body: Buffer, work: SlicedWork): Promise<Buffer> {
  if (body.length <= pieceBytes) return hash('sha256', body, 'buffer');
  const sha256 = createHash('sha256');
  let at = 0;
  return work.run(() => {
    sha256.update(body.subarray(at, at + pieceBytes));
    at += pieceBytes;
    return at >= body.length ? sha256.digest() : undefined;
  });
}
