/**
 * Decompresses bodies: gzip (RFC 1952, any number of members), deflate (RFC 1950, or bare RFC 1951, which some clients
 * send under that name) and zstd (RFC 8878, any number of frames).
 */
import { constants, createGunzip, createInflate, createInflateRaw, createZstdDecompress } from 'node:zlib';
import type { Reservation } from './admission.service.js';
import { type InflateTurn, InflateTurns } from './inflate-turns.js';
import { errorKinds } from '../errors/error-kinds.js';
import { TracestoreError } from '../errors/tracestore-error.js';
import { freeMemory, GrowingBytes } from './request-body.js';

/** The supported compressions. */
export type Compression = 'gzip' | 'deflate' | 'zstd';

/** For requests of the size that Collectors send, this is twice as fast as Node's default of 16 KiB. */
const maxChunkBytes = 512 * 1024;
const minChunkBytes = 4 * 1024;

/**
 * The largest window that a frame may require: 32 MiB, as the highest level of common encoders does. A window takes only
 * the memory that is decompressed into it.
 */
const zstdWindowLogMax = 25;

/** Bounded because every frame needs a decoder, and an empty frame has only nine bytes. */
const maxZstdFrames = 1_000;

/** Input per write. A body that decompresses to nothing must also end its turn. */
const maxSourceBytes = 256 * 1024;

/** The cost of creating a decoder, in bytes of work. */
const decoderBytes = 64 * 1024;

const turns = new InflateTurns();

type Inflater = ReturnType<typeof createGunzip | typeof createInflate | typeof createZstdDecompress>;

/**
 * Decompresses a body on a thread of libuv, one turn at a time. It stops as soon as the result exceeds the limit or the
 * reservation cannot grow.
 *
 * @param compressed owned by the caller; after a failure, another thread may still read it
 * @param maxBytes the limit of the result
 * @param reservation grows with the result, and still counts it afterwards
 * @param client as `clientOf` names it
 * @returns the result, in a buffer that only the caller uses
 * @throws TracestoreError `undecodable`, `too-large` or `overloaded`
 */
export async function inflate(
  compressed: Buffer,
  compression: Compression,
  maxBytes: number,
  reservation: Reservation,
  client: string,
): Promise<Buffer<ArrayBuffer>> {
  const result = new InflatedBytes(reservation, maxBytes, likelyBytes(compressed, compression));
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
 * The result while it grows: the only piece, or a copy of all pieces. Pieces are copied as they arrive, so that no large
 * result exists twice or is copied in one step.
 */
class InflatedBytes {
  private readonly copy: GrowingBytes;
  private last: Buffer<ArrayBuffer> | undefined;
  private length = 0;

  constructor(
    private readonly reservation: Reservation,
    private readonly maxBytes: number,
    likelyLength: number,
  ) {
    this.copy = new GrowingBytes(reservation, maxBytes, Math.min(maxBytes, likelyLength));
  }

  /** @param piece owned by this object from now on */
  append(piece: Buffer<ArrayBuffer>): void {
    const { last, copy } = this;
    this.length += piece.length;
    if (this.length > this.maxBytes) throw new TracestoreError(errorKinds.tooLarge, 'after decompression');
    if (last === undefined) {
      this.reservation.grow(piece.length);
    } else {
      if (copy.length === 0) copy.appendCounted(last);
      copy.append(piece);
      // Consecutive pieces may be views of the same buffer.
      if (last.buffer !== piece.buffer) freeMemory(last);
    }
    this.last = piece;
  }

  /** @returns the whole result, owned by the caller from now on */
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

  /** Frees the copy. The last piece stays: another thread may still write behind it. */
  free(): void {
    this.copy.free();
  }
}

/** Decompresses the further frames of zstd. Node reads only the first frame, but all members of gzip. */
async function inflateRest(
  source: Buffer,
  compression: Compression,
  take: (piece: Buffer<ArrayBuffer>) => void,
  turn: InflateTurn,
): Promise<void> {
  let rest = source;
  for (let frames = 1; rest.length > 0; frames += 1) {
    if (compression !== 'zstd') throw undecodable(compression, 'bytes after its end');
    if (frames === maxZstdFrames) throw undecodable(compression, `more than ${maxZstdFrames} frames`);
    rest = rest.subarray(await inflateOnce(rest, compression, take, turn));
  }
}

/** @returns how many bytes of the source were consumed */
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

/** Estimates the size of the result. A wrong estimate costs only time. gzip ends with the size modulo 4 GiB. */
function likelyBytes(source: Buffer, compression: Compression): number {
  // One byte more, because a full chunk is followed by an empty one.
  return compression === 'gzip' && source.length >= 4 ? source.readUInt32LE(source.length - 4) + 1 : 16 * source.length;
}

/** RFC 1950, section 2.2: the method is 8, and the first two bytes are a multiple of 31. */
function hasZlibHeader(source: Buffer): boolean {
  return source.length >= 2 && ((source[0] ?? 0) & 0x0f) === 8 && source.readUInt16BE(0) % 31 === 0;
}

function undecodable(compression: Compression, reason: string, cause?: unknown): TracestoreError {
  return new TracestoreError(errorKinds.undecodable, `invalid ${compression}: ${reason}`, { cause });
}
