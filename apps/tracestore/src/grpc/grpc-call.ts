import { constants, type IncomingHttpHeaders, type ServerHttp2Stream } from 'node:http2';
import { GrpcError, grpcStatus } from './grpc-error.js';
import { answerHeaders, frameOf, isAnswered, refuse, statusHeaders } from './grpc-wire.js';

/** A client that takes nothing for so long is not waited for: what it asked holds a connection to the database. */
const stallMs = 30_000;

/** More than any timer takes. */
const maxTimeoutMs = 2 ** 31 - 1;

const millisecondsIn: Readonly<Record<string, number>> = { H: 3_600_000, M: 60_000, S: 1_000, m: 1, u: 1e-3, n: 1e-6 };

/**
 * One call, from the server's side. Its end is exactly one of `end` and `fail`; what was sent before a failure stays
 * sent, and the status tells that it is not all.
 */
export class GrpcCall {
  private readonly controller = new AbortController();
  private readonly deadline: NodeJS.Timeout | undefined;
  private readonly onClose = (): void => {
    this.controller.abort(new GrpcError(grpcStatus.CANCELLED, 'The client is gone, or took nothing for too long'));
  };

  /** @throws GrpcError when its headers make no sense */
  constructor(
    private readonly stream: ServerHttp2Stream,
    headers: IncomingHttpHeaders,
  ) {
    const timeoutMs = timeoutOf(headers['grpc-timeout']);
    if (timeoutMs !== undefined) this.deadline = setTimeout(() => this.expire(), Math.min(timeoutMs, maxTimeoutMs));
    stream.once('close', this.onClose);
  }

  /** Aborted, with a GrpcError as its reason, when the client is gone or its deadline over. */
  get signal(): AbortSignal {
    return this.controller.signal;
  }

  /**
   * Resolves when the client's window has room for more.
   *
   * @throws GrpcError the signal's, or when the client takes nothing for too long
   */
  async send(message: Uint8Array): Promise<void> {
    this.signal.throwIfAborted();
    if (!this.stream.headersSent) this.stream.respond(answerHeaders, { waitForTrailers: true });
    if (this.stream.write(frameOf(message))) return;
    await new Promise<void>((resolve, reject) => {
      const settle = (): void => {
        clearTimeout(stall);
        this.stream.off('drain', settle);
        this.signal.removeEventListener('abort', settle);
        if (this.signal.aborted) reject(this.signal.reason);
        else resolve();
      };
      const stall = setTimeout(() => this.stream.close(constants.NGHTTP2_CANCEL), stallMs);
      this.stream.once('drain', settle);
      this.signal.addEventListener('abort', settle, { once: true });
    });
  }

  /** All is said. */
  end(): void {
    this.finish(statusHeaders(grpcStatus.OK));
  }

  fail({ status, message }: GrpcError): void {
    this.finish(statusHeaders(status, message));
  }

  private finish(trailers: ReturnType<typeof statusHeaders>): void {
    clearTimeout(this.deadline);
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
  }

  private expire(): void {
    this.controller.abort(new GrpcError(grpcStatus.DEADLINE_EXCEEDED, 'The deadline of the call is over'));
  }
}

/** @throws GrpcError when it is not what gRPC says */
function timeoutOf(header: string | string[] | undefined): number | undefined {
  if (header === undefined) return undefined;
  const [, digits = '', unit = ''] = /^(\d{1,8})([HMSmun])$/.exec(String(header)) ?? [];
  const milliseconds = millisecondsIn[unit];
  if (milliseconds === undefined) throw new GrpcError(grpcStatus.INVALID_ARGUMENT, 'grpc-timeout makes no sense');
  return Number(digits) * milliseconds;
}
