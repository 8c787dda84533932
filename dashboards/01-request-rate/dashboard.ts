import type { Dashboard } from '../definition.ts';

export const dashboard: Dashboard = {
  uid: 'QoZDH91nk',
  title: '01 Request Rate',
  description: 'How many requests the system takes. A request is a trace, and began when its root span did.',
  from: 'now-30m',
  variables: [],
  summary: 'requests-per-second-each-minute.sql',
  panels: [
    {
      id: 4,
      kind: 'timeseries',
      title: 'Requests per Second (1 minute samples)',
      description: 'How many requests began a second, in samples of a minute, or wider ones over more than two hours.',
      grid: { x: 0, y: 0, width: 24, height: 13 },
      unit: 'requestsPerSecond',
      queries: ['requests-per-second-each-minute.sql'],
    },
    {
      id: 2,
      kind: 'timeseries',
      title: 'Requests Per Second (1 second samples)',
      description: 'How many requests began in each second of the last five minutes of the range.',
      grid: { x: 0, y: 13, width: 24, height: 13 },
      unit: 'requestsPerSecond',
      queries: ['requests-per-second-each-second.sql'],
    },
  ],
};
