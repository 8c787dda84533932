/**
 * Content codings: gzip (RFC 1952, any number of members), deflate (RFC 1950, and RFC 1951 bare, which some send under
 * that name), zstd (RFC 8878, any number of frames).
 */
import { constants, createGunzip, createInflate, createInflateRaw, createZstdDecompress } from 'node:zlib';
import type { Lease } from './admission.service.js';
import { type InflateTurn, InflateTurns } from './inflate-turns.js';
import { errorKinds } from '../errors/error-kinds.js';
import { TracestoreError } from '../errors/tracestore-error.js';
import { freeMemory, GrowingBytes } from './request-body.js';

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

/** What a decoder is given at once, so that one which makes nothing of its source gives way to others, too. */
const maxSourceBytes = 256 * 1024;

/** What it takes to make a decoder, as work. */
const decoderBytes = 64 * 1024;

const turns = new InflateTurns();

type Inflater = ReturnType<typeof createGunzip | typeof createInflate | typeof createZstdDecompress>;

/**
 * Inflates a body, on another thread, a turn at a time. It stops as soon as the result is above the limit or has no room,
 * however little its source takes.
 *
 * @param client whose body it is, as `clientOf` names it
 * @param compressed stays the caller's; when this fails, another thread may be at work on it still
 * @param lease is told of the result as it grows, and goes on counting it
 * @returns the result, which is the caller's, on memory of its own
 * @throws TracestoreError `undecodable`, `too-large` or `overloaded`
 */
export async function inflate(
  compressed: Buffer,
  compression: Compression,
  maxBytes: number,
  lease: Lease,
  client: string,
): Promise<Buffer<ArrayBuffer>> {
  const result = new InflatedBytes(lease, maxBytes, likelyBytes(compressed, compression));
  const take = (piece: Buffer<ArrayBuffer>): void => result.append(piece);
  const turn = await turns.begin(client);
  try {
    const consumed = await inflateOnce(compressed, compression, take, turn);
    if (compression !== 'gzip') await inflateRest(compressed.subarray(consumed), compression, take, turn);
    return result.take();
  } catch (error) {
    result.free();
    throw error;
  } finally {
    turn.end();
  }
}

/**
 * The result as it grows: the one piece that there is, or a copy of all pieces, made as they come, so that nothing large
 * is there twice, or copied at once.
 */
class InflatedBytes {
  private readonly copy: GrowingBytes;
  private last: Buffer<ArrayBuffer> | undefined;
  private length = 0;

  constructor(
    private readonly lease: Lease,
    private readonly maxBytes: number,
    likelyLength: number,
  ) {
    this.copy = new GrowingBytes(lease, maxBytes, Math.min(maxBytes, likelyLength));
  }

  /** @param piece no longer the caller's */
  append(piece: Buffer<ArrayBuffer>): void {
    const { last, copy } = this;
    this.length += piece.length;
    if (this.length > this.maxBytes) throw new TracestoreError(errorKinds.tooLarge, 'inflated');
    if (last === undefined) {
      this.lease.grow(piece.length);
    } else {
      if (copy.length === 0) copy.appendCounted(last);
      copy.append(piece);
      // Pieces that follow one another may be cut from the same buffer.
      if (last.buffer !== piece.buffer) freeMemory(last);
    }
    this.last = piece;
  }

  /** All of it, now the caller's. */
  take(): Buffer<ArrayBuffer> {
    const { last, copy } = this;
    if (last === undefined) return copy.take();
    if (copy.length === 0) {
      if (2 * last.length >= last.buffer.byteLength) return last;
      copy.appendCounted(last);
    }
    freeMemory(last);
    return copy.take();
  }

  /** Frees what was copied; another thread may still write behind the last piece. */
  free(): void {
    this.copy.free();
  }
}

/** Node goes through the members of gzip by itself, but ends with the first frame of zstd. */
async function inflateRest(
  source: Buffer,
  compression: Compression,
  take: (piece: Buffer<ArrayBuffer>) => void,
  turn: InflateTurn,
): Promise<void> {
  let rest = source;
  for (let frames = 1; rest.length > 0; frames += 1) {
    if (compression !== 'zstd') throw undecodable(compression, 'something follows its end');
    if (frames === maxZstdFrames) throw undecodable(compression, `more than ${maxZstdFrames} frames`);
    rest = rest.subarray(await inflateOnce(rest, compression, take, turn));
  }
}

/** @returns how many bytes of the source were used */
async function inflateOnce(
  source: Buffer,
  compression: Compression,
  take: (piece: Buffer<ArrayBuffer>) => void,
  turn: InflateTurn,
): Promise<number> {
  if (turn.shouldPause()) await turn.pause();
  turn.worked(decoderBytes);
  const inflater = createInflater(source, compression);
  return new Promise((resolve, reject) => {
    let isOver = false;
    const fail = (error: unknown): void => {
      isOver = true;
      reject(error);
      inflater.destroy();
    };
    inflater.on('data', (piece: Buffer<ArrayBuffer>) => {
      try {
        take(piece);
      } catch (error) {
        fail(error);
        return;
      }
      turn.worked(piece.length);
      if (!turn.shouldPause()) return;
      inflater.pause();
      void turn.pause().then(() => inflater.resume());
    });
    inflater.on('end', () => {
      isOver = true;
      resolve(inflater.bytesWritten);
    });
    inflater.on('error', (cause) => fail(undecodable(compression, cause.message, cause)));
    const feed = (offset: number): void => {
      if (isOver) return;
      const end = offset + maxSourceBytes;
      if (end >= source.length) {
        inflater.end(source.subarray(offset));
        return;
      }
      inflater.write(source.subarray(offset, end), () => {
        turn.worked(maxSourceBytes);
        if (isOver || !turn.shouldPause()) feed(end);
        else void turn.pause().then(() => feed(end));
      });
    };
    feed(0);
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

function undecodable(compression: Compression, reason: string, cause?: unknown): TracestoreError {
  return new TracestoreError(errorKinds.undecodable, `no ${compression}: ${reason}`, { cause });
}
