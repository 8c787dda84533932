import { type ClientHttp2Session, connect, constants } from 'node:http2';

/** The outcome of a request: accepted, rejected or unknown. */
export type Outcome = 'acknowledged' | 'refused' | 'unknown';

/** Exports over gRPC and reconnects. */
export class GrpcCaller {
  readonly #port: number;
  readonly #timeoutMs: number;
  #session: ClientHttp2Session | undefined;

  constructor(port: number, timeoutMs: number) {
    this.#port = port;
    this.#timeoutMs = timeoutMs;
  }

  /** Never rejects. */
  export(grpcMessage: Buffer): Promise<Outcome> {
    return new Promise((resolve) => {
      const stream = this.#connected().request({
        [constants.HTTP2_HEADER_METHOD]: 'POST',
        [constants.HTTP2_HEADER_PATH]: '/opentelemetry.proto.collector.trace.v1.TraceService/Export',
        'content-type': 'application/grpc',
        te: 'trailers',
      });
      let status: unknown;
      stream.on('response', (headers) => (status ??= headers['grpc-status']));
      stream.on('trailers', (trailers) => (status ??= trailers['grpc-status']));
      stream.on('error', () => {});
      stream.on('close', () => {
        clearTimeout(timer);
        resolve(status === undefined ? 'unknown' : status === '0' ? 'acknowledged' : 'refused');
      });
      const timer = setTimeout(() => stream.close(constants.NGHTTP2_CANCEL), this.#timeoutMs);
      stream.resume();
      stream.end(grpcMessage);
    });
  }

  close(): void {
    this.#session?.destroy();
  }

  #connected(): ClientHttp2Session {
    if (this.#session === undefined || this.#session.closed || this.#session.destroyed) {
      this.#session = connect(`http://127.0.0.1:${this.#port}`);
      this.#session.on('error', () => {});
    }
    return this.#session;
  }
}
