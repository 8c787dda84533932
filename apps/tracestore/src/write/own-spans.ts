/**
 * The spans of this store's own writes, where the program runs with `--import @spandrel/telemetry/register`. They may be
 * exported to any store, also to this one, directly or through a Collector or another replica.
 *
 * They never feed on themselves. A request that holds one of them makes no span: its bytes contain the name of the
 * instrumentation scope, which protobuf and JSON hold unchanged and every Collector keeps. So there is at most one span of
 * a request, and one of a transaction, for each request of another kind.
 */
import {
  type Attributes,
  type Link,
  ROOT_CONTEXT,
  type Span,
  SpanKind,
  SpanStatusCode,
  trace,
  type Tracer,
} from '@opentelemetry/api';
import { isTracing } from '@spandrel/telemetry';
import { errorKinds } from '../errors/error-kinds.js';
import type { IngestProtocol } from '../metrics/ingest-metrics.service.js';

/** The span of a request to store. */
export type IngestSpan = Span;

/** The name of the instrumentation scope of the spans here. Letters, digits and dots only, so that JSON has it unchanged. */
const scopeName = 'spandrel.tracestore.ingest';
const marker = Buffer.from(scopeName);

/** The requests of a transaction that its span links to. */
const maxLinks = 64;

const requestSpans: Readonly<Record<IngestProtocol, { readonly name: string; readonly attributes: Attributes }>> = {
  grpc: {
    name: 'opentelemetry.proto.collector.trace.v1.TraceService/Export',
    attributes: {
      'rpc.system.name': 'grpc',
      'rpc.method': 'opentelemetry.proto.collector.trace.v1.TraceService/Export',
    },
  },
  http: { name: 'POST /v1/traces', attributes: { 'http.request.method': 'POST', 'http.route': '/v1/traces' } },
};

/** The API's own proxy, which costs nothing while no SDK is registered. */
const tracer: Tracer = trace.getTracer(scopeName);

/**
 * Starts the span of a request.
 *
 * @param body the decompressed message
 * @returns undefined when this process is not traced, and for a request that holds such spans
 */
export function startIngestSpan(body: Buffer, protocol: IngestProtocol): IngestSpan | undefined {
  if (!isTracing() || body.includes(marker)) return undefined;
  const { name, attributes } = requestSpans[protocol];
  // No parent: exporters do not send the context of a trace, and what calls this may be in a context without tracing.
  return tracer.startSpan(
    name,
    { kind: SpanKind.SERVER, attributes: { ...attributes, 'tracestore.request.size': body.length } },
    ROOT_CONTEXT,
  );
}

/** How a request ended: with what was stored, or the error kind of its refusal. */
type IngestEnd =
  | { readonly acceptedSpans: number; readonly rejectedSpans: number }
  | { readonly code: string; readonly title: string };

/** Ends the span of a request. A refusal is an error of the store only if it is internal or the database is away. */
export function endIngestSpan(span: IngestSpan | undefined, end: IngestEnd): void {
  if (span === undefined) return;
  if ('code' in end) {
    span.setAttribute('error.type', end.code);
    if (end.code === errorKinds.internal.code || end.code === errorKinds.unavailable.code) {
      span.setStatus({ code: SpanStatusCode.ERROR, message: end.title });
    }
  } else {
    span.setAttributes({
      'tracestore.spans.accepted': end.acceptedSpans,
      'tracestore.spans.rejected': end.rejectedSpans,
    });
  }
  span.end();
}

/**
 * Starts the span of a transaction, a child of the first request that has a span. It links to the others.
 *
 * @returns undefined when no request has a span
 */
export function startCommitSpan(
  requests: readonly { readonly span?: IngestSpan | undefined }[],
  spanCount: number,
): Span | undefined {
  const [parent, ...others] = requests.flatMap(({ span }) => span ?? []);
  if (parent === undefined) return undefined;
  const links: Link[] = others.slice(0, maxLinks).map((other) => ({ context: other.spanContext() }));
  return tracer.startSpan(
    'BATCH COPY tracestore.span',
    {
      kind: SpanKind.CLIENT,
      links,
      attributes: {
        'db.system.name': 'postgresql',
        'db.operation.name': 'BATCH COPY',
        'db.collection.name': 'tracestore.span',
        'db.operation.batch.size': requests.length,
        'tracestore.spans.written': spanCount,
      },
    },
    trace.setSpan(ROOT_CONTEXT, parent),
  );
}

/** @param failure what broke the transaction, if anything */
export function endCommitSpan(span: Span | undefined, failure: Error | undefined): void {
  if (span === undefined) return;
  if (failure !== undefined) {
    span.setStatus({ code: SpanStatusCode.ERROR, message: failure.message });
    span.recordException(failure);
  }
  span.end();
}
