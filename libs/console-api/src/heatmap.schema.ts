import { z } from 'zod';
import { unixNano } from './time-range.schema.js';

export const heatmapResponse = z.object({
  source: z
    .enum(['aggregates', 'spans'])
    .describe(
      'aggregates: each root span counts, with its start, duration and status. spans: each trace counts, with its start and duration; it failed if one of its spans has the status error',
    ),
  isComplete: z.boolean().describe('false if the counts are estimates from a part of each column'),
  share: z.number().describe('how much of each column was read, from 0 to 1'),
  spans: z.int().describe('spans that were read; 0 for aggregates'),
  from: unixNano.describe('the start of the range that was counted'),
  to: unixNano.describe('its end. Aggregates are some seconds behind'),
  firstUnixNano: unixNano.describe('the start of the first column'),
  stepMs: z.number().describe('the width of a column'),
  columns: z
    .array(z.tuple([z.int(), z.int()]))
    .describe('for each column: how many traces started in it, and how many of them failed'),
  lowestNs: z.number().describe('the lower bound of the first row'),
  rows: z.array(z.number()).describe('the upper bound of each row in ns'),
  cells: z.array(z.tuple([z.int(), z.int(), z.int()])).describe('column, row and count of each non-empty cell'),
  total: z.int().describe('the sum of the columns'),
  failed: z.int(),
});
export type HeatmapResponse = z.infer<typeof heatmapResponse>;
