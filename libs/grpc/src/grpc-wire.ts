/*
 * gRPC over HTTP/2 ("PROTOCOL-HTTP2"). A call is a stream:
 *
 *     → HEADERS  :method POST, :path /<service>/<method>, content-type application/grpc, grpc-encoding, grpc-timeout
 *     → DATA     compressed 1 byte (0 or 1) · length 4 bytes, big-endian · message; frames may end anywhere
 *     ← HEADERS  :status 200 · DATA, the same way · HEADERS grpc-status, grpc-message (the trailers)
 *
 * An error without messages is one HEADERS frame with the trailers ("Trailers-Only").
 */
import { constants, type IncomingHttpHeaders, type OutgoingHttpHeaders, type ServerHttp2Stream } from 'node:http2';
import { clientOf } from '@spandrel/service';
import { type GrpcStatus, grpcStatus } from './grpc-error.js';

/** The prefix of every message. */
export const prefixBytes = 5;

export const answerHeaders: OutgoingHttpHeaders = {
  [constants.HTTP2_HEADER_STATUS]: 200,
  [constants.HTTP2_HEADER_CONTENT_TYPE]: 'application/grpc',
  'grpc-accept-encoding': 'identity,gzip,deflate,zstd',
};

/** Encodes a status as headers: the trailers, or a part of them. A message can contain characters that headers cannot. */
export function statusHeaders(status: GrpcStatus, message = ''): OutgoingHttpHeaders {
  return status === grpcStatus.OK
    ? { 'grpc-status': '0' }
    : { 'grpc-status': String(status), 'grpc-message': encodeURI(message.toWellFormed()) };
}

/** Adds the prefix to a message that is not compressed. */
export function frameOf(message: Uint8Array): Buffer {
  const frame = Buffer.allocUnsafe(prefixBytes + message.length);
  frame.writeUInt8(0, 0);
  frame.writeUInt32BE(message.length, 1);
  frame.set(message, prefixBytes);
  return frame;
}

/** Whether a request speaks gRPC. */
export function isGrpc(headers: IncomingHttpHeaders): boolean {
  return (
    headers[constants.HTTP2_HEADER_METHOD] === 'POST' &&
    /^application\/grpc(?:\+proto)?(?:;|$)/.test(headers['content-type'] ?? '')
  );
}

/** Responds with a status and no message. */
export function refuse(stream: ServerHttp2Stream, status: OutgoingHttpHeaders): void {
  if (isAnswered(stream)) return;
  stream.respond({ ...answerHeaders, ...status }, { endStream: true });
  endEarly(stream);
}

/** Responds in HTTP to a request that is not gRPC (PROTOCOL-HTTP2, "Requests"). */
export function answerWithoutGrpc(stream: ServerHttp2Stream): void {
  stream.on('error', () => undefined);
  stream.respond({ [constants.HTTP2_HEADER_STATUS]: 415 }, { endStream: true });
  endEarly(stream);
}

/** Whether no response can be sent: the stream is closed, or it has a response. */
export function isAnswered(stream: ServerHttp2Stream): boolean {
  return stream.destroyed || stream.closed || stream.headersSent;
}

/** Ends a complete response without reading the rest of the request (RFC 9113, 8.1). */
function endEarly(stream: ServerHttp2Stream): void {
  stream.resume();
  if (!stream.readableEnded) stream.close(constants.NGHTTP2_NO_ERROR);
}

/** @returns the client of a call, as limits count it */
export function clientOfStream(stream: ServerHttp2Stream): string {
  return clientOf(stream.session?.socket?.remoteAddress);
}

/** Closes a connection that floods the process with frames (RFC 9113, 7: ENHANCE_YOUR_CALM). */
export function calmDown({ session }: ServerHttp2Stream): void {
  session?.destroy(new Error('The client floods the connection with frames'), constants.NGHTTP2_ENHANCE_YOUR_CALM);
}

/** Resets a stream with a complete response if the client reads nothing of it for `stallMs`. */
export function closeUnread(stream: ServerHttp2Stream, stallMs: number): void {
  stream.setTimeout(stallMs, () => stream.close(constants.NGHTTP2_CANCEL));
}
