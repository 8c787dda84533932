import {
  constants,
  createServer,
  type Http2Server,
  type Http2Session,
  type IncomingHttpHeaders,
  type ServerHttp2Session,
  type ServerHttp2Stream,
} from 'node:http2';
import type { Socket } from 'node:net';
import { ConnectionTable, type Draining, drainMs } from '@spandrel/service';
import type { GrpcServerLimits } from './grpc-limits.js';
import { calmDown } from './grpc-wire.js';

/** Responds to every call and never throws. */
export type GrpcHandler = (stream: ServerHttp2Stream, headers: IncomingHttpHeaders) => Promise<void>;

/** Flow control windows of a stream and of a connection: a request of usual size, and several of them. */
const streamWindowBytes = 1024 * 1024;
const sessionWindowBytes = 8 * 1024 * 1024;

/** The guaranteed streams of a connection, no matter how many connections and streams there are. */
const minStreamsOfSession = 2;

/** Invalid frames after which Node closes the connection. */
const maxInvalidFrames = 100;

const keepAliveMs = 30_000;

const maxStreamId = 2 ** 31 - 1;

/** The number of open streams of a connection, and of streams refused since the last accepted one. */
interface StreamCounts {
  open: number;
  refused: number;
}

/** Listens for gRPC without TLS and shuts down without failed calls. The handler processes the calls. */
export class GrpcServer {
  private readonly server: Http2Server;
  private readonly sessions = new Map<ServerHttp2Session, StreamCounts>();
  private streams = 0;
  private isClosing = false;

  /** @param table bounds the connections; that of a shared port if the server only accepts connections of it */
  constructor(
    private readonly limits: GrpcServerLimits,
    handle: GrpcHandler,
    private readonly table: ConnectionTable = new ConnectionTable(limits),
  ) {
    this.server = createServer({
      settings: {
        initialWindowSize: streamWindowBytes,
        maxConcurrentStreams: limits.callsPerConnection,
        maxHeaderListSize: limits.headerBytes,
      },
      // Room for the headers of all streams. Without it Node resets streams, and clients drop their data.
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
   * @returns the address, for the log
   * @throws Error if the port is in use
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

  /** Serves a connection to the port of another server. Its bytes are unread. */
  accept(socket: Socket): void {
    this.server.emit('connection', socket);
  }

  /** Undefined before it listens. */
  get port(): number | undefined {
    const address = this.server.address();
    return typeof address === 'object' ? address?.port : undefined;
  }

  /**
   * Drains, then closes. While it drains, GOAWAY tells each client to make further calls on another connection; a client
   * that connects then gets it after its first call. Afterwards the server accepts no connections and waits for the last
   * response. It destroys connections that are still open after `drainMs`.
   */
  async close(draining: Draining): Promise<void> {
    this.isClosing = true;
    if (!this.server.listening && this.sessions.size === 0) return;
    const over = draining.begin();
    for (const session of this.sessions.keys()) askToLeave(session);
    await over;
    const closed = this.server.listening
      ? [new Promise<void>((resolve) => void this.server.close(() => resolve()))]
      : [...this.sessions.keys()].map((session) => new Promise<void>((resolve) => void session.once('close', resolve)));
    for (const session of this.sessions.keys()) session.close();
    const cut = setTimeout(() => {
      for (const session of this.sessions.keys()) session.destroy();
    }, drainMs);
    await Promise.all(closed);
    clearTimeout(cut);
  }

  /**
   * Counts a stream until it is closed.
   *
   * @returns false if it is refused: there are many streams, and its connection has more than its share
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
    // The streams of a broken connection report the error to their handlers.
    session.on('error', () => undefined);
    session.setTimeout(this.limits.idleMs, () => session.close());
    session.setLocalWindowSize(sessionWindowBytes);
    this.table.add(session, session.socket.remoteAddress, (isIdle) => {
      if (isIdle) session.close();
      else session.destroy();
    });
  }
}

/** Makes the server respond to calls that are in transit: it announces the highest number as the last stream. */
function askToLeave(session: Http2Session | undefined): void {
  if (session === undefined || session.closed || session.destroyed) return;
  session.goaway(constants.NGHTTP2_NO_ERROR, maxStreamId);
}
