import { dashboardUids } from '../../libs/console-api/src/dashboard-names.ts';
import type { Dashboard } from '../definition.ts';

export const dashboard: Dashboard = {
  uid: dashboardUids.home,
  title: 'Home',
  description: 'Requests, errors and durations of the whole system, with links to the other dashboards.',
  from: 'now-1h',
  variables: [],
  refresh: '30s',
  panels: [
    {
      id: 1,
      kind: 'stat',
      title: 'Requests per second',
      description:
        'Requests per second, averaged over the part of the range that is already aggregated. A request is a trace.',
      grid: { x: 0, y: 0, width: 6, height: 5 },
      unit: 'requestsPerSecond',
      queries: ['requests-per-second.sql'],
    },
    {
      id: 2,
      kind: 'stat',
      title: 'Error rate',
      description: 'Share of requests that fail.',
      grid: { x: 6, y: 0, width: 6, height: 5 },
      unit: 'share',
      queries: ['error-rate.sql'],
    },
    {
      id: 3,
      kind: 'stat',
      title: 'Request duration (p95)',
      description: '95th percentile of request durations. The relative error is at most 4.5 %.',
      grid: { x: 12, y: 0, width: 6, height: 5 },
      unit: 'milliseconds',
      queries: ['p95.sql'],
    },
    {
      id: 4,
      kind: 'stat',
      title: 'Aggregation lag',
      description: 'Age of the aggregates that the dashboards read. About ten seconds is normal.',
      grid: { x: 18, y: 0, width: 6, height: 5 },
      unit: 'seconds',
      queries: ['aggregation-lag.sql'],
    },
    {
      id: 5,
      kind: 'timeseries',
      title: 'Requests',
      description: 'Requests and failed requests per second.',
      grid: { x: 0, y: 5, width: 16, height: 14 },
      unit: 'requestsPerSecond',
      queries: ['traffic.sql'],
      columns: [
        { name: 'requests', title: 'Requests', unit: 'requestsPerSecond' },
        { name: 'failed', title: 'Failed', unit: 'requestsPerSecond' },
      ],
    },
    {
      id: 6,
      kind: 'dashboards',
      title: 'Dashboards',
      description: 'Links to the other dashboards.',
      grid: { x: 16, y: 5, width: 8, height: 14 },
      queries: [],
    },
  ],
};
