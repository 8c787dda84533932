import { type Dashboard, serviceVariable } from '../definition.ts';

export const dashboard: Dashboard = {
  uid: 'CiE9l917z',
  title: '02 Error Rates',
  description: 'Which services and operations fail, and how often. A span failed when its status is error.',
  from: 'now-30m',
  variables: [serviceVariable],
  summary: 'error-rates.sql',
  panels: [
    {
      id: 6,
      kind: 'pie',
      title: 'Errors by Service',
      description: 'How many spans failed in each service, whichever is chosen above.',
      grid: { x: 0, y: 0, width: 7, height: 11 },
      unit: 'count',
      queries: ['errors-by-service.sql'],
      isOfFailures: true,
    },
    {
      id: 2,
      kind: 'table',
      title: 'Error Rates',
      description: 'The operations that failed, the worst first.',
      grid: { x: 7, y: 0, width: 17, height: 11 },
      queries: ['error-rates.sql'],
      columns: [
        { name: 'service_name', title: 'Service' },
        { name: 'span_name', title: 'Operation', link: 'operation' },
        { name: 'calls', title: 'Calls', unit: 'count' },
        { name: 'errors', title: 'Errors', unit: 'count' },
        { name: 'error_rate', title: 'Error rate', unit: 'share' },
      ],
    },
    {
      id: 8,
      kind: 'timeseries',
      title: 'Error Rates by Minute',
      description: 'What share of an operation’s calls failed, of the twenty operations that failed most.',
      grid: { x: 0, y: 11, width: 24, height: 14 },
      unit: 'share',
      queries: ['error-rates-by-minute.sql'],
      isOfFailures: true,
    },
  ],
};
