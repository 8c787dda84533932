import type { QueryKind, QueryProtocol } from '../metrics/query-metrics.service.js';

/** What a route asks for; `none` if it reads nothing from the database. */
const kinds: Readonly<Record<string, QueryKind | 'none'>> = {
  '/api/attribute-keys': 'names',
  '/api/attribute-values': 'names',
  '/api/dashboards': 'none',
  '/api/dashboards/:uid/queries/:query': 'dashboards',
  '/api/link-patterns': 'none',
  '/api/operations': 'names',
  '/api/receivers': 'none',
  '/api/services': 'names',
  '/api/services/errors': 'services',
  '/api/services/history': 'services',
  '/api/services/neighbours': 'services',
  '/api/services/operations': 'services',
  '/api/services/versions': 'services',
  '/api/session': 'none',
  '/api/spans': 'search',
  '/api/sql': 'sql',
  '/api/sql/catalogue': 'names',
  '/api/sql/limits': 'none',
  '/api/system': 'none',
  '/api/system/partitions': 'system',
  '/api/system/retention': 'system',
  '/api/system/retention/confirmation': 'system',
  '/api/system/storage': 'system',
  '/api/system/traffic': 'system',
  '/api/traces': 'search',
  '/api/traces/differences': 'comparison',
  '/api/traces/facets': 'heatmap',
  '/api/traces/groups': 'comparison',
  '/api/traces/heatmap': 'heatmap',
  '/api/traces/:traceId': 'trace',
  '/api/traces/:traceId/events': 'trace',
  '/api/traces/:traceId/gen-ai': 'trace',
  '/api/traces/:traceId/matches': 'trace',
  '/api/traces/:traceId/otlp': 'trace',
  '/api/traces/:traceId/problems': 'trace',
  '/api/traces/:traceId/spans/:spanId': 'trace',
  '/api/traces/:traceId/spans/:spanId/links': 'trace',
  '/api/traceql/explain': 'none',
  '/jaeger/api/dependencies': 'services',
  '/jaeger/api/metrics/calls': 'dashboards',
  '/jaeger/api/metrics/errors': 'dashboards',
  '/jaeger/api/metrics/latencies': 'dashboards',
  '/jaeger/api/metrics/minstep': 'none',
  '/jaeger/api/operations': 'names',
  '/jaeger/api/services': 'names',
  '/jaeger/api/services/:service/operations': 'names',
  '/jaeger/api/traces': 'search',
  '/jaeger/api/traces/:traceId': 'trace',
  '/jaeger/api/v3/operations': 'names',
  '/jaeger/api/v3/services': 'names',
  '/jaeger/api/v3/trace-summaries': 'search',
  '/jaeger/api/v3/traces': 'search',
  '/jaeger/api/v3/traces/:traceId': 'trace',
  '/tempo/*': 'none',
  '/tempo/api/echo': 'none',
  '/tempo/api/mcp': 'other',
  '/tempo/api/metrics/query': 'dashboards',
  '/tempo/api/metrics/query_range': 'dashboards',
  '/tempo/api/search': 'search',
  '/tempo/api/search/tag/*': 'names',
  '/tempo/api/search/tags': 'names',
  '/tempo/api/status/buildinfo': 'none',
  '/tempo/api/traceql/explain': 'none',
  '/tempo/api/traces/:traceId': 'trace',
  '/tempo/api/v2/search/tag/*': 'names',
  '/tempo/api/v2/search/tags': 'names',
  '/tempo/api/v2/traces/:traceId': 'trace',
  '/tempo/ready': 'none',
};

/** The API of each route, by the beginning of its path. */
const protocols: readonly (readonly [string, QueryProtocol])[] = [
  ['/api/', 'console'],
  ['/jaeger/', 'jaeger-http'],
  ['/tempo/', 'tempo-http'],
];

/** The API of a route and what it asks for; undefined for a route that reads nothing from the database. */
export function queryOf(
  route: string | undefined,
): { readonly protocol: QueryProtocol; readonly kind: QueryKind } | undefined {
  if (route === undefined) return undefined;
  const protocol = protocols.find(([beginning]) => route.startsWith(beginning))?.[1];
  if (protocol === undefined) return undefined;
  const kind = Object.hasOwn(kinds, route) ? kinds[route] : 'other';
  return kind === undefined || kind === 'none' ? undefined : { protocol, kind };
}
