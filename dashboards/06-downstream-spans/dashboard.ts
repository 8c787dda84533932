import { dashboardUids } from '../../libs/console-api/src/dashboard-names.ts';
import { type Dashboard, operationVariable, serviceVariable } from '../definition.ts';

const selfTime =
  'Self time is the time in which a span has no active child. Overlapping children count once and only within their ' +
  'parent, so self time is never negative.';

export const dashboard: Dashboard = {
  uid: dashboardUids.downstreamSpans,
  title: '06 Downstream Spans',
  description:
    'Operations that an operation calls directly and indirectly, and their self time. Without a selected service, it shows ' +
    'the one with the most requests.',
  from: 'now-15m',
  variables: [{ ...serviceVariable, emptyTitle: 'Service with the most requests' }, operationVariable],
  refresh: '1m',
  summary: 'self-times.sql',
  panels: [
    {
      id: 2,
      kind: 'nodeGraph',
      title: 'Downstream spans',
      description:
        'Operations that the selected one calls directly or indirectly, with the number and average duration of their calls. ' +
        'The graph follows operations, not single traces.',
      grid: { x: 0, y: 0, width: 24, height: 14 },
      queries: ['downstream-nodes.sql', 'downstream-edges.sql'],
      columns: [
        { name: 'mainStat', title: 'Calls', unit: 'count' },
        { name: 'secondaryStat', title: 'Average', unit: 'milliseconds' },
      ],
    },
    {
      id: 4,
      kind: 'pie',
      title: 'Self time by operation',
      description: `Self time per operation. ${selfTime}`,
      grid: { x: 0, y: 14, width: 10, height: 17 },
      unit: 'milliseconds',
      queries: ['self-time-by-operation.sql'],
    },
    {
      id: 6,
      kind: 'timeseries',
      title: 'Self time by operation over time',
      description: `Self time per second of the ten operations with the most of it, and of all others as one series. ${selfTime}`,
      grid: { x: 10, y: 14, width: 14, height: 17 },
      unit: 'milliseconds',
      queries: ['self-time-over-time.sql'],
      isStacked: true,
    },
    {
      id: 8,
      kind: 'table',
      title: 'Calls and self time by operation',
      description: `Calls and self time per operation. The relative error of percentiles is at most 4.5 %. ${selfTime}`,
      grid: { x: 0, y: 31, width: 24, height: 14 },
      queries: ['self-times.sql'],
      columns: [
        { name: 'service_name', title: 'Service' },
        { name: 'span_name', title: 'Operation', link: 'operation' },
        { name: 'calls', title: 'Calls', unit: 'count' },
        { name: 'self_ms', title: 'Total', unit: 'milliseconds' },
        { name: 'self_share', title: 'Share', unit: 'share' },
        { name: 'p50_ms', title: 'p50', unit: 'milliseconds' },
        { name: 'p95_ms', title: 'p95', unit: 'milliseconds' },
        { name: 'p99_ms', title: 'p99', unit: 'milliseconds' },
      ],
    },
  ],
};
