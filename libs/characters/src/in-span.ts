import { type Attributes, type Span, SpanStatusCode, trace } from '@opentelemetry/api';

const tracer = trace.getTracer('@spandrel/characters');

/**
 * Runs some work in a new active span, which ends with the work. For names that are known only at run time;
 * for others, use `@Span` of nestjs-otel.
 *
 * @param attributes set on the span, and on the exception when the work fails
 * @throws the error of the work, after `recordFailure`
 */
export function inSpan<Result>(
  name: string,
  attributes: Attributes,
  work: (span: Span) => Promise<Result>,
): Promise<Result> {
  return tracer.startActiveSpan(name, { attributes }, async (span) => {
    try {
      return await work(span);
    } catch (error) {
      recordFailure(span, error, attributes);
      throw error;
    } finally {
      span.end();
    }
  });
}

/**
 * Records an exception and sets the span's status to ERROR with its message.
 *
 * @param attributes added to the exception event, which `recordException` of the API does not support
 */
export function recordFailure(span: Span, failure: unknown, attributes: Attributes): void {
  const error: NodeJS.ErrnoException = failure instanceof Error ? failure : new Error(String(failure));
  span.addEvent('exception', {
    ...attributes,
    // As in the SDK: for a refused connection, the code is more specific than the class.
    'exception.type': error.code ?? error.name,
    'exception.message': error.message,
    ...(error.stack === undefined ? {} : { 'exception.stacktrace': error.stack }),
  });
  span.setStatus({ code: SpanStatusCode.ERROR, message: error.message });
}
