/** Paths that orchestrators and Prometheus request every few seconds. They are neither traced nor logged. */
export const probePaths: ReadonlySet<string> = new Set(['/livez', '/readyz', '/metrics']);

/**
 * The OTLP path (OTLP specification, "OTLP/HTTP Request"). If requests to it created spans, a receiver that exports to
 * itself would never stop.
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
