/** The outcome of a request, as its client observed it. */
export type ExchangeResult =
  | {
      readonly kind: 'http';
      readonly status: number;
      readonly headers: ReadonlyMap<string, string>;
      readonly body: Buffer;
    }
  | {
      readonly kind: 'grpc';
      /** Undefined without the trailer grpc-status. */
      readonly status: number | undefined;
      readonly httpStatus: number;
      readonly message: string;
      /** The body of the response with the gRPC prefixes, truncated. */
      readonly body: Buffer;
    }
  /** The server closed the connection or the stream without a response. */
  | { readonly kind: 'closed'; readonly detail: string }
  /** The client aborted as intended. */
  | { readonly kind: 'aborted' }
  /** No response within `responseTimeoutMs`. */
  | { readonly kind: 'hung' };

/** The time limit of every response. A database statement may take a large part of it. */
export const responseTimeoutMs = 90_000;
