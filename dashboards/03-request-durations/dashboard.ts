import { dashboardUids } from '../../libs/console-api/src/dashboard-names.ts';
import type { Dashboard } from '../definition.ts';

export const dashboard: Dashboard = {
  uid: dashboardUids.requestDurations,
  title: '03 Request Durations',
  description: 'Durations of requests. The duration of a request is that of its root span.',
  from: 'now-15m',
  variables: [],
  summary: 'duration-percentiles.sql',
  panels: [
    {
      id: 2,
      kind: 'heatmap',
      title: 'Distribution of Request Durations',
      description: 'Number of requests per duration bucket over time, one bucket per power of two.',
      grid: { x: 0, y: 0, width: 15, height: 11 },
      unit: 'milliseconds',
      queries: ['duration-distribution.sql'],
    },
    {
      id: 4,
      kind: 'histogram',
      title: 'Histogram of Request Durations',
      description: 'Number of requests per duration bucket, eight buckets per power of two.',
      grid: { x: 15, y: 0, width: 9, height: 11 },
      unit: 'milliseconds',
      queries: ['duration-histogram.sql'],
    },
    {
      id: 6,
      kind: 'timeseries',
      title: 'Request Duration Percentiles',
      description: 'Median, 90th, 95th and 99th percentile. The relative error is at most 4.5 %.',
      grid: { x: 0, y: 11, width: 15, height: 12 },
      unit: 'milliseconds',
      queries: ['duration-percentiles.sql'],
    },
    {
      id: 8,
      kind: 'table',
      title: 'Slowest Requests',
      description: 'The ten slowest requests, with links to their traces.',
      grid: { x: 15, y: 11, width: 9, height: 12 },
      queries: ['slowest-requests.sql'],
      columns: [
        { name: 'trace_id', title: 'Trace', link: 'trace' },
        { name: 'service_name', title: 'Service' },
        { name: 'span_name', title: 'Operation', link: 'operation' },
        { name: 'time', title: 'Start' },
        { name: 'duration_ms', title: 'Duration', unit: 'milliseconds' },
      ],
    },
  ],
};
