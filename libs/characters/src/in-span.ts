import { type Attributes, type Span, SpanStatusCode, trace } from '@opentelemetry/api';

const tracer = trace.getTracer('@spandrel/characters');

/**
 * Runs some work in a span of its own, which is active during the work and ends with it. It is for span names that are
 * only known at run time; nestjs-otel's `@Span` is for constant ones.
 *
 * @param attributes set on the span, and on the exception if the work fails
 * @throws what the work throws, after `recordFailure`
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
 * @param attributes of the exception; `recordException` of the API accepts none
 */
export function recordFailure(span: Span, failure: unknown, attributes: Attributes): void {
  const error: NodeJS.ErrnoException = failure instanceof Error ? failure : new Error(String(failure));
  span.addEvent('exception', {
    ...attributes,
    // As in the SDK: for a refused connection, the code says more than the class.
    'exception.type': error.code ?? error.name,
    'exception.message': error.message,
    ...(error.stack === undefined ? {} : { 'exception.stacktrace': error.stack }),
  });
  span.setStatus({ code: SpanStatusCode.ERROR, message: error.message });
}
