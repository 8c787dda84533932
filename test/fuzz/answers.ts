/** What came of a request, as its client saw it. */
export type Answer =
  | {
      readonly kind: 'http';
      readonly status: number;
      readonly headers: ReadonlyMap<string, string>;
      readonly body: Buffer;
    }
  | {
      readonly kind: 'grpc';
      /** Undefined where there was none. */
      readonly status: number | undefined;
      readonly httpStatus: number;
      readonly message: string;
      /** The messages of the answer, without their prefixes, as far as they are kept. */
      readonly body: Buffer;
    }
  /** The server ended the connection or the stream without an answer. */
  | { readonly kind: 'closed'; readonly detail: string }
  /** The client gave up, as it was meant to. */
  | { readonly kind: 'aborted' }
  /** No answer came within the time that every answer has to come in. */
  | { readonly kind: 'hung' };

/** Every answer has to come within this time; a statement of the database may take a large part of it. */
export const answerTimeoutMs = 90_000;
