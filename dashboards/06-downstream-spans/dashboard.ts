import { type Dashboard, operationVariable, serviceVariable } from '../definition.ts';

const selfTime =
  'Self time is what a span takes while none of its children is at work; children that overlap count once and only ' +
  'inside of their parent, so it is never negative.';

export const dashboard: Dashboard = {
  uid: 'SdzI3eJnk',
  title: '06 Downstream Spans',
  description: 'Whom an operation calls, directly and through others, and where the time goes.',
  from: 'now-15m',
  variables: [serviceVariable, operationVariable],
  summary: 'self-times.sql',
  panels: [
    {
      id: 2,
      kind: 'nodeGraph',
      title: 'Downstream Spans',
      description:
        'Operations to which a way of calls leads from the chosen one, with how often each ran and how long on average. ' +
        'The walk is over operations, not over single traces.',
      grid: { x: 0, y: 0, width: 24, height: 14 },
      queries: ['downstream-nodes.sql', 'downstream-edges.sql'],
      columns: [
        { name: 'mainStat', title: 'Calls', unit: 'count' },
        { name: 'secondaryStat', title: 'Average', unit: 'milliseconds' },
      ],
    },
    {
      id: 4,
      kind: 'pie',
      title: 'Total Execution Time by Operation',
      description: `How the self time is shared. ${selfTime}`,
      grid: { x: 0, y: 14, width: 10, height: 17 },
      unit: 'milliseconds',
      queries: ['self-time-by-operation.sql'],
    },
    {
      id: 6,
      kind: 'timeseries',
      title: 'Total Execution Time by Operation Over Time',
      description: `The self time in each step, of the ten operations with most of it and of all others. ${selfTime}`,
      grid: { x: 10, y: 14, width: 14, height: 17 },
      unit: 'milliseconds',
      queries: ['self-time-over-time.sql'],
      isStacked: true,
    },
    {
      id: 8,
      kind: 'table',
      title: 'Operation Execution Times',
      description: `How often each operation ran and its self time; percentiles are at most 4.5 % off. ${selfTime}`,
      grid: { x: 0, y: 31, width: 24, height: 14 },
      queries: ['self-times.sql'],
      columns: [
        { name: 'service_name', title: 'Service' },
        { name: 'span_name', title: 'Operation', link: 'operation' },
        { name: 'calls', title: 'Calls', unit: 'count' },
        { name: 'self_ms', title: 'Total', unit: 'milliseconds' },
        { name: 'self_share', title: 'Share', unit: 'share' },
        { name: 'p50_ms', title: 'p50', unit: 'milliseconds' },
        { name: 'p95_ms', title: 'p95', unit: 'milliseconds' },
        { name: 'p99_ms', title: 'p99', unit: 'milliseconds' },
      ],
    },
  ],
};
