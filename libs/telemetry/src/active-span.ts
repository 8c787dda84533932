import { isSpanContextValid, trace } from '@opentelemetry/api';

/** The 32 hex digits of the trace that the caller runs in, or undefined outside of any. */
export function activeTraceId(): string | undefined {
  const context = trace.getActiveSpan()?.spanContext();
  return context !== undefined && isSpanContextValid(context) ? context.traceId : undefined;
}

/** What a log line needs to be found from its span and the other way round; empty outside of any span. */
export function activeSpanIds(): {
  readonly trace_id?: string;
  readonly span_id?: string;
  readonly trace_flags?: string;
} {
  const context = trace.getActiveSpan()?.spanContext();
  if (context === undefined || !isSpanContextValid(context)) return {};
  return {
    trace_id: context.traceId,
    span_id: context.spanId,
    trace_flags: `0${context.traceFlags.toString(16)}`,
  };
}
