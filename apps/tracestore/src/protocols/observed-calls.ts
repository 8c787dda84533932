import { context, propagation, ROOT_CONTEXT, SpanKind, SpanStatusCode, trace } from '@opentelemetry/api';
import { type CallObserver, type GrpcError, grpcStatus } from '@spandrel/grpc';
import { TracestoreError } from '../errors/tracestore-error.js';
import type { QueryKind, QueryMetricsService, QueryProtocol } from '../metrics/query-metrics.service.js';

/** A protocol over gRPC whose calls are measured. */
export interface ObservedProtocol {
  readonly protocol: QueryProtocol;
  /** What each method asks for, by its local name. Others read nothing, such as health checks. */
  readonly kinds: Readonly<Record<string, QueryKind>>;
}

/** Errors of the server, for which a span has the status ERROR. Others are errors of the client. */
const serverErrors: ReadonlySet<number> = new Set([
  grpcStatus.DEADLINE_EXCEEDED,
  grpcStatus.UNIMPLEMENTED,
  grpcStatus.INTERNAL,
  grpcStatus.UNAVAILABLE,
]);

const tracer = trace.getTracer('spandrel.tracestore.grpc');

/**
 * Measures and traces the calls that read. A span has the caller's span as its parent, and the statements as children
 * (semantic conventions for gRPC). It costs nothing while this process is not traced.
 */
export function observeCalls(metrics: QueryMetricsService, { protocol, kinds }: ObservedProtocol): CallObserver {
  return ({ localName, name, parent: { typeName } }, headers) => {
    const kind = Object.hasOwn(kinds, localName) ? kinds[localName] : undefined;
    if (kind === undefined) return { run: (work) => work(), end: () => undefined };
    const startMs = performance.now();
    const method = `${typeName}/${name}`;
    const parent = propagation.extract(ROOT_CONTEXT, headers);
    const attributes = { 'rpc.system.name': 'grpc', 'rpc.method': method };
    const span = tracer.startSpan(method, { kind: SpanKind.SERVER, attributes }, parent);
    return {
      run: (work) => context.with(trace.setSpan(parent, span), work),
      end: (error) => {
        const errorCode = error && codeOf(error);
        metrics.queryEnded({
          protocol,
          kind,
          durationSeconds: (performance.now() - startMs) / 1000,
          errorCode,
        });
        if (error !== undefined && errorCode !== undefined) {
          span.setAttribute('error.type', errorCode);
          if (serverErrors.has(error.status)) span.setStatus({ code: SpanStatusCode.ERROR, message: error.message });
        }
        span.end();
      },
    };
  };
}

/** The code in the error table; for an error of gRPC itself, the name of its status in the same form. */
function codeOf({ cause, status }: GrpcError): string {
  if (cause instanceof TracestoreError) return cause.kind.code;
  const name = Object.entries(grpcStatus).find(([, number]) => number === status)?.[0] ?? 'unknown';
  return name.toLowerCase().replaceAll('_', '-');
}
