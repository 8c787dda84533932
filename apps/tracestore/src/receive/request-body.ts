import type { Readable } from 'node:stream';
import { limits } from '../limits.js';
import type { Lease } from './admission.service.js';
import { errorKinds } from '../errors/error-kinds.js';
import { TracestoreError } from '../errors/tracestore-error.js';

/** What a body of unknown length gets first. */
const firstBytes = 64 * 1024;

/** Of an announced length, so much is allocated at once. The system gives pages as they are written to. */
const expectedAtOnceBytes = 1024 * 1024;

/** What is copied at once when a buffer grows: a larger one gets all that it may need, of which the system gives pages. */
const copyAtOnceBytes = 16 * 1024 * 1024;

const noBytes = (): Buffer<ArrayBuffer> => Buffer.from(new ArrayBuffer(0));

/** Smaller buffers are little to collect, and may be cut from a pool. */
const worthFreeingBytes = 128 * 1024;

/**
 * Frees a buffer now rather than when it is collected: under load, garbage of this size would be most of the process,
 * and new pages for each request a good part of what receiving costs.
 *
 * @param buffer has its memory for itself; it and its views are empty from now on, so nobody may need them, and no
 *   thread may be at work on it
 */
export function freeMemory({ buffer }: Buffer<ArrayBuffer>): void {
  if (buffer.byteLength >= worthFreeingBytes) buffer.transfer(0);
}

/**
 * Bytes that come in pieces, collected in one buffer. Each is counted as it arrives, and copied a small number of times
 * however small the pieces are.
 */
export class GrowingBytes {
  private buffer = noBytes();
  private used = 0;
  private counted = 0;

  /**
   * @param lease is told of the bytes, and keeps them when they are taken
   * @param expectedBytes how many they will be, if the sender has announced it; checked, but not counted
   * @throws TracestoreError `too-large` when that is clear beforehand
   */
  constructor(
    private readonly lease: Lease,
    private readonly maxBytes: number,
    private readonly expectedBytes = 0,
  ) {
    if (expectedBytes > maxBytes) throw new TracestoreError(errorKinds.tooLarge);
  }

  /** So many have come in. */
  get length(): number {
    return this.used;
  }

  /**
   * Copies the piece, so that the larger buffer that it is cut from goes free.
   *
   * @throws TracestoreError `too-large` or `overloaded`
   */
  append(piece: Uint8Array): void {
    if (this.used + piece.length > this.maxBytes) throw new TracestoreError(errorKinds.tooLarge);
    this.lease.grow(piece.length);
    this.appendCounted(piece);
  }

  /** The same of a piece that is not too large, and that the lease counts already. */
  appendCounted(piece: Uint8Array): void {
    const length = this.used + piece.length;
    this.counted += piece.length;
    if (length > this.buffer.length) this.reserve(length);
    this.buffer.set(piece, this.used);
    this.used = length;
  }

  /** All of them, still this object's: until it grows or is freed. */
  view(): Buffer<ArrayBuffer> {
    return this.buffer.subarray(0, this.used);
  }

  /** All of them, now the caller's, on memory of their own. The lease goes on counting them. */
  take(): Buffer<ArrayBuffer> {
    const taken = this.view();
    this.buffer = noBytes();
    this.counted = 0;
    return taken;
  }

  /** Frees what was not taken. Nobody may look at a view any more. */
  free(): void {
    this.lease.shrink(this.counted);
    this.counted = 0;
    freeMemory(this.buffer);
    this.buffer = noBytes();
  }

  private reserve(length: number): void {
    const atLeast = this.used < copyAtOnceBytes ? Math.max(length, 2 * this.buffer.length) : this.maxBytes;
    const capacity =
      this.expectedBytes >= length
        ? Math.min(this.expectedBytes, Math.max(atLeast, expectedAtOnceBytes))
        : Math.min(this.maxBytes, Math.max(atLeast, firstBytes));
    const larger = Buffer.allocUnsafeSlow(capacity);
    this.buffer.copy(larger, 0, 0, this.used);
    freeMemory(this.buffer);
    this.buffer = larger;
  }
}

/** Pieces that a sender may cut a body into: so many, and one more for each so many bytes. */
const bytesPerPiece = 64;

/** How a body is read. */
export interface Reading {
  /** For the whole body. */
  readonly timeoutMs: number;
  readonly lease: Lease;
  /** Called when the sender floods the process with tiny pieces: has to close the connection, unless the answer does. */
  readonly onFlood?: () => void;
}

/**
 * Reads to the end, in time.
 *
 * @param source flows from here on; after a failure it goes on flowing into the void, as a sender that is not read
 *   does not read either, and would miss the answer
 * @param take is given each piece; what it throws ends the reading
 * @throws TracestoreError `too-slow` after the time, `interrupted` when the sender goes away, `overloaded` when it is slow and
 *   others need its room, `too-many-pieces`, and what `take` throws
 */
export function readToEnd(
  source: Readable,
  take: (piece: Buffer) => void,
  { timeoutMs, lease, onFlood }: Reading,
): Promise<void> {
  return new Promise((resolve, reject) => {
    let spare: number = limits.bodyPieces.value;
    const settle = (failure: unknown): void => {
      clearTimeout(timer);
      stopReceiving();
      source.off('data', onData).off('end', onEnd).off('close', onClose);
      if (failure === undefined) {
        resolve();
        return;
      }
      source.resume();
      reject(failure);
    };
    const onData = (piece: Buffer): void => {
      spare += piece.length / bytesPerPiece - 1;
      try {
        if (spare < 0) throw new TracestoreError(errorKinds.tooManyPieces);
        take(piece);
      } catch (error) {
        settle(error);
        if (spare < 0) onFlood?.();
      }
    };
    const onEnd = (): void => settle(undefined);
    const onClose = (): void => settle(new TracestoreError(errorKinds.interrupted));
    const stopReceiving = lease.receive(() =>
      settle(new TracestoreError(errorKinds.overloaded, 'the body comes too slowly')),
    );
    const timer = setTimeout(() => settle(new TracestoreError(errorKinds.tooSlow)), timeoutMs);
    // An error is followed by the close, and says no more than that nobody is there to be answered.
    source.on('error', () => undefined);
    source.on('data', onData).on('end', onEnd).on('close', onClose);
    if (source.destroyed) onClose();
  });
}
