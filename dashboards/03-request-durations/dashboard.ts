import { dashboardUids } from '../../libs/console-api/src/dashboard-names.ts';
import type { Dashboard } from '../definition.ts';

export const dashboard: Dashboard = {
  uid: dashboardUids.requestDurations,
  title: '03 Request Durations',
  description: 'Durations of requests. The duration of a request is that of its root span.',
  from: 'now-15m',
  variables: [],
  refresh: '1m',
  summary: 'duration-percentiles.sql',
  panels: [
    {
      id: 2,
      kind: 'heatmap',
      title: 'Distribution of request durations',
      description: 'Number of requests per duration bucket over time, one bucket per power of two.',
      grid: { x: 0, y: 0, width: 13, height: 11 },
      unit: 'milliseconds',
      queries: ['duration-distribution.sql'],
    },
    {
      id: 4,
      kind: 'histogram',
      title: 'Histogram of request durations',
      description: 'Number of requests per duration bucket, eight buckets per power of two.',
      grid: { x: 13, y: 0, width: 11, height: 11 },
      unit: 'milliseconds',
      queries: ['duration-histogram.sql'],
    },
    {
      id: 6,
      kind: 'timeseries',
      title: 'Request duration percentiles',
      description: 'Median, 90th, 95th and 99th percentile. The relative error is at most 4.5 %.',
      grid: { x: 0, y: 11, width: 13, height: 12 },
      unit: 'milliseconds',
      queries: ['duration-percentiles.sql'],
    },
    {
      id: 8,
      kind: 'table',
      title: 'Slowest requests',
      description: 'The ten slowest requests, with links to their traces.',
      grid: { x: 13, y: 11, width: 11, height: 12 },
      queries: ['slowest-requests.sql'],
      columns: [
        { name: 'trace_id', title: 'Trace', link: 'trace', width: 90 },
        { name: 'service_name', title: 'Service', width: 110 },
        { name: 'span_name', title: 'Operation', link: 'operation' },
        { name: 'time', title: 'Start', width: 155 },
        { name: 'duration_ms', title: 'Duration', unit: 'milliseconds' },
      ],
    },
  ],
};
