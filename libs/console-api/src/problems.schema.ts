import { z } from 'zod';

/** What can be wrong with a trace. The COMMENT of ps_trace.trace_problems describes each. */
export const problemKinds = [
  'not_checked',
  'parent_cycle',
  'ends_before_start',
  'no_root',
  'missing_parent',
  'clock_skew',
  'duplicate_span_id',
  'dropped_data',
  'repeated_calls',
  'several_roots',
  'hidden_errors',
] as const;

export const traceProblem = z.object({
  kind: z.enum(problemKinds),
  severity: z
    .enum(['error', 'warning', 'info'])
    .describe('error: the data is wrong. warning: it is incomplete or inexact'),
  message: z.string(),
  spanCount: z.int(),
  amount: z
    .number()
    .nullable()
    .describe('of clock_skew: nanoseconds to add to the times of the second service, negative if its clock is ahead'),
  unit: z.enum(['ns', 'count']).nullable(),
  services: z.array(z.string()).describe('of clock_skew: caller and called service; at most 20'),
  spanIds: z.array(z.string()).describe('the first 1000 of the spans'),
  receivedS: z
    .number()
    .nullable()
    .describe('of no_root and missing_parent: seconds since the newest span was received; null if more than 600'),
});
export type TraceProblem = z.infer<typeof traceProblem>;

export const problemsResponse = z.object({
  problems: z.array(traceProblem).describe('those with wrong data first; empty for a good trace'),
});
export type ProblemsResponse = z.infer<typeof problemsResponse>;
