import { constants, type IncomingHttpHeaders, type ServerHttp2Stream } from 'node:http2';
import type { UnsentAnswers } from '@spandrel/service';
import type { CallPlaces, Place } from './call-places.js';
import { GrpcError, grpcStatus } from './grpc-error.js';
import { answerHeaders, clientOfStream, closeUnread, frameOf, isAnswered, refuse, statusHeaders } from './grpc-wire.js';

/** The maximum delay of a timer. */
const maxTimeoutMs = 2 ** 31 - 1;

const millisecondsIn: Readonly<Record<string, number>> = { H: 3_600_000, M: 60_000, S: 1_000, m: 1, u: 1e-3, n: 1e-6 };

/**
 * One call, from the server's side. It ends with exactly one of `end` and `fail`. Messages that were sent before a
 * failure stay sent; the status says that the response is incomplete.
 */
export class GrpcCall {
  private readonly controller = new AbortController();
  private readonly deadline: NodeJS.Timeout | undefined;
  private readonly place: Place;
  private forgetUnsent: (() => void) | undefined;
  private waitsForReader = false;
  private readonly onClose = (): void => {
    this.controller.abort(new GrpcError(grpcStatus.CANCELLED, 'The client disconnected or stopped reading'));
  };

  /** @throws GrpcError if the headers are invalid or there is no place */
  constructor(
    private readonly stream: ServerHttp2Stream,
    headers: IncomingHttpHeaders,
    places: CallPlaces,
    private readonly unsent: UnsentAnswers,
    private readonly answerStallMs: number,
  ) {
    const timeoutMs = timeoutOf(headers['grpc-timeout']);
    this.place = places.take(stream.session ?? this, clientOfStream(stream), (error) => this.evict(error));
    if (timeoutMs !== undefined) this.deadline = setTimeout(() => this.expire(), Math.min(timeoutMs, maxTimeoutMs));
    stream.once('close', this.onClose);
  }

  /** Aborted, with a GrpcError as its reason, when the client disconnects or the deadline passes. */
  get signal(): AbortSignal {
    return this.controller.signal;
  }

  /** Notes that the request is complete. */
  received(): void {
    this.place.enter('working');
  }

  /**
   * Resolves when the client's window has room.
   *
   * @throws GrpcError that of the signal, or one if the client reads nothing for too long
   */
  async send(message: Uint8Array): Promise<void> {
    this.signal.throwIfAborted();
    if (!this.stream.headersSent) this.stream.respond(answerHeaders, { waitForTrailers: true });
    if (this.stream.write(frameOf(message))) return;
    this.forgetUnsent ??= this.unsent.watch({
      pendingBytes: () => this.stream.writableLength,
      cut: () => this.evict(new GrpcError(grpcStatus.RESOURCE_EXHAUSTED, 'The client reads too slowly')),
    });
    this.place.enter('sending');
    this.waitsForReader = true;
    await new Promise<void>((resolve, reject) => {
      const settle = (): void => {
        clearTimeout(stall);
        this.stream.off('drain', settle);
        this.signal.removeEventListener('abort', settle);
        this.waitsForReader = false;
        this.place.enter('working');
        if (this.signal.aborted) reject(this.signal.reason);
        else resolve();
      };
      const stall = setTimeout(() => this.stream.close(constants.NGHTTP2_CANCEL), this.answerStallMs);
      this.stream.once('drain', settle);
      this.signal.addEventListener('abort', settle, { once: true });
    });
  }

  /** Ends the call with the status OK. */
  end(): void {
    this.finish(statusHeaders(grpcStatus.OK));
  }

  fail({ status, message }: GrpcError): void {
    this.finish(statusHeaders(status, message));
  }

  private finish(trailers: ReturnType<typeof statusHeaders>): void {
    clearTimeout(this.deadline);
    this.place.release();
    this.forgetUnsent?.();
    this.stream.off('close', this.onClose);
    const { stream } = this;
    if (!isAnswered(stream)) {
      refuse(stream, trailers);
      return;
    }
    if (stream.destroyed || stream.closed) return;
    stream.once('wantTrailers', () => stream.sendTrailers(trailers));
    stream.end();
    stream.resume();
    closeUnread(stream, this.answerStallMs);
  }

  /** Resets the stream, because a status would wait behind data that the client does not read. */
  private evict(error: GrpcError): void {
    const { waitsForReader } = this;
    this.controller.abort(error);
    if (waitsForReader) this.stream.close(constants.NGHTTP2_ENHANCE_YOUR_CALM);
  }

  private expire(): void {
    this.controller.abort(new GrpcError(grpcStatus.DEADLINE_EXCEEDED, 'The deadline of the call has passed'));
  }
}

/** @throws GrpcError if the value is not valid in gRPC */
function timeoutOf(header: string | string[] | undefined): number | undefined {
  if (header === undefined) return undefined;
  const [, digits = '', unit = ''] = /^(\d{1,8})([HMSmun])$/.exec(String(header)) ?? [];
  const milliseconds = millisecondsIn[unit];
  if (milliseconds === undefined) throw new GrpcError(grpcStatus.INVALID_ARGUMENT, 'grpc-timeout is invalid');
  return Number(digits) * milliseconds;
}
