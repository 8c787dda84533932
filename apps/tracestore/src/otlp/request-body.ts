import type { Readable } from 'node:stream';
import type { Lease } from './admission.service.js';
import { Refusal, refusals } from './refusal.js';

/** What a body of unknown length gets first. */
const firstBytes = 64 * 1024;

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

/** Bytes that come in pieces, collected in one buffer that is counted before it is made and never above its limit. */
export class GrowingBytes {
  private buffer = noBytes();
  private used = 0;

  /**
   * @param lease is told of the buffer, and keeps it when the bytes are taken
   * @param expectedBytes how many they will be, if that is known
   * @throws Refusal `too-large` or `overloaded`, when that is clear beforehand
   */
  constructor(
    private readonly lease: Lease,
    private readonly maxBytes: number,
    expectedBytes = 0,
  ) {
    if (expectedBytes > maxBytes) throw new Refusal(refusals.tooLarge);
    if (expectedBytes > 0) this.reserve(expectedBytes);
  }

  /** So many have come in. */
  get length(): number {
    return this.used;
  }

  /**
   * Copies the piece, so that the larger buffer that it is cut from goes free.
   *
   * @throws Refusal `too-large` or `overloaded`
   */
  append(piece: Uint8Array): void {
    const length = this.used + piece.length;
    if (length > this.buffer.length) {
      if (length > this.maxBytes) throw new Refusal(refusals.tooLarge);
      this.reserve(Math.min(this.maxBytes, Math.max(length, 2 * this.buffer.length, firstBytes)));
    }
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
    return taken;
  }

  /** Frees what was not taken. Nobody may look at a view any more. */
  free(): void {
    this.lease.shrink(this.buffer.length);
    freeMemory(this.buffer);
    this.buffer = noBytes();
  }

  private reserve(bytes: number): void {
    const capacity = this.buffer.length;
    this.lease.grow(bytes);
    if (capacity === 0) {
      // Not yet memory: the system gives pages as they are written to.
      this.buffer = Buffer.allocUnsafeSlow(bytes);
    } else {
      this.buffer = Buffer.from(this.buffer.buffer.transfer(bytes));
    }
    this.lease.shrink(capacity);
  }
}

/**
 * Reads to the end, in time.
 *
 * @param source flows from here on; after a failure it goes on flowing into the void, as a sender that is not read
 *   does not read either, and would miss the answer
 * @param take is given each piece; what it throws ends the reading
 * @throws Refusal `too-slow` after the time, `interrupted` when the sender goes away, and what `take` throws
 */
export function readToEnd(source: Readable, take: (piece: Buffer) => void, timeoutMs: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const settle = (failure: unknown): void => {
      clearTimeout(timer);
      source.off('data', onData).off('end', onEnd).off('close', onClose);
      if (failure === undefined) {
        resolve();
        return;
      }
      source.resume();
      reject(failure);
    };
    const onData = (piece: Buffer): void => {
      try {
        take(piece);
      } catch (error) {
        settle(error);
      }
    };
    const onEnd = (): void => settle(undefined);
    const onClose = (): void => settle(new Refusal(refusals.interrupted));
    const timer = setTimeout(() => settle(new Refusal(refusals.tooSlow)), timeoutMs);
    // An error is followed by the close, and says no more than that nobody is there to be answered.
    source.on('error', () => undefined);
    source.on('data', onData).on('end', onEnd).on('close', onClose);
    if (source.destroyed) onClose();
  });
}
