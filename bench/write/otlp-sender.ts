import { Agent, request } from 'node:http';
import { type ClientHttp2Session, connect, constants } from 'node:http2';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ResendableRequest } from './request-stream.ts';

/** Sends requests as a Collector does, with very little CPU time. */
export interface OtlpSender {
  /** Resolves when the server has acknowledged the request. @throws Error with its status otherwise */
  send(request: ResendableRequest): Promise<void>;
  close(): void;
}

/** The server is overloaded or its database unavailable. The request may be sent again. */
export class TryAgainError extends Error {
  override readonly name = 'TryAgainError';
}

const retryMs = 100;

/** Sends a request until the server accepts it. @returns the number of refusals */
export async function sendUntilTaken(sender: OtlpSender, message: ResendableRequest): Promise<number> {
  for (let refused = 0; ; refused++) {
    try {
      await sender.send(message);
      return refused;
    } catch (error) {
      if (!(error instanceof TryAgainError)) throw error;
      await sleep(retryMs);
    }
  }
}

export function openHttpSender(port: number, connections: number): OtlpSender {
  const agent = new Agent({ keepAlive: true, maxSockets: connections });
  return {
    send: ({ body }) =>
      new Promise((resolve, reject) => {
        const headers = { 'content-type': 'application/x-protobuf', 'content-length': body.length };
        const path = '/v1/traces';
        request({ host: '127.0.0.1', port, path, method: 'POST', agent, headers }, (response) => {
          const { statusCode = 0 } = response;
          response.resume().on('end', () => {
            if (statusCode === 200) resolve();
            else if (statusCode === 429 || statusCode === 503) reject(new TryAgainError(`HTTP ${statusCode}`));
            else reject(new Error(`HTTP ${statusCode}`));
          });
        })
          .on('error', reject)
          .end(body);
      }),
    close: () => agent.destroy(),
  };
}

/** Status codes of gRPC. */
const grpcOk = 0;
const grpcTryAgain: ReadonlySet<number> = new Set([8, 14]);

/** Two connections, as of two Collectors, because a server may limit the requests of one connection. */
const sessionCount = 2;

export function openGrpcSender(port: number): OtlpSender {
  const sessions: ClientHttp2Session[] = [];
  let next = 0;
  return {
    send: (message) => {
      next = (next + 1) % sessionCount;
      let session = sessions[next];
      // A server closes a connection that was idle for minutes.
      if (session === undefined || session.closed || session.destroyed) {
        session = connect(`http://127.0.0.1:${port}`).on('error', () => {});
        sessions[next] = session;
      }
      return sendOn(session, message);
    },
    close: () => sessions.forEach((session) => session.close()),
  };
}

function sendOn(session: ClientHttp2Session, { grpcMessage }: ResendableRequest): Promise<void> {
  return new Promise((resolve, reject) => {
    const stream = session.request({
      [constants.HTTP2_HEADER_METHOD]: 'POST',
      [constants.HTTP2_HEADER_PATH]: '/opentelemetry.proto.collector.trace.v1.TraceService/Export',
      'content-type': 'application/grpc',
      te: 'trailers',
    });
    let status: unknown;
    // A call that fails at once has its status in the headers.
    stream.on('response', (headers) => (status ??= headers['grpc-status']));
    stream.on('trailers', (trailers) => (status ??= trailers['grpc-status']));
    stream.on('error', reject);
    stream.on('close', () => {
      const code = Number(status ?? Number.NaN);
      if (code === grpcOk) resolve();
      else if (grpcTryAgain.has(code)) reject(new TryAgainError(`gRPC ${code}`));
      else reject(new Error(`gRPC ${String(status)}`));
    });
    stream.resume();
    stream.end(grpcMessage);
  });
}
