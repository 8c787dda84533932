import { z } from 'zod';
import { searchConditions } from './search.schema.js';

/** The query string of facets: that of a search, and keys of attributes. */
export const facetsQuery = searchConditions.safeExtend({
  key: z
    .union([z.string(), z.array(z.string()).max(10)])
    .transform((given) => (typeof given === 'string' ? [given] : given))
    .pipe(z.array(z.string().min(1).max(1000)))
    .default([])
    .describe('a key whose values are counted; may be repeated, up to 10 times'),
});
export type FacetsQuery = z.infer<typeof facetsQuery>;

export const facetsResponse = z.object({
  facets: z.array(
    z.object({
      facet: z.enum(['service', 'operation', 'kind', 'status', 'attribute']),
      key: z.string().nullable().describe('of an attribute of the span or of its resource'),
      values: z
        .array(z.object({ value: z.string(), traces: z.int().describe('traces with a matching span that has it') }))
        .describe('at most 20, the most frequent first'),
      valueCount: z.int().describe('how many values there are in all'),
    }),
  ),
  traces: z.int().describe('traces that were counted'),
  spans: z.int().describe('matching spans that were counted'),
  isComplete: z.boolean().describe('false if only a sample of the matching spans was counted'),
});
export type FacetsResponse = z.infer<typeof facetsResponse>;
