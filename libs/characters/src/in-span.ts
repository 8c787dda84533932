import { type Attributes, type Span, SpanStatusCode, trace } from '@opentelemetry/api';

const tracer = trace.getTracer('@spandrel/characters');

/**
 * Does some work inside a span of its own, which is the active one meanwhile and ends with the work.
 * It is for names that are known at run time only; nestjs-otel's `@Span` is for the others.
 *
 * @param attributes set on the span, and on the exception if the work fails
 * @throws whatever the work throws, after `recordFailure`
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
 * @param attributes what the exception was about; the API's own `recordException` takes none
 */
export function recordFailure(span: Span, failure: unknown, attributes: Attributes): void {
  const error: NodeJS.ErrnoException = failure instanceof Error ? failure : new Error(String(failure));
  span.addEvent('exception', {
    ...attributes,
    // As the SDK has it: for a refused connection, the code says what the class does not.
    'exception.type': error.code ?? error.name,
    'exception.message': error.message,
    ...(error.stack === undefined ? {} : { 'exception.stacktrace': error.stack }),
  });
  span.setStatus({ code: SpanStatusCode.ERROR, message: error.message });
}
