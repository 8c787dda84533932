import { dashboardUids } from '../../libs/console-api/src/dashboard-names.ts';
import type { Dashboard } from '../definition.ts';

export const dashboard: Dashboard = {
  uid: dashboardUids.serviceDependencies,
  title: '04 Service Dependencies',
  description: 'Calls between services. A call is a span whose parent belongs to another service.',
  from: 'now-5m',
  variables: [],
  refresh: '1m',
  summary: 'calls-between-services.sql',
  panels: [
    {
      id: 2,
      kind: 'nodeGraph',
      title: 'Service graph',
      description:
        'Services with the number and average duration of the calls that they receive. The red part of a ring is the error rate.',
      grid: { x: 0, y: 0, width: 11, height: 22 },
      queries: ['service-nodes.sql', 'service-edges.sql'],
      columns: [
        { name: 'mainStat', title: 'Calls', unit: 'count' },
        { name: 'secondaryStat', title: 'Average', unit: 'milliseconds' },
      ],
    },
    {
      id: 4,
      kind: 'table',
      title: 'Calls between services',
      description: 'Calls from one service to another, by operation.',
      grid: { x: 11, y: 0, width: 13, height: 22 },
      queries: ['calls-between-services.sql'],
      columns: [
        { name: 'source', title: 'Source', width: 110 },
        { name: 'target', title: 'Target', width: 110 },
        { name: 'operation', title: 'Operation' },
        { name: 'calls', title: 'Calls', unit: 'count' },
        { name: 'errors', title: 'Errors', unit: 'count' },
        { name: 'total_ms', title: 'Total', unit: 'milliseconds' },
        { name: 'average_ms', title: 'Average', unit: 'milliseconds' },
      ],
    },
  ],
};
