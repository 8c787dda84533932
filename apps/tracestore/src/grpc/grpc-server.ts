import {
  constants,
  createServer,
  type Http2Server,
  type Http2Session,
  type IncomingHttpHeaders,
  type ServerHttp2Session,
  type ServerHttp2Stream,
} from 'node:http2';
import { type Draining, drainMs } from '@spandrel/service';

/** Answers a call in any case, and never throws. */
export type GrpcHandler = (stream: ServerHttp2Stream, headers: IncomingHttpHeaders) => Promise<void>;

/** How much a sender may send ahead on a stream and on a connection: a request of usual size, and several of them. */
const streamWindowBytes = 1024 * 1024;
const sessionWindowBytes = 8 * 1024 * 1024;

const maxStreamsPerSession = 128;

/** As much as Node's HTTP/1 takes. */
const maxHeaderBytes = 16 * 1024;

/** Room for the headers of all streams: without it Node resets streams, after which clients give up their data. */
const maxSessionMegabytes = 64;

/** A connection that is unused for so long is closed, as clients open another when they need it. */
const sessionIdleMs = 600_000;

const keepAliveMs = 30_000;

const maxStreamId = 2 ** 31 - 1;

/** Listens for gRPC without TLS, and ends well. What a call is and what its answer is, the handler knows. */
export class GrpcServer {
  private readonly server: Http2Server;
  private readonly sessions = new Set<ServerHttp2Session>();
  private isClosing = false;

  constructor(maxConnections: number, handle: GrpcHandler) {
    this.server = createServer({
      settings: {
        initialWindowSize: streamWindowBytes,
        maxConcurrentStreams: maxStreamsPerSession,
        maxHeaderListSize: maxHeaderBytes,
      },
      maxSessionMemory: maxSessionMegabytes,
    });
    this.server.maxConnections = maxConnections;
    this.server.on('connection', (socket) => socket.setNoDelay(true).setKeepAlive(true, keepAliveMs));
    this.server.on('session', (session) => this.welcome(session));
    this.server.on('stream', (stream, headers) => {
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
    for (const session of this.sessions) askToLeave(session);
    await over;
    const closed = new Promise<void>((resolve) => {
      this.server.close(() => resolve());
    });
    for (const session of this.sessions) session.close();
    const cut = setTimeout(() => {
      for (const session of this.sessions) session.destroy();
    }, drainMs);
    await closed;
    clearTimeout(cut);
  }

  private welcome(session: ServerHttp2Session): void {
    this.sessions.add(session);
    session.on('close', () => this.sessions.delete(session));
    // Of a connection that breaks the streams are told, and those who wait for them.
    session.on('error', () => undefined);
    session.setTimeout(sessionIdleMs, () => session.close());
    session.setLocalWindowSize(sessionWindowBytes);
  }
}

/** Calls that are on their way are answered: it says that whatever number they have they are not too late. */
function askToLeave(session: Http2Session | undefined): void {
  if (session === undefined || session.closed || session.destroyed) return;
  session.goaway(constants.NGHTTP2_NO_ERROR, maxStreamId);
}
