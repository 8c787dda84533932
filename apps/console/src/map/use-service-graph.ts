import { dashboardUids } from '@spandrel/console-api/dashboard-names';
import { useMemo } from 'react';
import { useDashboardQuery } from '../dashboards/use-dashboards.ts';
import { type CallGraph, callGraphOf } from '../graph/call-graph.ts';
import { isoOf } from '../range/time-range.ts';
import type { TimeRangeState } from '../range/use-time-range.ts';

/** The services and the calls between them in a time range. */
export function useServiceGraph(time: TimeRangeState): {
  readonly graph: CallGraph | undefined;
  readonly error: Error | null;
  readonly retry: () => void;
} {
  const values = useMemo(
    () => ({ from: isoOf(time.bounds?.fromMs ?? 0), to: isoOf(time.bounds?.toMs ?? Date.now()) }),
    [time.bounds],
  );
  const nodes = useDashboardQuery(dashboardUids.serviceDependencies, 'service-nodes', values, time.refreshes);
  const edges = useDashboardQuery(dashboardUids.serviceDependencies, 'service-edges', values, time.refreshes);
  const graph = useMemo(
    () => (nodes.data === undefined || edges.data === undefined ? undefined : callGraphOf(nodes.data, edges.data)),
    [nodes.data, edges.data],
  );
  return {
    graph,
    error: nodes.error ?? edges.error,
    retry: () => void Promise.all([nodes.refetch(), edges.refetch()]),
  };
}
