import type { ServerLimits } from '@spandrel/service';

/** Bounds of a gRPC server, which apply before a handler sees a call. */
export interface GrpcServerLimits extends Pick<ServerLimits, 'connections' | 'connectionsPerClient'> {
  /** Concurrent streams of one connection. Further ones get REFUSED_STREAM. */
  readonly callsPerConnection: number;
  /** Concurrent streams of all connections. Beyond it, each connection keeps its share. */
  readonly calls: number;
  /** Consecutive streams of a connection that are refused before it is closed. */
  readonly refusedCalls: number;
  /** Headers of one call, in bytes. */
  readonly headerBytes: number;
  /** Memory of one HTTP/2 connection without its messages, in bytes. */
  readonly connectionBytes: number;
  /** How long a connection without a call stays open, in ms. */
  readonly idleMs: number;
}

/** Bounds of the calls of a router. */
export interface GrpcCallLimits {
  /** Concurrent calls of one connection, of one client and of all clients. Further ones get RESOURCE_EXHAUSTED. */
  readonly callsPerConnection: number;
  readonly callsPerClient: number;
  readonly calls: number;
  /** Size of a request message in bytes, both as received and decompressed. */
  readonly messageBytes: number;
  /** Time within which a request message must be complete, in ms. */
  readonly messageMs: number;
  /** Pieces in which a request may arrive, in addition to one for each 64 bytes. */
  readonly messagePieces: number;
  /** How long a client may read nothing of a response, in ms. */
  readonly answerStallMs: number;
}
