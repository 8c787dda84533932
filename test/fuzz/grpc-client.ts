/** A gRPC client that sends any headers and bytes over HTTP/2. */
import { type ClientHttp2Session, connect, constants, type OutgoingHttpHeaders } from 'node:http2';
import { setTimeout as sleep } from 'node:timers/promises';
import { type ExchangeResult, responseTimeoutMs } from './exchange-result.ts';

/** A call with arbitrary headers and bytes. */
export interface GrpcRequest {
  readonly kind: 'grpc';
  readonly port: number;
  readonly headers: OutgoingHttpHeaders;
  /** The body, in pieces that are written one by one. */
  readonly pieces: readonly Buffer[];
  readonly pauseMs?: number;
  /** False: the client does not end the stream. */
  readonly ends: boolean;
  /** The client resets the stream after this time. */
  readonly abortAfterMs?: number;
  /** Uses its own connection, since the server may close it. */
  readonly isAlone?: boolean;
}

const sessionsPerPort = 4;
const maxKeptBytes = 256 * 1024;
const prefixBytes = 5;

/** Frames a message with its gRPC prefix. */
export function grpcFrame(message: Uint8Array, flag = 0, announced = message.length): Buffer {
  const prefix = Buffer.alloc(prefixBytes);
  prefix.writeUInt8(flag, 0);
  prefix.writeUInt32BE(announced, 1);
  return Buffer.concat([prefix, message]);
}

/** Returns the headers of a valid call. */
export function grpcHeaders(path: string, more: OutgoingHttpHeaders = {}): OutgoingHttpHeaders {
  return { ':method': 'POST', ':path': path, 'content-type': 'application/grpc', te: 'trailers', ...more };
}

/** Holds a few connections to each port. */
export class GrpcClient {
  readonly #sessions = new Map<string, ClientHttp2Session>();
  #turn = 0;

  async send(request: GrpcRequest): Promise<ExchangeResult> {
    if (request.isAlone === true) {
      const session = open(request.port);
      try {
        return await call(session, request);
      } finally {
        session.destroy();
      }
    }
    this.#turn = (this.#turn + 1) % sessionsPerPort;
    const key = `${request.port} ${this.#turn}`;
    let session = this.#sessions.get(key);
    if (session === undefined || session.destroyed || session.closed) {
      session = open(request.port);
      this.#sessions.set(key, session);
    }
    return call(session, request);
  }

  close(): void {
    for (const session of this.#sessions.values()) session.destroy();
    this.#sessions.clear();
  }
}

function open(port: number): ClientHttp2Session {
  const session = connect(`http://127.0.0.1:${port}`, { maxSessionMemory: 1_000 });
  session.on('error', () => undefined);
  return session;
}

async function call(session: ClientHttp2Session, request: GrpcRequest): Promise<ExchangeResult> {
  return new Promise<ExchangeResult>((resolve) => {
    const received: Record<string, unknown> = {};
    const body: Buffer[] = [];
    let bodyBytes = 0;
    const end = (result: ExchangeResult): void => {
      clearTimeout(timer);
      resolve(result);
    };
    const timer = setTimeout(() => {
      end({ kind: request.abortAfterMs === undefined ? 'hung' : 'aborted' });
      stream.close(constants.NGHTTP2_CANCEL);
    }, request.abortAfterMs ?? responseTimeoutMs);
    let stream: ReturnType<ClientHttp2Session['request']>;
    try {
      stream = session.request(request.headers, { endStream: false });
    } catch (error) {
      clearTimeout(timer);
      resolve({ kind: 'closed', detail: error instanceof Error ? error.message : String(error) });
      return;
    }
    let failure = '';
    stream.on('error', (error: NodeJS.ErrnoException) => (failure = error.code ?? error.message));
    stream.on('response', (headers) => Object.assign(received, headers));
    stream.on('trailers', (headers) => Object.assign(received, headers));
    stream.on('data', (piece: Buffer) => {
      if (bodyBytes < maxKeptBytes) body.push(piece);
      bodyBytes += piece.length;
    });
    const settle = (): void => {
      if (received[':status'] === undefined) {
        return end({ kind: 'closed', detail: failure || `stream ended with ${stream.rstCode}` });
      }
      const status = received['grpc-status'];
      if (status === undefined && stream.rstCode !== constants.NGHTTP2_NO_ERROR) {
        return end({ kind: 'closed', detail: `stream reset with ${stream.rstCode}` });
      }
      end({
        kind: 'grpc',
        status: status === undefined ? undefined : Number(status),
        httpStatus: Number(received[':status']),
        message: String(received['grpc-message'] ?? ''),
        body: Buffer.concat(body),
      });
    };
    stream.on('end', settle).on('close', settle);
    void (async () => {
      for (const [n, piece] of request.pieces.entries()) {
        if (n > 0 && request.pauseMs !== undefined) await sleep(request.pauseMs);
        if (stream.destroyed || !stream.writable) return;
        stream.write(piece);
      }
      if (request.ends && stream.writable) stream.end();
    })();
  });
}
