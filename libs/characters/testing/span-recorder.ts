import { createRequire } from 'node:module';
import { type Attributes, context, propagation, SpanKind, SpanStatusCode, trace } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import { W3CTraceContextPropagator } from '@opentelemetry/core';
import { HttpInstrumentation } from '@opentelemetry/instrumentation-http';
import { TracerProvider, InMemorySpanExporter, type ReadableSpan, SimpleSpanProcessor } from '@opentelemetry/sdk-trace';

/** A span in the form that tests compare. Empty properties are absent. */
export interface RecordedSpan {
  readonly name: string;
  /** Absent if it is INTERNAL. */
  readonly kind?: string;
  readonly attributes?: Attributes;
  readonly events?: readonly { readonly name: string; readonly attributes?: Attributes }[];
  /** The message of the status ERROR. */
  readonly error?: string;
  /** In the order in which they started. */
  readonly children?: readonly RecordedSpan[];
}

export interface SpanRecorder {
  /** @returns the trees of the spans that have ended since the last call */
  trees(): readonly RecordedSpan[];
}

/**
 * Records the spans of this process from now on. Attributes of CLIENT and SERVER spans (which belong to the
 * instrumentation) and stack traces are left out.
 */
export function recordSpans(): SpanRecorder {
  const exporter = new InMemorySpanExporter();
  const provider = new TracerProvider({ spanProcessors: [new SimpleSpanProcessor({ exporter })] });
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
  propagation.setGlobalPropagator(new W3CTraceContextPropagator());
  trace.setGlobalTracerProvider(provider);
  new HttpInstrumentation({ ignoreIncomingRequestHook: () => true }).setTracerProvider(provider);
  // The instrumentation patches a module when it is required, so it must be required again.
  createRequire(import.meta.url)('node:http');
  return {
    trees: () => {
      const spans = exporter.getFinishedSpans();
      exporter.reset();
      return treesOf(spans);
    },
  };
}

function treesOf(spans: readonly ReadableSpan[]): readonly RecordedSpan[] {
  const ids = new Set(spans.map((span) => span.spanContext().spanId));
  const childrenOf = (parentId: string | undefined): readonly RecordedSpan[] =>
    spans
      .filter(({ parentSpanContext }) => {
        const id = parentSpanContext?.spanId;
        return parentId === undefined ? id === undefined || !ids.has(id) : id === parentId;
      })
      .toSorted((a, b) => a.startTime[0] - b.startTime[0] || a.startTime[1] - b.startTime[1])
      .map((span) => record(span, childrenOf(span.spanContext().spanId)));
  return childrenOf(undefined);
}

function record(span: ReadableSpan, children: readonly RecordedSpan[]): RecordedSpan {
  const isOurs = span.kind === SpanKind.INTERNAL;
  return {
    name: span.name,
    ...(isOurs ? withAttributes(span.attributes) : { kind: SpanKind[span.kind] }),
    ...(span.events.length === 0
      ? {}
      : { events: span.events.map(({ name, attributes }) => ({ name, ...withAttributes(attributes ?? {}) })) }),
    ...(span.status.code === SpanStatusCode.ERROR ? { error: span.status.message ?? '' } : {}),
    ...(children.length === 0 ? {} : { children }),
  };
}

function withAttributes(all: Attributes): { attributes?: Attributes } {
  const { 'exception.stacktrace': _, ...attributes } = all;
  return Object.keys(attributes).length === 0 ? {} : { attributes };
}
