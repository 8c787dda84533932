import type { ProblemDetails } from '@spandrel/service';
import { errorKinds } from '../../errors/error-kinds.js';
import { TracestoreError } from '../../errors/tracestore-error.js';

/** An error of a query parameter. @param problem completes a sentence that begins with the parameter */
export function malformed(parameter: string, problem: string): TracestoreError {
  return new TracestoreError(errorKinds.invalid, `parameter '${parameter}' ${problem}`);
}

/**
 * The body of an error of Jaeger's HTTP APIs, which have one form each.
 *
 * @returns undefined for a route outside of them
 */
export function jaegerErrorBody(route: string, { status, title, detail = title }: ProblemDetails): string | undefined {
  if (!route.startsWith('/jaeger/')) return undefined;
  return JSON.stringify(
    route.startsWith('/jaeger/api/v3/')
      ? { error: { httpCode: status, message: detail } }
      : { data: null, total: 0, limit: 0, offset: 0, errors: [{ code: status, msg: detail }] },
  );
}
