import type { Dashboard } from '../definition.ts';

export const dashboard: Dashboard = {
  uid: 'spandrel-overview',
  title: 'Services',
  description:
    'The golden signals of every service: traffic, errors and durations of the calls that it takes from outside.',
  from: 'now-1h',
  variables: [],
  panels: [
    {
      id: 1,
      kind: 'table',
      title: 'Services',
      description: 'Calls from other services and from outside of the system; percentiles are at most 4.5 % off.',
      grid: { x: 0, y: 0, width: 24, height: 10 },
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
      description: 'How many calls a second each service takes from outside of it.',
      grid: { x: 0, y: 10, width: 8, height: 12 },
      unit: 'requestsPerSecond',
      queries: ['traffic.sql'],
    },
    {
      id: 3,
      kind: 'timeseries',
      title: 'Errors',
      description: 'What share of these calls fails.',
      grid: { x: 8, y: 10, width: 8, height: 12 },
      unit: 'share',
      queries: ['errors.sql'],
      isOfFailures: true,
    },
    {
      id: 4,
      kind: 'timeseries',
      title: 'Durations (p95)',
      description: 'How long these calls last on the 95th percentile, at most 4.5 % off.',
      grid: { x: 16, y: 10, width: 8, height: 12 },
      unit: 'milliseconds',
      queries: ['durations.sql'],
    },
    {
      id: 5,
      kind: 'table',
      title: 'What Changed',
      description:
        'Operations whose traffic, errors or durations departed in the last five minutes from what they were in the fifteen ' +
        'minutes before, by more than chance explains.',
      grid: { x: 0, y: 22, width: 24, height: 10 },
      queries: ['changes.sql'],
      columns: [
        { name: 'service_name', title: 'Service' },
        { name: 'span_name', title: 'Operation', link: 'operation' },
        { name: 'changed', title: 'What' },
        { name: 'departure', title: 'Standard errors', unit: 'count' },
        { name: 'calls_per_second_before', title: 'Calls before', unit: 'requestsPerSecond' },
        { name: 'calls_per_second', title: 'Calls', unit: 'requestsPerSecond' },
        { name: 'error_rate_before', title: 'Error rate before', unit: 'share' },
        { name: 'error_rate', title: 'Error rate', unit: 'share' },
        { name: 'p95_ms_before', title: 'p95 before', unit: 'milliseconds' },
        { name: 'p95_ms', title: 'p95', unit: 'milliseconds' },
        { name: 'since', title: 'Since' },
      ],
    },
  ],
};
