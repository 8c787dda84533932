import { keepPreviousData, useQueries, useQuery } from '@tanstack/react-query';
import type { Dashboard, DashboardQuery, QueryAnswer } from '../api/answers.ts';
import { get } from '../api/client.ts';
import { questionOf, type Values } from './statement.ts';

/** The dashboards as they are defined. They do not change while tracestore runs. */
export function useDashboards() {
  return useQuery({
    queryKey: ['dashboards'],
    staleTime: Infinity,
    queryFn: ({ signal }) => get<{ readonly dashboards: readonly Dashboard[] }>('dashboards', signal),
  });
}

/** What each range of time answers is kept for so long: pages that refresh themselves would gather many. */
const keptMs = 60_000;

/** What names the questions of a panel in the cache: one that waits gives them up by this. */
export function panelKey(uid: string, panelId: number): readonly [string, string, number] {
  return ['dashboard-panel', uid, panelId];
}

/**
 * What the queries of a panel answer, in their order. While others are asked for, those before stay.
 *
 * @param refreshes of the time range: a range with two ends is asked again
 */
export function useAnswers(
  uid: string,
  { id, queries }: { readonly id: number; readonly queries: readonly DashboardQuery[] },
  values: Values,
  refreshes: number,
) {
  return useQueries({
    queries: queries.map((query) => ({
      queryKey: [...panelKey(uid, id), query.name, questionOf(query, values), refreshes],
      placeholderData: keepPreviousData,
      gcTime: keptMs,
      queryFn: ({ signal }: { readonly signal: AbortSignal }) =>
        get<QueryAnswer>(
          `dashboards/${encodeURIComponent(uid)}/queries/${encodeURIComponent(query.name)}?${questionOf(query, values)}`,
          signal,
        ),
    })),
  });
}

/**
 * What one query of a dashboard answers, for a page that draws it in its own way.
 *
 * @param values of parameters that the query has
 */
export function useAnswer(uid: string, name: string, values: Values, refreshes: number) {
  const question = new URLSearchParams(values).toString();
  return useQuery({
    queryKey: ['dashboard-query', uid, name, question, refreshes],
    placeholderData: keepPreviousData,
    gcTime: keptMs,
    queryFn: ({ signal }) => get<QueryAnswer>(`dashboards/${uid}/queries/${name}?${question}`, signal),
  });
}

/** All services and what they do, by which a series' name is understood. */
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

/** An answer as objects, by its columns. */
export function recordsOf({ columns, rows }: QueryAnswer): readonly Readonly<Record<string, unknown>>[] {
  return rows.map((row) => Object.fromEntries(columns.map((column, n) => [column, row[n]])));
}
