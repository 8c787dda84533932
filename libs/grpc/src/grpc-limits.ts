import type { ServerLimits } from '@spandrel/service';

/** What clients may make a gRPC server spend before a handler sees their call. */
export interface GrpcServerLimits extends Pick<ServerLimits, 'connections' | 'connectionsPerClient'> {
  /** Streams that one connection has open at once; REFUSED_STREAM above. */
  readonly callsPerConnection: number;
  /** Streams of all connections at once. Above, each connection keeps its share of them. */
  readonly calls: number;
  /** Streams in a row that are refused to a connection before it is closed. */
  readonly refusedCalls: number;
  /** Headers of one call, in bytes. */
  readonly headerBytes: number;
  /** Memory of one HTTP/2 connection without its messages, in bytes. */
  readonly connectionBytes: number;
  /** How long a connection without a call stays open, in ms. */
  readonly idleMs: number;
}

/** What clients may make a router spend on their calls. */
export interface GrpcCallLimits {
  /** Calls of one connection, of one client and of all of them at once; RESOURCE_EXHAUSTED above. */
  readonly callsPerConnection: number;
  readonly callsPerClient: number;
  readonly calls: number;
  /** A request message in bytes, as received and after decompression. */
  readonly messageBytes: number;
  /** Time in which a request message has to be complete, in ms. */
  readonly messageMs: number;
  /** Pieces that a request may come in, beyond one for each 64 bytes. */
  readonly messagePieces: number;
  /** How long a client may take nothing of an answer, in ms. */
  readonly answerStallMs: number;
}
