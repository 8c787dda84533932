const kibibyte = 1024;
const mebibyte = 1024 * kibibyte;

/** How often Node looks for requests that exceed a time limit. */
export const checkingIntervalMs = 2_000;

/** What clients may make an HTTP server spend before a handler sees their request, and after it has answered. */
export interface ServerLimits {
  /** Open at once. When there are more, connections give way to new ones in the order that `ConnectionTable` states. */
  readonly connections: number;
  /** The same, of one client. */
  readonly connectionsPerClient: number;
  /** From the first byte of a request to the end of its headers. */
  readonly headersMs: number;
  /** From the first byte of a request to the end of its body. */
  readonly requestMs: number;
  /** How long an unused connection stays open. */
  readonly keepAliveMs: number;
  /** Of a request; 413 above. */
  readonly bodyBytes: number;
  /** The same for routes that take less, by their path. */
  readonly bodyBytesOf: Readonly<Record<string, number>>;
  /** Of all bodies that are being received; 503 with Retry-After above. */
  readonly unfinishedBodyBytes: number;
  /** Chunks that a body may come in, beyond one for each 64 bytes; 400 above. */
  readonly bodyPieces: number;
  /** In which a client takes nothing of its answer; then the connection is closed. */
  readonly answerStallMs: number;
  /** In which a client has to take its whole answer. */
  readonly answerMs: number;
  /** Of answers that clients have not taken; above, the oldest ones are cut. */
  readonly unsentBytes: number;
}

/** For services that do not say otherwise. */
export const defaultServerLimits: ServerLimits = {
  connections: 4096,
  connectionsPerClient: 3072,
  headersMs: 10_000,
  requestMs: 30_000,
  // More than the 60 s after which usual load balancers let go of a connection.
  keepAliveMs: 72_000,
  bodyBytes: 256 * kibibyte,
  bodyBytesOf: {},
  unfinishedBodyBytes: 16 * mebibyte,
  bodyPieces: 1_024,
  answerStallMs: 30_000,
  answerMs: 600_000,
  unsentBytes: 64 * mebibyte,
};
