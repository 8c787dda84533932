import { dashboardUids } from '@spandrel/console-api/dashboard-names';
import { keepPreviousData, useQueries, useQuery } from '@tanstack/react-query';
import type { Dashboard, DashboardQuery, QueryResponse } from '../api/types.ts';
import { get } from '../api/client.ts';
import { shownTitle } from './shown-title.ts';
import { queryStringOf, type Values } from './statement.ts';

/** The definitions of all dashboards, with their titles in the console. They do not change while tracestore runs. */
export function useDashboards() {
  return useQuery({
    queryKey: ['dashboards'],
    staleTime: Infinity,
    queryFn: async ({ signal }) => {
      const { dashboards } = await get<{ readonly dashboards: readonly Dashboard[] }>('dashboards', signal);
      return { dashboards: dashboards.map(withShownTitles) };
    },
  });
}

function withShownTitles(dashboard: Dashboard): Dashboard {
  return {
    ...dashboard,
    title: shownTitle(dashboard.title),
    panels: dashboard.panels.map((panel) => ({ ...panel, title: shownTitle(panel.title) })),
  };
}

/** Dashboards that the overview of the console repeats. Grafana lists them; here they keep their addresses only. */
const repeatedUids: ReadonlySet<string> = new Set([dashboardUids.home, dashboardUids.services]);

/** The dashboards that the console lists. */
export function listedDashboards(dashboards: readonly Dashboard[]): readonly Dashboard[] {
  return dashboards.filter(({ uid }) => !repeatedUids.has(uid));
}

/** How long results of a past time range are cached. Pages with auto refresh would collect many of them. */
const cacheMs = 60_000;

/** Prefix of the cache keys of a panel's queries, with which they can be cancelled. */
export function panelKey(uid: string, panelId: number): readonly [string, string, number] {
  return ['dashboard-panel', uid, panelId];
}

/**
 * Run the queries of a panel. The previous results stay until the new ones arrive.
 *
 * @param refreshes of the time range: an absolute range is queried again as well
 * @returns the results in the order of the queries
 */
export function usePanelResults(
  uid: string,
  { id, queries }: { readonly id: number; readonly queries: readonly DashboardQuery[] },
  values: Values,
  refreshes: number,
) {
  return useQueries({
    queries: queries.map((query) => ({
      queryKey: [...panelKey(uid, id), query.name, queryStringOf(query, values), refreshes],
      placeholderData: keepPreviousData,
      gcTime: cacheMs,
      queryFn: ({ signal }: { readonly signal: AbortSignal }) =>
        get<QueryResponse>(
          `dashboards/${encodeURIComponent(uid)}/queries/${encodeURIComponent(query.name)}?${queryStringOf(query, values)}`,
          signal,
        ),
    })),
  });
}

/**
 * Run one query of a dashboard, for a page that renders the result itself.
 *
 * @param values of the query's parameters
 */
export function useDashboardQuery(uid: string, name: string, values: Values, refreshes: number) {
  const queryString = new URLSearchParams(values).toString();
  return useQuery({
    queryKey: ['dashboard-query', uid, name, queryString, refreshes],
    placeholderData: keepPreviousData,
    gcTime: cacheMs,
    queryFn: ({ signal }) => get<QueryResponse>(`dashboards/${uid}/queries/${name}?${queryString}`, signal),
  });
}

/** All services with their operations. Names of series are matched with them. */
export function useOperations() {
  return useQuery({
    queryKey: ['operations', ''],
    staleTime: 60_000,
    queryFn: ({ signal }) =>
      get<{ readonly operations: readonly { readonly service: string; readonly name: string }[] }>(
        'operations',
        signal,
      ),
  });
}

/** Convert rows to objects with the column names as keys. */
export function recordsOf({ columns, rows }: QueryResponse): readonly Readonly<Record<string, unknown>>[] {
  return rows.map((row) => Object.fromEntries(columns.map((column, n) => [column, row[n]])));
}
