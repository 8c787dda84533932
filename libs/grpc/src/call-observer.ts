import type { IncomingHttpHeaders } from 'node:http2';
import type { DescMethod } from '@bufbuild/protobuf';
import type { GrpcError } from './grpc-error.js';

/** A call that an observer follows. */
export interface ObservedCall {
  /** Runs the work of the call, for example in the context of a span. */
  run<Result>(work: () => Promise<Result>): Promise<Result>;
  /** Called once, at the end. @param error undefined after success */
  end(error: GrpcError | undefined): void;
}

/** Follows each call of a method that the router answers, for metrics and traces. It must not throw. */
export type CallObserver = (method: DescMethod, headers: IncomingHttpHeaders) => ObservedCall;
