/**
 * Content codings: gzip (RFC 1952, any number of members), deflate (RFC 1950, and RFC 1951 bare, which some send under
 * that name), zstd (RFC 8878, any number of frames).
 */
import { constants, createGunzip, createInflate, createInflateRaw, createZstdDecompress } from 'node:zlib';
import type { Lease } from './admission.service.js';
import { Refusal, refusals } from './refusal.js';
import { freeMemory } from './request-body.js';

/** How a body may be compressed. */
export type Compression = 'gzip' | 'deflate' | 'zstd';

/** Twice as fast as Node's default of 16 KiB with requests of the size that Collectors send. */
const maxChunkBytes = 512 * 1024;
const minChunkBytes = 4 * 1024;

/**
 * A frame may demand a window of this size, 32 MiB, as the strongest level of usual encoders does. The window takes as
 * much memory as is inflated into it.
 */
const zstdWindowLogMax = 25;

/** Each frame takes a decoder of its own, though it may be of nine bytes and hold nothing. */
const maxZstdFrames = 1_000;

type Inflater = ReturnType<typeof createGunzip | typeof createInflate | typeof createZstdDecompress>;

/**
 * Inflates a body, on another thread. It stops as soon as the result is above the limit or has no room, however little
 * its source takes.
 *
 * @param compressed stays the caller's; when this fails, another thread may be at work on it still
 * @param lease is told of the result as it grows, and goes on counting it
 * @returns the result, which is the caller's, on memory of its own
 * @throws Refusal `undecodable`, `too-large` or `overloaded`
 */
export async function inflate(
  compressed: Buffer,
  compression: Compression,
  maxBytes: number,
  lease: Lease,
): Promise<Buffer<ArrayBuffer>> {
  const pieces: Buffer<ArrayBuffer>[] = [];
  let length = 0;
  const take = (piece: Buffer<ArrayBuffer>): void => {
    length += piece.length;
    if (length > maxBytes) throw new Refusal(refusals.tooLarge, 'inflated');
    lease.grow(piece.length);
    pieces.push(piece);
  };
  const consumed = await inflateOnce(compressed, compression, take);
  if (compression !== 'gzip') await inflateRest(compressed.subarray(consumed), compression, take);
  const [only] = pieces;
  if (only !== undefined && pieces.length === 1 && 2 * only.length >= only.buffer.byteLength) return only;
  lease.grow(length);
  const whole = Buffer.allocUnsafeSlow(length);
  let offset = 0;
  for (const piece of pieces) offset += piece.copy(whole, offset);
  for (const piece of pieces) freeMemory(piece);
  lease.shrink(length);
  return whole;
}

/** Node goes through the members of gzip by itself, but ends with the first frame of zstd. */
async function inflateRest(
  source: Buffer,
  compression: Compression,
  take: (piece: Buffer<ArrayBuffer>) => void,
): Promise<void> {
  let rest = source;
  for (let frames = 1; rest.length > 0; frames += 1) {
    if (compression !== 'zstd') throw undecodable(compression, 'something follows its end');
    if (frames === maxZstdFrames) throw undecodable(compression, `more than ${maxZstdFrames} frames`);
    rest = rest.subarray(await inflateOnce(rest, compression, take));
  }
}

/** @returns how many bytes of the source were used */
function inflateOnce(
  source: Buffer,
  compression: Compression,
  take: (piece: Buffer<ArrayBuffer>) => void,
): Promise<number> {
  return new Promise((resolve, reject) => {
    const inflater = createInflater(source, compression);
    inflater.on('data', (piece: Buffer<ArrayBuffer>) => {
      try {
        take(piece);
      } catch (error) {
        reject(error);
        inflater.destroy();
      }
    });
    inflater.on('end', () => resolve(inflater.bytesWritten));
    inflater.on('error', (cause) => reject(undecodable(compression, cause.message, cause)));
    inflater.end(source);
  });
}

function createInflater(source: Buffer, compression: Compression): Inflater {
  const chunkSize = Math.min(maxChunkBytes, Math.max(minChunkBytes, likelyBytes(source, compression)));
  if (compression === 'gzip') return createGunzip({ chunkSize });
  if (compression === 'zstd') {
    return createZstdDecompress({ chunkSize, params: { [constants.ZSTD_d_windowLogMax]: zstdWindowLogMax } });
  }
  return hasZlibHeader(source) ? createInflate({ chunkSize }) : createInflateRaw({ chunkSize });
}

/** A guess that only costs time when it is wrong: gzip says at its end what it will be, modulo 4 GiB. */
function likelyBytes(source: Buffer, compression: Compression): number {
  // One more than it takes, as a chunk that is full to the brim is followed by an empty one.
  return compression === 'gzip' && source.length >= 4 ? source.readUInt32LE(source.length - 4) + 1 : 16 * source.length;
}

/** RFC 1950, 2.2: the method is 8, and the first two bytes are a multiple of 31. */
function hasZlibHeader(source: Buffer): boolean {
  return source.length >= 2 && ((source[0] ?? 0) & 0x0f) === 8 && source.readUInt16BE(0) % 31 === 0;
}

function undecodable(compression: Compression, reason: string, cause?: unknown): Refusal {
  return new Refusal(refusals.undecodable, `no ${compression}: ${reason}`, { cause });
}
