import { dashboardUids } from '../../libs/console-api/src/dashboard-names.ts';
import type { Dashboard } from '../definition.ts';

export const dashboard: Dashboard = {
  uid: dashboardUids.services,
  title: 'Services',
  description: 'Golden signals of every service: rate, errors and durations of the calls that it receives.',
  from: 'now-1h',
  variables: [],
  refresh: '30s',
  panels: [
    {
      id: 1,
      kind: 'table',
      title: 'Services',
      description:
        'Calls from other services and from outside the system. The relative error of percentiles is at most 4.5 %.',
      grid: { x: 0, y: 0, width: 24, height: 13 },
      queries: ['services.sql'],
      columns: [
        { name: 'service_name', title: 'Service', link: 'operation' },
        { name: 'calls_per_second', title: 'Calls', unit: 'requestsPerSecond' },
        { name: 'error_rate', title: 'Error rate', unit: 'share' },
        { name: 'p50_ms', title: 'p50', unit: 'milliseconds' },
        { name: 'p95_ms', title: 'p95', unit: 'milliseconds' },
        { name: 'p99_ms', title: 'p99', unit: 'milliseconds' },
      ],
    },
    {
      id: 2,
      kind: 'timeseries',
      title: 'Traffic',
      description: 'Calls per second that each service receives from outside itself.',
      grid: { x: 0, y: 13, width: 8, height: 12 },
      unit: 'requestsPerSecond',
      queries: ['traffic.sql'],
    },
    {
      id: 3,
      kind: 'timeseries',
      title: 'Errors',
      description: 'Share of these calls that fail.',
      grid: { x: 8, y: 13, width: 8, height: 12 },
      unit: 'share',
      queries: ['errors.sql'],
      linksToErrors: true,
    },
    {
      id: 4,
      kind: 'timeseries',
      title: 'Durations (p95)',
      description: '95th percentile of the durations of these calls. The relative error is at most 4.5 %.',
      grid: { x: 16, y: 13, width: 8, height: 12 },
      unit: 'milliseconds',
      queries: ['durations.sql'],
    },
    {
      id: 5,
      kind: 'table',
      title: 'What changed',
      description:
        'Operations with a statistically significant change in rate, errors or p95 in the last five minutes, compared with ' +
        'the fifteen minutes before.',
      grid: { x: 0, y: 25, width: 24, height: 10 },
      queries: ['changes.sql'],
      columns: [
        { name: 'service_name', title: 'Service', width: 110 },
        { name: 'span_name', title: 'Operation', link: 'operation' },
        { name: 'changed', title: 'Changed', width: 85 },
        { name: 'z_score', title: 'z-score', unit: 'count' },
        { name: 'calls_per_second_before', title: 'Calls before', unit: 'requestsPerSecond' },
        { name: 'calls_per_second', title: 'Calls', unit: 'requestsPerSecond' },
        { name: 'error_rate_before', title: 'Error rate before', unit: 'share', width: 125 },
        { name: 'error_rate', title: 'Error rate', unit: 'share' },
        { name: 'p95_ms_before', title: 'p95 before', unit: 'milliseconds' },
        { name: 'p95_ms', title: 'p95', unit: 'milliseconds' },
        { name: 'since', title: 'Since', width: 155 },
      ],
    },
  ],
};
