import { Readable } from 'node:stream';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { Problem } from './problem.js';
import type { ServerLimits } from './server-limits.js';

const tooLarge = { code: 'too-large', status: 413, title: 'Request body is too large' } as const;
const tooManyPieces = {
  code: 'too-many-pieces',
  status: 400,
  title: 'Request body has too many tiny chunks',
} as const;
const interrupted = {
  code: 'interrupted',
  status: 400,
  title: 'Connection closed before the end of the request body',
} as const;
const busy = { code: 'busy', status: 503, title: 'Too many requests are being received', retryAfterS: 1 } as const;

/** A body that takes longer than this gives way when there is no room for others. */
const slowMs = 2_000;

const firstBytes = 4 * 1024;
const bytesPerPiece = 64;

/** A body that is being received. */
interface Unfinished {
  readonly sinceMs: number;
  readonly giveWay: () => void;
  bytes: number;
}

/**
 * Reads bodies before Fastify parses them: each within its limit and into one buffer, and all that are unfinished
 * within a limit of their own, however many senders are slow.
 */
export class BodyReader {
  /** The oldest one first. */
  private readonly unfinished = new Set<Unfinished>();
  private bytes = 0;

  constructor(private readonly limits: Pick<ServerLimits, 'unfinishedBodyBytes' | 'bodyPieces'>) {}

  /**
   * A hook `preParsing` of Fastify.
   *
   * @param payload of the request
   * @returns the same bytes, all there
   * @throws Problem 400, 413 or 503
   */
  async read(request: FastifyRequest, reply: FastifyReply, payload: NodeJS.ReadableStream): Promise<Readable> {
    const source = payload as Readable;
    const { headers } = request;
    if (headers['content-length'] === undefined && headers['transfer-encoding'] === undefined) return source;
    try {
      const { bodyLimit } = request.routeOptions;
      if (Number(headers['content-length'] ?? 0) > bodyLimit) throw problemOf(tooLarge, bodyLimit);
      const body = await this.collect(source, bodyLimit);
      return Readable.from(body.length === 0 ? [] : [body], { objectMode: false });
    } catch (error) {
      // The rest is neither wanted nor waited for.
      void reply.header('connection', 'close');
      throw error;
    }
  }

  private collect(source: Readable, maxBytes: number): Promise<Buffer> {
    return new Promise((resolve, reject) => {
      let buffer = Buffer.alloc(0);
      let sparePieces = this.limits.bodyPieces;
      const settle = (failure: unknown): void => {
        this.unfinished.delete(own);
        this.bytes -= own.bytes;
        source.off('data', onData).off('end', onEnd).off('close', onClose);
        if (failure === undefined) {
          resolve(buffer.subarray(0, own.bytes));
          return;
        }
        source.resume();
        reject(failure);
      };
      const own: Unfinished = {
        sinceMs: performance.now(),
        giveWay: () => settle(new Problem(busy, 'The body arrives too slowly and other requests need its memory')),
        bytes: 0,
      };
      const onData = (piece: Buffer): void => {
        sparePieces += piece.length / bytesPerPiece - 1;
        const length = own.bytes + piece.length;
        const failure =
          sparePieces < 0
            ? new Problem(tooManyPieces, 'Send larger chunks')
            : length > maxBytes
              ? problemOf(tooLarge, maxBytes)
              : this.hasRoom(own, piece.length)
                ? undefined
                : new Problem(busy, 'Send the request again later');
        if (failure !== undefined) {
          settle(failure);
          return;
        }
        if (length > buffer.length) {
          const larger = Buffer.allocUnsafe(Math.min(maxBytes, Math.max(length, 2 * buffer.length, firstBytes)));
          buffer.copy(larger, 0, 0, own.bytes);
          buffer = larger;
        }
        buffer.set(piece, own.bytes);
        own.bytes = length;
        this.bytes += piece.length;
      };
      const onEnd = (): void => settle(undefined);
      const onClose = (): void => settle(new Problem(interrupted, 'The client closed the connection'));
      this.unfinished.add(own);
      source.on('error', () => undefined);
      source.on('data', onData).on('end', onEnd).on('close', onClose);
      if (source.destroyed) onClose();
    });
  }

  /** Makes room, if need be, at the cost of slow bodies. */
  private hasRoom(own: Unfinished, bytes: number): boolean {
    const slowSinceMs = performance.now() - slowMs;
    for (const other of this.unfinished) {
      if (this.bytes + bytes <= this.limits.unfinishedBodyBytes || other.sinceMs > slowSinceMs) break;
      if (other !== own) other.giveWay();
    }
    return this.bytes + bytes <= this.limits.unfinishedBodyBytes;
  }
}

function problemOf(kind: typeof tooLarge, maxBytes: number): Problem {
  return new Problem(kind, `A request body must have at most ${maxBytes} bytes`);
}
