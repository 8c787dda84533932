import type { Readable } from 'node:stream';
import type { Lease } from './admission.service.js';
import { Refusal, refusals } from './refusal.js';

/** What a body of unknown length gets first. */
const firstBytes = 64 * 1024;

const nothing = Buffer.alloc(0);

/** Bytes that come in pieces, collected in one buffer that is counted before it is made and never above its limit. */
export class GrowingBytes {
  private buffer: Buffer = nothing;
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

  /** All of them. No copy: the caller owns the buffer, and nothing may be appended any more. */
  take(): Buffer {
    return this.buffer.subarray(0, this.used);
  }

  /** Gives up what was taken, and with it what is counted for it. */
  drop(): void {
    this.lease.shrink(this.buffer.length);
    this.buffer = nothing;
    this.used = 0;
  }

  private reserve(bytes: number): void {
    this.lease.grow(bytes);
    // Not yet memory: the system gives pages as they are written to.
    const larger = Buffer.allocUnsafeSlow(bytes);
    larger.set(this.buffer.subarray(0, this.used));
    this.lease.shrink(this.buffer.length);
    this.buffer = larger;
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
