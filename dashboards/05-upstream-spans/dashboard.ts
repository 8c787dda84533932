import { type Dashboard, operationVariable, serviceVariable } from '../definition.ts';

export const dashboard: Dashboard = {
  uid: 'lyIow61nz',
  title: '05 Upstream Spans',
  description: 'Who calls an operation, directly and through others.',
  from: 'now-15m',
  variables: [serviceVariable, operationVariable],
  summary: 'upstream-nodes.sql',
  panels: [
    {
      id: 2,
      kind: 'nodeGraph',
      title: 'Upstream Spans',
      description:
        'Operations from which a way of calls leads to the chosen one, with how often each ran and how long on average. ' +
        'The walk is over operations, not over single traces.',
      grid: { x: 0, y: 0, width: 24, height: 26 },
      queries: ['upstream-nodes.sql', 'upstream-edges.sql'],
      columns: [
        { name: 'mainStat', title: 'Calls', unit: 'count' },
        { name: 'secondaryStat', title: 'Average', unit: 'milliseconds' },
      ],
    },
  ],
};
