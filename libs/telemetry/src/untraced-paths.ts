/** Paths that orchestrators and Prometheus ask every few seconds: neither traced nor logged. */
export const probePaths: ReadonlySet<string> = new Set(['/livez', '/readyz', '/metrics']);

/**
 * The OTLP path (OTLP specification, "OTLP/HTTP Request"): were spans made of receiving spans, a
 * receiver that exports to itself would never come to rest.
 */
const otlpTracesPath = '/v1/traces';

/**
 * @param url a request's path with its query
 * @returns whether a server must make no span of the request
 */
export function isUntraced(url: string | undefined): boolean {
  const path = url?.split('?', 1)[0] ?? '';
  // tracestore takes the path with slashes too many, as well.
  return probePaths.has(path) || `${path}/`.replaceAll(/\/+/g, '/') === `${otlpTracesPath}/`;
}
