/**
 * Every bound on what a client can make tracestore spend, in one table. The code that enforces a bound takes its value
 * from here, and `docs/limits.md` is generated from here.
 */

/** On whose behalf a bound counts. */
export type LimitScope = 'span' | 'request' | 'connection' | 'client' | 'process';

/** One bound. */
export interface Limit {
  /** In the unit. Where a variable sets it, the default. */
  readonly value: number;
  readonly unit: 'bytes' | 'ms' | 'count';
  readonly scope: LimitScope;
  /** The entry points where it holds, as the docs name them, such as `OTLP` or `SQL page`. */
  readonly where: string;
  /** What is counted: a noun phrase without the number. */
  readonly counts: string;
  /** What the client sees at the bound: the status, and whether a retry makes sense. */
  readonly atBound: string;
  /** The environment variable that sets it; absent where it is fixed. */
  readonly variable?: `TRACESTORE_${string}`;
}

const mebibyte = 1024 * 1024;

/** All bounds, by name. Names end with their unit where that is not a count. */
export const limits = {
  requestBytes: {
    value: 64 * mebibyte,
    unit: 'bytes',
    scope: 'request',
    where: 'OTLP',
    counts: 'bytes of a request, as received and after decompression',
    atBound: '413 or RESOURCE_EXHAUSTED without RetryInfo; a retry fails again',
    variable: 'TRACESTORE_MAX_REQUEST_BYTES',
  },
  bytesInFlight: {
    value: 256 * mebibyte,
    unit: 'bytes',
    scope: 'process',
    where: 'OTLP',
    counts: 'bytes of all requests that are being received and written',
    atBound: '429 or RESOURCE_EXHAUSTED with RetryInfo; retry after 1 s',
    variable: 'TRACESTORE_MAX_BYTES_IN_FLIGHT',
  },
  bodyMs: {
    value: 30_000,
    unit: 'ms',
    scope: 'request',
    where: 'OTLP',
    counts: 'time from the head of a request to the end of its body',
    atBound: '503 or UNAVAILABLE; retry after 5 s',
    variable: 'TRACESTORE_BODY_TIMEOUT_MS',
  },
  reservedPercent: {
    value: 12.5,
    unit: 'count',
    scope: 'process',
    where: 'OTLP',
    counts:
      'percent of those bytes that are for small requests alone: such as hold an eighth of it at most, each; they come on top of a request that takes all of the bytes by itself',
    atBound: '429 or RESOURCE_EXHAUSTED with RetryInfo; retry after 1 s',
  },
  percentPerClient: {
    value: 50,
    unit: 'count',
    scope: 'client',
    where: 'OTLP',
    counts: 'percent of the bytes in flight, for a client with several requests while another client waits for room',
    atBound: '429 or RESOURCE_EXHAUSTED with RetryInfo; retry after 1 s',
  },
  inflatesAtOnce: {
    value: 2,
    unit: 'count',
    scope: 'process',
    where: 'OTLP',
    counts: 'bodies that are inflated at once',
    atBound: 'others wait; the body on which the least work was done is next, one client after the other',
  },
  bodyPieces: {
    value: 1_024,
    unit: 'count',
    scope: 'request',
    where: 'OTLP, Jaeger gRPC, HTTP API',
    counts: 'chunks or DATA frames of a body, beyond one for each 64 bytes',
    atBound: '400, or INVALID_ARGUMENT; the connection is closed (HTTP/2: ENHANCE_YOUR_CALM)',
  },
  slowBytesPerSecond: {
    value: 16 * 1024,
    unit: 'bytes',
    scope: 'request',
    where: 'OTLP',
    counts: 'bytes per second below which a body gives way to others when there is no room for them',
    atBound: '429 or RESOURCE_EXHAUSTED with RetryInfo; retry after 1 s',
  },
  jaegerMessageBytes: {
    value: mebibyte,
    unit: 'bytes',
    scope: 'request',
    where: 'Jaeger gRPC',
    counts: 'bytes of a request message, as received and after decompression',
    atBound: 'RESOURCE_EXHAUSTED; a retry fails again',
  },
  jaegerMessageMs: {
    value: 10_000,
    unit: 'ms',
    scope: 'request',
    where: 'Jaeger gRPC',
    counts: 'time until a request message is whole',
    atBound: 'DEADLINE_EXCEEDED',
  },
  jaegerCallsPerConnection: {
    value: 64,
    unit: 'count',
    scope: 'connection',
    where: 'Jaeger gRPC',
    counts: 'calls at once',
    atBound: 'a call that waits for its own client gives way; without one RESOURCE_EXHAUSTED; retry later',
  },
  jaegerCallsPerClient: {
    value: 192,
    unit: 'count',
    scope: 'client',
    where: 'Jaeger gRPC',
    counts: 'calls at once',
    atBound: 'a call that waits for its own client gives way; without one RESOURCE_EXHAUSTED; retry later',
  },
  jaegerCalls: {
    value: 256,
    unit: 'count',
    scope: 'process',
    where: 'Jaeger gRPC',
    counts: 'calls at once',
    atBound: 'a call that waits for its own client gives way; without one RESOURCE_EXHAUSTED; retry later',
  },
  answerStallMs: {
    value: 30_000,
    unit: 'ms',
    scope: 'request',
    where: 'Jaeger gRPC, HTTP API',
    counts: 'time in which the client takes nothing of an answer',
    atBound: 'the stream is reset, or the connection closed',
  },
  answerMs: {
    value: 600_000,
    unit: 'ms',
    scope: 'request',
    where: 'Jaeger gRPC, HTTP API',
    counts: 'time in which the client takes the whole answer',
    atBound: 'the stream is reset, or the connection closed',
  },
  unsentBytes: {
    value: 64 * mebibyte,
    unit: 'bytes',
    scope: 'process',
    where: 'Jaeger gRPC, HTTP API',
    counts: 'bytes of answers that clients have not taken',
    atBound: 'the oldest answer is cut: the stream is reset, or the connection closed',
  },
  connections: {
    value: 4096,
    unit: 'count',
    scope: 'process',
    where: 'each port',
    counts: 'connections',
    atBound: 'one that is idle, never used or slow is closed for the new one; when there is none, the new one is',
    variable: 'TRACESTORE_MAX_CONNECTIONS',
  },
  connectionsPercentPerClient: {
    value: 75,
    unit: 'count',
    scope: 'client',
    where: 'each port',
    counts: 'percent of the connections that the port takes',
    atBound: 'one of the same client is closed for the new one',
  },
  headersMs: {
    value: 10_000,
    unit: 'ms',
    scope: 'request',
    where: 'OTLP/HTTP, HTTP API',
    counts: 'time from the first byte of a request to the end of its headers',
    atBound: '408, or 503 with Retry-After for OTLP; the connection is closed',
  },
  apiRequestMs: {
    value: 30_000,
    unit: 'ms',
    scope: 'request',
    where: 'HTTP API',
    counts: 'time from the first byte of a request to the end of its body',
    atBound: '408; the connection is closed',
  },
  keepAliveMs: {
    value: 72_000,
    unit: 'ms',
    scope: 'connection',
    where: 'OTLP/HTTP, HTTP API',
    counts: 'time without a request',
    atBound: 'the connection is closed',
  },
  apiBodyBytes: {
    value: 256 * 1024,
    unit: 'bytes',
    scope: 'request',
    where: 'HTTP API',
    counts: 'bytes of a body',
    atBound: '413',
  },
  signInBodyBytes: {
    value: 4 * 1024,
    unit: 'bytes',
    scope: 'request',
    where: 'HTTP API, sign-in',
    counts: 'bytes of a body',
    atBound: '413',
  },
  apiUnfinishedBodyBytes: {
    value: 16 * mebibyte,
    unit: 'bytes',
    scope: 'process',
    where: 'HTTP API',
    counts: 'bytes of bodies that are being received',
    atBound: 'a body that has been coming in for 2 s gives way; without one 503; retry after 1 s',
  },
  grpcCallsPerConnection: {
    value: 128,
    unit: 'count',
    scope: 'connection',
    where: 'OTLP/gRPC, Jaeger gRPC',
    counts: 'streams at once',
    atBound: 'REFUSED_STREAM; clients send the call when another one has ended',
  },
  grpcCalls: {
    value: 1_024,
    unit: 'count',
    scope: 'process',
    where: 'OTLP/gRPC, Jaeger gRPC',
    counts: 'streams to a port at once; above, a connection may have its share of them, and 2 at least',
    atBound: 'REFUSED_STREAM; clients send the call again',
  },
  grpcRefusedCalls: {
    value: 32,
    unit: 'count',
    scope: 'connection',
    where: 'OTLP/gRPC, Jaeger gRPC',
    counts: 'streams that are refused, one after the other',
    atBound: 'the connection is closed: ENHANCE_YOUR_CALM',
  },
  grpcHeaderBytes: {
    value: 16 * 1024,
    unit: 'bytes',
    scope: 'request',
    where: 'OTLP/gRPC, Jaeger gRPC',
    counts: 'bytes of headers',
    atBound: 'the stream is reset',
  },
  grpcConnectionBytes: {
    value: 16 * mebibyte,
    unit: 'bytes',
    scope: 'connection',
    where: 'OTLP/gRPC, Jaeger gRPC',
    counts: 'bytes of memory of the HTTP/2 connection, without the messages',
    atBound: 'streams are reset: ENHANCE_YOUR_CALM',
  },
  grpcIdleMs: {
    value: 600_000,
    unit: 'ms',
    scope: 'connection',
    where: 'OTLP/gRPC, Jaeger gRPC',
    counts: 'time without a call',
    atBound: 'GOAWAY; clients open another connection when they need it',
  },
} as const satisfies Record<string, Limit>;
