/** Paths that orchestrators and Prometheus request every few seconds. They are neither traced nor logged. */
export const probePaths: ReadonlySet<string> = new Set(['/livez', '/readyz', '/metrics']);

/**
 * The OTLP path (OTLP specification, "OTLP/HTTP Request"). If each request to it created a span, a receiver that exports to
 * itself would never stop. A receiver that can tell such requests apart creates the spans itself.
 */
const otlpTracesPath = '/v1/traces';

/**
 * @param url the path of a request with its query
 * @returns whether the request creates no span
 */
export function isUntraced(url: string | undefined): boolean {
  const path = url?.split('?', 1)[0] ?? '';
  // tracestore also accepts the path with repeated slashes.
  return probePaths.has(path) || `${path}/`.replaceAll(/\/+/g, '/') === `${otlpTracesPath}/`;
}
