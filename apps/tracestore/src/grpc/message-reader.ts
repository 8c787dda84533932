import type { IncomingHttpHeaders, ServerHttp2Stream } from 'node:http2';
import { gunzipSync, inflateSync, zstdDecompressSync } from 'node:zlib';
import { GrpcError, grpcStatus } from './grpc-error.js';
import { prefixBytes } from './grpc-wire.js';

/** Holds for a message as it comes and as it is after inflating. A question of 10,000 trace ids with times is half of it. */
const maxMessageBytes = 1024 * 1024;

type Inflate = (bytes: Uint8Array, options: { readonly maxOutputLength: number }) => Uint8Array;

/** A client that sends nothing for so long is not waited for. */
const stallMs = 30_000;

/**
 * The messages of a call, one after the other, inflated. They are small, as they only ask: each is collected first.
 *
 * @param signal ends the waiting for more, with its reason
 * @throws GrpcError when one is cut off, too large or damaged, or does not come
 */
export async function* readMessages(
  stream: ServerHttp2Stream,
  headers: IncomingHttpHeaders,
  signal: AbortSignal,
): AsyncGenerator<Uint8Array, void, undefined> {
  let pieces: Buffer[] = [];
  let length = 0;
  // What is not read of the question is no reason to lose the answer.
  const source: AsyncIterator<Buffer> = stream.iterator({ destroyOnReturn: false });
  for (;;) {
    const next = await inTime(source.next(), signal);
    if (next.done === true) break;
    pieces.push(next.value);
    length += next.value.length;
    while (length >= prefixBytes) {
      const bytes = pieces.length === 1 ? (pieces[0] as Buffer) : Buffer.concat(pieces);
      pieces = [bytes];
      const end = prefixBytes + announcedLength(bytes);
      if (length < end) break;
      yield messageOf(bytes.subarray(0, end), headers);
      pieces = [bytes.subarray(end)];
      length -= end;
    }
  }
  if (length > 0) throw new GrpcError(grpcStatus.INVALID_ARGUMENT, 'The message is cut off');
}

function inTime<Value>(promise: Promise<Value>, signal: AbortSignal): Promise<Value> {
  return new Promise((resolve, reject) => {
    const onAbort = (): void => reject(signal.reason);
    const stall = setTimeout(() => {
      reject(new GrpcError(grpcStatus.DEADLINE_EXCEEDED, 'The message did not come in time'));
    }, stallMs);
    signal.addEventListener('abort', onAbort, { once: true });
    void promise.then(resolve, reject).finally(() => {
      clearTimeout(stall);
      signal.removeEventListener('abort', onAbort);
    });
    if (signal.aborted) onAbort();
  });
}

function announcedLength(bytes: Buffer): number {
  const announced = bytes.readUInt32BE(1);
  if (announced > maxMessageBytes) throw tooLarge();
  return announced;
}

function messageOf(frame: Buffer, headers: IncomingHttpHeaders): Uint8Array {
  const flag = frame.readUInt8(0);
  const bytes = frame.subarray(prefixBytes);
  if (flag === 0) return bytes;
  if (flag !== 1) throw new GrpcError(grpcStatus.INVALID_ARGUMENT, `The compressed flag is ${flag}`);
  const inflate = inflateOf(headers['grpc-encoding']);
  try {
    return inflate(bytes, { maxOutputLength: maxMessageBytes });
  } catch (cause) {
    if (cause instanceof Error && 'code' in cause && cause.code === 'ERR_BUFFER_TOO_LARGE') throw tooLarge();
    throw new GrpcError(grpcStatus.INVALID_ARGUMENT, 'The message cannot be inflated', { cause });
  }
}

function inflateOf(encoding: string | string[] | undefined): Inflate {
  switch (encoding) {
    case 'gzip':
      return gunzipSync;
    case 'deflate':
      return inflateSync;
    case 'zstd':
      return zstdDecompressSync;
    case undefined:
    case 'identity':
      throw new GrpcError(grpcStatus.INVALID_ARGUMENT, 'A message is compressed, but grpc-encoding does not say how');
    default:
      throw new GrpcError(grpcStatus.UNIMPLEMENTED, 'Messages may be compressed with gzip, deflate or zstd');
  }
}

function tooLarge(): GrpcError {
  return new GrpcError(grpcStatus.RESOURCE_EXHAUSTED, `A message has at most ${maxMessageBytes} bytes`);
}
