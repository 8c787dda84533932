import type { ProblemDetails } from '@spandrel/service';

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
