import { z } from 'zod';
import { spanKind, spanStatus } from './span-kind.schema.js';
import { timeRange, unixNano } from './time-range.schema.js';

const durationNs = z
  .string()
  .regex(/^\d{1,19}$/, 'must be a whole number of nanoseconds')
  .describe('nanoseconds')
  .optional();

/** The query string of a search. A trace matches if one of its spans meets all conditions. */
export const searchQuery = z.object({
  service: z.string().max(10_000).optional(),
  operation: z.string().max(10_000).optional(),
  caller: z.string().max(10_000).optional().describe('the service of the parent of the span'),
  callerOperation: z.string().max(10_000).optional().describe('the operation of the parent; needs `caller`'),
  kind: spanKind.optional(),
  status: spanStatus.optional(),
  minDurationNs: durationNs,
  maxDurationNs: durationNs,
  attribute: z
    .union([z.string(), z.array(z.string()).max(20)])
    .transform((given) => (typeof given === 'string' ? [given] : given))
    .pipe(z.array(z.string().min(1).max(10_000)))
    .default([])
    .describe('`key`, or key and value joined by =, !=, >, >=, <, <= or ~ (a regular expression); may be repeated'),
  ...timeRange,
  order: z.enum(['newest', 'slowest']).default('newest'),
  limit: z.coerce.number().int().min(1).max(1000).default(50),
  cursor: z.string().max(200).optional().describe('`nextCursor` of the previous page'),
});
export type SearchQuery = z.infer<typeof searchQuery>;

export const traceSummary = z.object({
  traceId: z.string(),
  root: z
    .object({ service: z.string(), operation: z.string() })
    .nullable()
    .describe('null when every span has a parent'),
  startTimeUnixNano: unixNano,
  durationNs: z.number(),
  spans: z.int(),
  errors: z.int(),
  orphans: z.int().describe('spans whose parent is not stored'),
  services: z.array(z.object({ name: z.string(), spans: z.int(), errors: z.int() })),
});
export type TraceSummary = z.infer<typeof traceSummary>;

export const searchResponse = z.object({ traces: z.array(traceSummary), nextCursor: z.string().nullable() });
export type SearchResponse = z.infer<typeof searchResponse>;
