/** Paths that orchestrators and Prometheus request every few seconds. They are neither traced nor logged. */
export const probePaths: ReadonlySet<string> = new Set(['/livez', '/readyz', '/metrics']);

/**
 * The OTLP path (OTLP specification, "OTLP/HTTP Request"). If receiving spans created spans, a receiver that exports to
 * itself would do so endlessly.
 */
const otlpTracesPath = '/v1/traces';

/**
 * @param url path and query of a request
 * @returns whether a server must not create a span for the request
 */
export function isUntraced(url: string | undefined): boolean {
  const path = url?.split('?', 1)[0] ?? '';
  // tracestore also accepts the path with additional slashes.
  return probePaths.has(path) || `${path}/`.replaceAll(/\/+/g, '/') === `${otlpTracesPath}/`;
}
