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

/** What names a question in the cache; a panel that waits gives it up by this. */
export function answerKey(uid: string, query: DashboardQuery, values: Values): readonly string[] {
  return ['dashboard-query', uid, query.name, questionOf(query, values)];
}

/**
 * What the queries of a panel answer, in their order. While others are asked for, those before stay.
 *
 * @param refreshes of the time range: a range with two ends is asked again
 */
export function useAnswers(uid: string, queries: readonly DashboardQuery[], values: Values, refreshes: number) {
  return useQueries({
    queries: queries.map((query) => ({
      queryKey: [...answerKey(uid, query, values), refreshes],
      placeholderData: keepPreviousData,
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
