import { dashboardUids } from '../../libs/console-api/src/dashboard-names.ts';
import type { Dashboard } from '../definition.ts';

const source =
  'It has data if services record spans with the gen_ai attributes of OpenTelemetry (gen_ai.request.model). Spans of agents and tools do not count, ' +
  'because they contain the calls of models.';

export const dashboard: Dashboard = {
  uid: dashboardUids.models,
  title: 'Models',
  description: 'Calls of generative AI models: rate, errors, durations and tokens by model.',
  from: 'now-1h',
  variables: [],
  panels: [
    {
      id: 1,
      kind: 'table',
      title: 'Models',
      description: `Calls, durations and tokens of each model, and why it stopped. Speed is output tokens per second of a call. ${source}`,
      grid: { x: 0, y: 0, width: 24, height: 9 },
      queries: ['models.sql'],
      emptyText: 'No calls of models in this time range: no span has gen_ai attributes.',
      columns: [
        { name: 'model', title: 'Model' },
        { name: 'provider', title: 'Provider' },
        { name: 'calls', title: 'Calls', unit: 'count' },
        { name: 'error_rate', title: 'Error rate', unit: 'share' },
        { name: 'p50_ms', title: 'p50', unit: 'milliseconds' },
        { name: 'p95_ms', title: 'p95', unit: 'milliseconds' },
        { name: 'input_tokens', title: 'Input tokens', unit: 'count' },
        { name: 'output_tokens', title: 'Output tokens', unit: 'count' },
        { name: 'output_tokens_per_second', title: 'Tokens/s', unit: 'count' },
        { name: 'finish_reasons', title: 'Finish reasons' },
      ],
    },
    {
      id: 2,
      kind: 'timeseries',
      title: 'Calls by Model',
      description: 'Calls per second of the ten models with the most calls.',
      grid: { x: 0, y: 9, width: 12, height: 11 },
      unit: 'requestsPerSecond',
      queries: ['calls-by-model.sql'],
    },
    {
      id: 3,
      kind: 'timeseries',
      title: 'Durations by Model (p95)',
      description: '95th percentile of the durations of calls of the ten models with the most calls.',
      grid: { x: 12, y: 9, width: 12, height: 11 },
      unit: 'milliseconds',
      queries: ['durations-by-model.sql'],
    },
    {
      id: 4,
      kind: 'timeseries',
      title: 'Tokens by Model',
      description: 'Input and output tokens in each step, of the ten models with the most calls.',
      grid: { x: 0, y: 20, width: 12, height: 11 },
      unit: 'count',
      queries: ['tokens-by-model.sql'],
      isStacked: true,
    },
    {
      id: 5,
      kind: 'pie',
      title: 'Finish Reasons',
      description: 'Calls by the reason for which the model stopped, such as stop, length or tool_calls.',
      grid: { x: 12, y: 20, width: 12, height: 11 },
      unit: 'count',
      queries: ['finish-reasons.sql'],
    },
    {
      id: 6,
      kind: 'table',
      title: 'Slowest Calls',
      description: 'The twenty slowest calls, with links to their traces.',
      grid: { x: 0, y: 31, width: 24, height: 12 },
      queries: ['slowest-calls.sql'],
      columns: [
        { name: 'trace_id', title: 'Trace', link: 'trace' },
        { name: 'service_name', title: 'Service' },
        { name: 'span_name', title: 'Operation', link: 'operation' },
        { name: 'model', title: 'Model' },
        { name: 'time', title: 'Start' },
        { name: 'duration_ms', title: 'Duration', unit: 'milliseconds' },
        { name: 'input_tokens', title: 'Input tokens', unit: 'count' },
        { name: 'output_tokens', title: 'Output tokens', unit: 'count' },
      ],
    },
  ],
};
