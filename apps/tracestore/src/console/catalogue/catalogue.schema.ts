import { z } from 'zod';
import { spanKinds } from '../../query/span-words.js';
import { timeRange } from '../time-range.schema.js';

export const servicesAnswer = z.object({ services: z.array(z.string()) });

export const operationsQuery = z.object({
  service: z.string().max(10_000).optional(),
  kind: z.enum(spanKinds).optional(),
});

export const operationsAnswer = z.object({
  operations: z.array(z.object({ service: z.string(), name: z.string(), kind: z.enum(spanKinds) })),
});

export const attributeKeysQuery = z.object({ service: z.string().max(10_000).optional(), ...timeRange });

export const attributeLevels = ['span', 'resource'] as const;

export const attributeKeysAnswer = z.object({
  keys: z
    .array(z.object({ key: z.string(), level: z.enum(attributeLevels), spans: z.int().describe('of the sample') }))
    .describe('the most frequent first'),
});

export const attributeValuesQuery = attributeKeysQuery.extend({ key: z.string().min(1).max(1000) });

export const attributeValuesAnswer = z.object({
  values: z
    .array(z.object({ value: z.string(), spans: z.int().describe('of the sample') }))
    .describe('the most frequent first'),
});
