import { Problem } from '@spandrel/service';
import type { ErrorKind } from './error-kinds.js';

/** In characters. A detail may quote the request, and gRPC sends the message in a header. */
const maxMessageLength = 500;

/**
 * An error for the client of a request. The client receives the title of the kind and the detail; the cause is for the
 * log. HttpErrorFilter, `grpcErrorOf` and the OTLP receivers write it in the form of their protocol.
 */
export class TracestoreError extends Problem {
  override readonly name: string = 'TracestoreError';

  /**
   * @param kind an entry of `errorKinds`
   * @param detail the invalid part of this request, and what would be valid
   * @param options the cause, more members of a problem details object, and a retry time other than that of the kind
   */
  constructor(
    override readonly kind: ErrorKind,
    detail?: string,
    options?: ConstructorParameters<typeof Problem>[2],
  ) {
    super(kind, detail, options);
    this.message = (detail === undefined ? kind.title : `${kind.title}: ${detail}`).slice(0, maxMessageLength);
  }
}
