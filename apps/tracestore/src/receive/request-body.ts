import type { Readable } from 'node:stream';
import { limits } from '../limits.js';
import type { Reservation } from './admission.service.js';
import { errorKinds } from '../errors/error-kinds.js';
import { TracestoreError } from '../errors/tracestore-error.js';

/** The first allocation for a body of unknown length. */
const firstBytes = 64 * 1024;

/** The first allocation for a body of announced length. The system provides pages when they are written. */
const expectedAtOnceBytes = 1024 * 1024;

/** Buffers above this size grow to the maximum at once, so that no larger copy is made. Unwritten pages cost nothing. */
const copyAtOnceBytes = 16 * 1024 * 1024;

const noBytes = (): Buffer<ArrayBuffer> => Buffer.from(new ArrayBuffer(0));

/** Smaller buffers are left to the garbage collector, and may come from Node's pool. */
const worthFreeingBytes = 128 * 1024;

/**
 * Frees a buffer now instead of at the next garbage collection. Under load, such garbage would be most of the process's
 * memory, and new pages for every request a large part of the cost of receiving.
 *
 * @param buffer the only user of its ArrayBuffer. It and its views become empty; no thread may be using it.
 */
export function freeMemory({ buffer }: Buffer<ArrayBuffer>): void {
  if (buffer.byteLength >= worthFreeingBytes) buffer.transfer(0);
}

/**
 * Collects pieces of bytes in one buffer. Each byte is counted when it arrives, and copied only a few times, however
 * small the pieces are.
 */
export class GrowingBytes {
  private buffer = noBytes();
  private used = 0;
  private counted = 0;

  /**
   * @param reservation grows with the bytes, and still counts them after `take`
   * @param expectedBytes the length that the sender has announced, or 0; checked, but not reserved
   * @throws TracestoreError `too-large` when the announced length is above the maximum
   */
  constructor(
    private readonly reservation: Reservation,
    private readonly maxBytes: number,
    private readonly expectedBytes = 0,
  ) {
    if (expectedBytes > maxBytes) throw new TracestoreError(errorKinds.tooLarge);
  }

  /** The number of bytes received. */
  get length(): number {
    return this.used;
  }

  /**
   * Reserves and copies a piece, so that the larger buffer that it is a view of can be freed.
   *
   * @throws TracestoreError `too-large` or `overloaded`
   */
  append(piece: Uint8Array): void {
    if (this.used + piece.length > this.maxBytes) throw new TracestoreError(errorKinds.tooLarge);
    this.reservation.grow(piece.length);
    this.appendCounted(piece);
  }

  /** Copies a piece that is within the maximum and already reserved. */
  appendCounted(piece: Uint8Array): void {
    const length = this.used + piece.length;
    this.counted += piece.length;
    if (length > this.buffer.length) this.reserve(length);
    this.buffer.set(piece, this.used);
    this.used = length;
  }

  /** All bytes, owned by this object. Valid until it grows or is freed. */
  view(): Buffer<ArrayBuffer> {
    return this.buffer.subarray(0, this.used);
  }

  /** All bytes, owned by the caller from now on. The reservation still counts them. */
  take(): Buffer<ArrayBuffer> {
    const taken = this.view();
    this.buffer = noBytes();
    this.counted = 0;
    return taken;
  }

  /** Frees the buffer if it was not taken. Views of it become empty. */
  free(): void {
    this.reservation.shrink(this.counted);
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

/** A body is limited to one piece for each 64 bytes, beyond `limits.bodyPieces`. */
const bytesPerPiece = 64;

/** Options of `readToEnd`. */
export interface Reading {
  /** The time-out for the whole body. */
  readonly timeoutMs: number;
  readonly reservation: Reservation;
  /** Called when the sender floods the process with tiny pieces. It must close the connection unless the response does. */
  readonly onFlood?: () => void;
}

/**
 * Reads a body to its end, within a time-out.
 *
 * @param source the body. After a failure the rest is read and discarded: a sender may not read the response while it
 *   sends.
 * @param take receives each piece; an error that it throws ends the reading
 * @throws TracestoreError `too-slow` after the time-out; `interrupted` when the connection is lost; `overloaded` when the sender
 *   is slow and other requests need the room; `too-many-pieces`; and what `take` throws
 */
export function readToEnd(
  source: Readable,
  take: (piece: Buffer) => void,
  { timeoutMs, reservation, onFlood }: Reading,
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
    const stopReceiving = reservation.receive(() =>
      settle(new TracestoreError(errorKinds.overloaded, 'the body arrives too slowly')),
    );
    const timer = setTimeout(() => settle(new TracestoreError(errorKinds.tooSlow)), timeoutMs);
    // The close that follows an error is enough: there is no connection left to respond on.
    source.on('error', () => undefined);
    source.on('data', onData).on('end', onEnd).on('close', onClose);
    if (source.destroyed) onClose();
  });
}
