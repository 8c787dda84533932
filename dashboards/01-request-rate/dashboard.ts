import { dashboardUids } from '../../libs/console-api/src/dashboard-names.ts';
import type { Dashboard } from '../definition.ts';

export const dashboard: Dashboard = {
  uid: dashboardUids.requestRate,
  title: '01 Request Rate',
  description: 'Requests per second. A request is a trace; it counts at the start of its root span.',
  from: 'now-30m',
  variables: [],
  refresh: '1m',
  summary: 'requests-per-second-each-minute.sql',
  panels: [
    {
      id: 4,
      kind: 'timeseries',
      title: 'Requests per second',
      description: 'Requests started per second, in steps of one minute, or wider steps over more than two hours.',
      grid: { x: 0, y: 0, width: 24, height: 13 },
      unit: 'requestsPerSecond',
      queries: ['requests-per-second-each-minute.sql'],
      columns: [{ name: 'requests_per_second', title: 'Requests per second', unit: 'requestsPerSecond' }],
    },
    {
      id: 2,
      kind: 'timeseries',
      title: 'Requests in each second',
      description:
        'Requests started in each second of the last five minutes of the range. Requests in progress are missing at its end.',
      grid: { x: 0, y: 13, width: 24, height: 13 },
      unit: 'requestsPerSecond',
      queries: ['requests-per-second-each-second.sql'],
      columns: [{ name: 'requests_per_second', title: 'Requests', unit: 'requestsPerSecond' }],
      timeFrom: '5m',
    },
  ],
};
