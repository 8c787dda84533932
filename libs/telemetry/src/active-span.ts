import { isSpanContextValid, trace } from '@opentelemetry/api';

/** @returns the active trace id as 32 hex digits, or undefined outside of a span */
export function activeTraceId(): string | undefined {
  const context = trace.getActiveSpan()?.spanContext();
  return context !== undefined && isSpanContextValid(context) ? context.traceId : undefined;
}

/** @returns the ids that link a log line with the active span; empty outside of a span */
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
