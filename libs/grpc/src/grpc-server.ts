import {
  constants,
  createServer,
  type Http2Server,
  type Http2Session,
  type IncomingHttpHeaders,
  type ServerHttp2Session,
  type ServerHttp2Stream,
} from 'node:http2';
import { ConnectionTable, type Draining, drainMs } from '@spandrel/service';
import type { GrpcServerLimits } from './grpc-limits.js';
import { calmDown } from './grpc-wire.js';

/** Answers a call in any case, and never throws. */
export type GrpcHandler = (stream: ServerHttp2Stream, headers: IncomingHttpHeaders) => Promise<void>;

/** How much a sender may send ahead on a stream and on a connection: a request of usual size, and several of them. */
const streamWindowBytes = 1024 * 1024;
const sessionWindowBytes = 8 * 1024 * 1024;

/** Streams that a connection may have, however many connections and streams there are. */
const minStreamsOfSession = 2;

/** Frames that make no sense, after which Node closes the connection. */
const maxInvalidFrames = 100;

const keepAliveMs = 30_000;

const maxStreamId = 2 ** 31 - 1;

/** The streams of a connection: those that are open, and those that were refused since the last one that was not. */
interface StreamCounts {
  open: number;
  refused: number;
}

/** Listens for gRPC without TLS, and ends well. What a call is and what its answer is, the handler knows. */
export class GrpcServer {
  private readonly server: Http2Server;
  private readonly sessions = new Map<ServerHttp2Session, StreamCounts>();
  private streams = 0;
  private readonly table: ConnectionTable;
  private isClosing = false;

  constructor(
    private readonly limits: GrpcServerLimits,
    handle: GrpcHandler,
  ) {
    this.table = new ConnectionTable(limits);
    this.server = createServer({
      settings: {
        initialWindowSize: streamWindowBytes,
        maxConcurrentStreams: limits.callsPerConnection,
        maxHeaderListSize: limits.headerBytes,
      },
      // Room for the headers of all streams: without it Node resets streams, after which clients give up their data.
      maxSessionMemory: limits.connectionBytes / (1024 * 1024),
      maxSessionInvalidFrames: maxInvalidFrames,
    });
    this.server.on('connection', (socket) => socket.setNoDelay(true).setKeepAlive(true, keepAliveMs));
    this.server.on('session', (session) => this.welcome(session));
    this.server.on('sessionError', () => undefined);
    this.server.on('stream', (stream, headers) => {
      if (!this.begin(stream)) return;
      void handle(stream, headers);
      if (this.isClosing) askToLeave(stream.session);
    });
  }

  /**
   * @returns where it listens, for the log
   * @throws Error when the port is taken
   */
  async listen(host: string, port: number): Promise<string> {
    await new Promise<void>((resolve, reject) => {
      this.server.once('error', reject);
      this.server.listen(port, host, () => {
        this.server.off('error', reject);
        resolve();
      });
    });
    return `${host.includes(':') ? `[${host}]` : host}:${this.port}`;
  }

  /** Undefined before it listens. */
  get port(): number | undefined {
    const address = this.server.address();
    return typeof address === 'object' ? address?.port : undefined;
  }

  /**
   * While it drains, clients are asked to make further calls on another connection, and of a new one after its first.
   * Then it takes no more and ends with the last answer, or cuts what takes too long.
   */
  async close(draining: Draining): Promise<void> {
    if (!this.server.listening) return;
    this.isClosing = true;
    const over = draining.begin();
    for (const session of this.sessions.keys()) askToLeave(session);
    await over;
    const closed = new Promise<void>((resolve) => {
      this.server.close(() => resolve());
    });
    for (const session of this.sessions.keys()) session.close();
    const cut = setTimeout(() => {
      for (const session of this.sessions.keys()) session.destroy();
    }, drainMs);
    await closed;
    clearTimeout(cut);
  }

  /**
   * Counts a stream until it is closed.
   *
   * @returns false when it is refused: there are many, and its connection has more than its share
   */
  private begin(stream: ServerHttp2Stream): boolean {
    const session = stream.session as ServerHttp2Session;
    const own = this.sessions.get(session) ?? { open: 0, refused: 0 };
    const share = Math.max(minStreamsOfSession, this.limits.calls / Math.max(1, this.sessions.size));
    if (this.streams >= this.limits.calls && own.open >= share) {
      own.refused += 1;
      stream.on('error', () => undefined);
      if (own.refused >= this.limits.refusedCalls) calmDown(stream);
      else stream.close(constants.NGHTTP2_REFUSED_STREAM);
      return false;
    }
    this.streams += 1;
    own.open += 1;
    own.refused = 0;
    const { received, ended } = this.table.begin(session);
    stream.once('end', received).once('close', () => {
      ended();
      this.streams -= 1;
      own.open -= 1;
    });
    return true;
  }

  private welcome(session: ServerHttp2Session): void {
    this.sessions.set(session, { open: 0, refused: 0 });
    session.on('close', () => {
      this.sessions.delete(session);
      this.table.remove(session);
    });
    // Of a connection that breaks the streams are told, and those who wait for them.
    session.on('error', () => undefined);
    session.setTimeout(this.limits.idleMs, () => session.close());
    session.setLocalWindowSize(sessionWindowBytes);
    this.table.add(session, session.socket.remoteAddress, (isIdle) => {
      if (isIdle) session.close();
      else session.destroy();
    });
  }
}

/** Calls that are on their way are answered: it says that whatever number they have they are not too late. */
function askToLeave(session: Http2Session | undefined): void {
  if (session === undefined || session.closed || session.destroyed) return;
  session.goaway(constants.NGHTTP2_NO_ERROR, maxStreamId);
}
