import { dashboardUids } from '../../libs/console-api/src/dashboard-names.ts';
import { type Dashboard, serviceVariable } from '../definition.ts';

export const dashboard: Dashboard = {
  uid: dashboardUids.errorRates,
  title: '02 Error Rates',
  description: 'Errors by service and operation. A span is failed if its status is error.',
  from: 'now-30m',
  variables: [serviceVariable],
  refresh: '1m',
  summary: 'error-rates.sql',
  panels: [
    {
      id: 6,
      kind: 'pie',
      title: 'Errors by service',
      description: 'Number of failed spans per service. It shows all services, also if one is selected.',
      grid: { x: 0, y: 0, width: 7, height: 11 },
      unit: 'count',
      queries: ['errors-by-service.sql'],
      linksToErrors: true,
    },
    {
      id: 2,
      kind: 'table',
      title: 'Error rates',
      description: 'Operations with errors, highest error rate first.',
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
      title: 'Error rates over time',
      description: 'Share of calls that failed, for the twenty operations with the most errors.',
      grid: { x: 0, y: 11, width: 24, height: 14 },
      unit: 'share',
      queries: ['error-rates-by-minute.sql'],
      linksToErrors: true,
    },
  ],
};
