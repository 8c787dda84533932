import { dashboardUids } from '../../libs/console-api/src/dashboard-names.ts';
import { type Dashboard, operationVariable, serviceVariable } from '../definition.ts';

export const dashboard: Dashboard = {
  uid: dashboardUids.upstreamSpans,
  title: '05 Upstream Spans',
  description:
    'Direct and indirect callers of an operation. Without a selected service, it shows the one that other services call most.',
  from: 'now-15m',
  variables: [{ ...serviceVariable, emptyTitle: 'Most called service' }, operationVariable],
  refresh: '1m',
  summary: 'upstream-nodes.sql',
  panels: [
    {
      id: 2,
      kind: 'nodeGraph',
      title: 'Upstream spans',
      description:
        'Operations that call the selected one directly or indirectly, with the number and average duration of their calls. ' +
        'The graph follows operations, not single traces.',
      grid: { x: 0, y: 0, width: 24, height: 26 },
      queries: ['upstream-nodes.sql', 'upstream-edges.sql'],
      columns: [
        { name: 'mainStat', title: 'Calls', unit: 'count' },
        { name: 'secondaryStat', title: 'Average', unit: 'milliseconds' },
      ],
    },
  ],
};
