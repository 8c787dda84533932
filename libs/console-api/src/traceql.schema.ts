import { z } from 'zod';
import { inOrder, unixNano } from './time-range.schema.js';

export const traceqlExplainQuery = z
  .object({
    query: z
      .string()
      .min(1)
      .max(128 * 1024)
      .describe('TraceQL: a search or a metrics query'),
    from: unixNano.optional(),
    to: unixNano.optional(),
    step: z
      .string()
      .regex(/^[1-9]\d{0,18}$/, 'must be nanoseconds above 0, as decimal digits')
      .optional()
      .describe('the step of a metrics query in nanoseconds; by default, as Grafana chooses it'),
    limit: z.int().min(1).max(10_000).default(20).describe('how many traces of a search'),
  })
  .refine(...inOrder('from', 'to'));
export type TraceqlExplainQuery = z.infer<typeof traceqlExplainQuery>;

export const traceqlPlanResponse = z.object({
  sql: z.string().describe('one statement on the views of `ps_trace`, which `ps_trace_reader` can run'),
  parts: z.array(
    z.object({
      text: z.string().describe('a part of the query, in canonical form'),
      by: z
        .enum(['blockTerms', 'dictionary', 'rows', 'wholeTrace', 'aggregates', 'samples'])
        .describe('what evaluates it'),
    }),
  ),
});
export type TraceqlPlanResponse = z.infer<typeof traceqlPlanResponse>;
