import type { IncomingHttpHeaders, ServerHttp2Stream } from 'node:http2';
import { promisify } from 'node:util';
import { gunzip, inflate as inflateZlib, type InputType, zstdDecompress } from 'node:zlib';
import { GrpcError, grpcStatus } from './grpc-error.js';
import type { GrpcCallLimits } from './grpc-limits.js';
import { calmDown, prefixBytes } from './grpc-wire.js';

/** The first buffer of a message, whatever length it announces. */
const firstBytes = 16 * 1024;

const bytesPerPiece = 64;

type Inflate = (bytes: InputType, options: { readonly maxOutputLength: number }) => Promise<Uint8Array>;

const inflaters: Readonly<Record<string, Inflate>> = {
  gzip: promisify(gunzip) as Inflate,
  deflate: promisify(inflateZlib) as Inflate,
  zstd: promisify(zstdDecompress) as Inflate,
};

/**
 * Yields the messages of a call, decompressed on another thread. They are queries and therefore small: each is collected
 * in one buffer, and must be complete in time.
 *
 * @param signal ends the wait for more, with its reason
 * @throws GrpcError if a message is cut off, too large, damaged, in too many pieces or late
 */
export async function* readMessages(
  stream: ServerHttp2Stream,
  headers: IncomingHttpHeaders,
  signal: AbortSignal,
  limits: Pick<GrpcCallLimits, 'messageBytes' | 'messageMs' | 'messagePieces'>,
): AsyncGenerator<Uint8Array, void, undefined> {
  let frame = new FrameBuffer(limits.messageBytes);
  let endsAtMs = performance.now() + limits.messageMs;
  let sparePieces = limits.messagePieces;
  // The rest of the request is not read; that must not reset the response.
  const source: AsyncIterator<Buffer> = stream.iterator({ destroyOnReturn: false });
  for (;;) {
    const next = await inTime(source.next(), signal, endsAtMs);
    if (next.done === true) break;
    sparePieces += next.value.length / bytesPerPiece - 1;
    if (sparePieces < 0) {
      calmDown(stream);
      throw new GrpcError(grpcStatus.INVALID_ARGUMENT, 'The message arrives in too many tiny pieces');
    }
    for (let rest = next.value; rest.length > 0;) {
      rest = frame.append(rest);
      if (!frame.isWhole) break;
      yield await messageOf(frame.flag, frame.message, headers, limits.messageBytes);
      frame = new FrameBuffer(limits.messageBytes);
      endsAtMs = performance.now() + limits.messageMs;
    }
  }
  if (!frame.isEmpty) throw new GrpcError(grpcStatus.INVALID_ARGUMENT, 'The message is cut off');
}

/** A message with its prefix that is being received. */
class FrameBuffer {
  private bytes = Buffer.allocUnsafe(prefixBytes);
  private used = 0;
  private length = prefixBytes;

  constructor(private readonly maxMessageBytes: number) {}

  get isEmpty(): boolean {
    return this.used === 0;
  }

  get isWhole(): boolean {
    return this.used >= prefixBytes && this.used === this.length;
  }

  get flag(): number {
    return this.bytes.readUInt8(0);
  }

  get message(): Buffer {
    return this.bytes.subarray(prefixBytes, this.length);
  }

  /**
   * @returns the bytes after the message
   * @throws GrpcError if the announced length is too large
   */
  append(piece: Buffer): Buffer {
    const part = piece.subarray(0, this.length - this.used);
    this.add(part);
    let rest = piece.subarray(part.length);
    if (this.length === prefixBytes && this.used === prefixBytes) {
      this.length += announcedLength(this.bytes, this.maxMessageBytes);
      const more = rest.subarray(0, this.length - this.used);
      this.add(more);
      rest = rest.subarray(more.length);
    }
    return rest;
  }

  private add(part: Buffer): void {
    const used = this.used + part.length;
    if (used > this.bytes.length) {
      const larger = Buffer.allocUnsafe(Math.min(this.length, Math.max(used, 2 * this.bytes.length, firstBytes)));
      this.bytes.copy(larger, 0, 0, this.used);
      this.bytes = larger;
    }
    this.bytes.set(part, this.used);
    this.used = used;
  }
}

function inTime<Value>(promise: Promise<Value>, signal: AbortSignal, endsAtMs: number): Promise<Value> {
  return new Promise((resolve, reject) => {
    const onAbort = (): void => reject(signal.reason);
    const late = setTimeout(
      () => {
        reject(new GrpcError(grpcStatus.DEADLINE_EXCEEDED, 'The message did not arrive in time'));
      },
      Math.max(0, endsAtMs - performance.now()),
    );
    signal.addEventListener('abort', onAbort, { once: true });
    void promise.then(resolve, reject).finally(() => {
      clearTimeout(late);
      signal.removeEventListener('abort', onAbort);
    });
    if (signal.aborted) onAbort();
  });
}

function announcedLength(bytes: Buffer, maxMessageBytes: number): number {
  const announced = bytes.readUInt32BE(1);
  if (announced > maxMessageBytes) throw tooLarge(maxMessageBytes);
  return announced;
}

async function messageOf(
  flag: number,
  bytes: Buffer,
  headers: IncomingHttpHeaders,
  maxMessageBytes: number,
): Promise<Uint8Array> {
  if (flag === 0) return bytes;
  if (flag !== 1) throw new GrpcError(grpcStatus.INVALID_ARGUMENT, `The compressed flag must be 0 or 1, got ${flag}`);
  const inflate = inflateOf(headers['grpc-encoding']);
  try {
    return await inflate(bytes, { maxOutputLength: maxMessageBytes });
  } catch (cause) {
    if (cause instanceof Error && 'code' in cause && cause.code === 'ERR_BUFFER_TOO_LARGE')
      throw tooLarge(maxMessageBytes);
    throw new GrpcError(grpcStatus.INVALID_ARGUMENT, 'The message cannot be decompressed', { cause });
  }
}

function inflateOf(encoding: string | string[] | undefined): Inflate {
  if (encoding === undefined || encoding === 'identity') {
    throw new GrpcError(grpcStatus.INVALID_ARGUMENT, 'A message is compressed, but grpc-encoding is not set');
  }
  const name = String(encoding);
  const inflate = Object.hasOwn(inflaters, name) ? inflaters[name] : undefined;
  if (inflate === undefined) {
    throw new GrpcError(grpcStatus.UNIMPLEMENTED, 'grpc-encoding must be gzip, deflate or zstd');
  }
  return inflate;
}

function tooLarge(maxMessageBytes: number): GrpcError {
  return new GrpcError(grpcStatus.RESOURCE_EXHAUSTED, `A message must have at most ${maxMessageBytes} bytes`);
}
