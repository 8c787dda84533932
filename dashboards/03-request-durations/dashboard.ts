import type { Dashboard } from '../definition.ts';

export const dashboard: Dashboard = {
  uid: 'GkrS6rJ7z',
  title: '03 Request Durations',
  description: 'How long requests take. A request takes as long as its root span.',
  from: 'now-15m',
  variables: [],
  summary: 'duration-percentiles.sql',
  panels: [
    {
      id: 2,
      kind: 'heatmap',
      title: 'Distribution of Request Durations',
      description: 'How many requests took how long, octave by octave, over time.',
      grid: { x: 0, y: 0, width: 15, height: 11 },
      unit: 'milliseconds',
      queries: ['duration-distribution.sql'],
    },
    {
      id: 4,
      kind: 'histogram',
      title: 'Histogram of Request Durations',
      description: 'How many requests took how long in all, in eight classes an octave.',
      grid: { x: 15, y: 0, width: 9, height: 11 },
      unit: 'milliseconds',
      queries: ['duration-histogram.sql'],
    },
    {
      id: 6,
      kind: 'timeseries',
      title: 'Request Duration Percentiles',
      description: 'The median, the 90th, 95th and 99th percentile, at most 4.5 % off.',
      grid: { x: 0, y: 11, width: 15, height: 12 },
      unit: 'milliseconds',
      queries: ['duration-percentiles.sql'],
    },
    {
      id: 8,
      kind: 'table',
      title: 'Slowest Requests',
      description: 'The ten requests that took longest, each with its trace.',
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
