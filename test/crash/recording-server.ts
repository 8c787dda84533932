import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type Http2Session } from 'node:http2';
import type { AddressInfo } from 'node:net';
import { numberOf } from './numbered-requests.ts';

/** An OTLP receiver that records requests and stores no spans. */
export interface RecordingServer {
  readonly port: number;
  /** The digests of all received messages by the number of the request. */
  readonly digests: ReadonlyMap<number, ReadonlySet<string>>;
  /** The number of received messages. */
  readonly count: () => number;
  /** Whether it accepts requests. Otherwise it answers UNAVAILABLE, which causes retries. */
  accept(yes: boolean): void;
  close(): Promise<void>;
}

const grpcPrefixBytes = 5;
const unavailable = '14';

export async function startRecordingServer(): Promise<RecordingServer> {
  const digests = new Map<number, Set<string>>();
  const sessions = new Set<Http2Session>();
  let count = 0;
  let accepting = false;
  const server = createServer();
  server.on('session', (session) => {
    sessions.add(session);
    session.on('error', () => {});
    session.on('close', () => sessions.delete(session));
  });
  server.on('stream', (stream) => {
    const chunks: Buffer[] = [];
    stream.on('error', () => {});
    stream.on('data', (chunk: Buffer) => chunks.push(chunk));
    stream.on('end', () => {
      const message = Buffer.concat(chunks).subarray(grpcPrefixBytes);
      const number = numberOf(message);
      const seen = digests.get(number) ?? new Set<string>();
      digests.set(number, seen.add(createHash('sha256').update(message).digest('hex')));
      count++;
      stream.respond({ ':status': 200, 'content-type': 'application/grpc' }, { waitForTrailers: true });
      stream.on('wantTrailers', () => stream.sendTrailers({ 'grpc-status': accepting ? '0' : unavailable }));
      // An empty response has a prefix too.
      stream.end(accepting ? Buffer.alloc(grpcPrefixBytes) : undefined);
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    port,
    digests,
    count: () => count,
    accept: (yes) => {
      accepting = yes;
    },
    close: async () => {
      const closed = once(server, 'close');
      server.close();
      for (const session of sessions) session.destroy();
      await closed;
    },
  };
}
