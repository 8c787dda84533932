import { z } from 'zod';
import { spanKind } from './span-kind.schema.js';
import { timeRange } from './time-range.schema.js';

export const servicesResponse = z.object({ services: z.array(z.string()) });
export type ServicesResponse = z.infer<typeof servicesResponse>;

export const operationsQuery = z.object({
  service: z.string().max(10_000).optional(),
  kind: spanKind.optional(),
});
export type OperationsQuery = z.infer<typeof operationsQuery>;

export const operationsResponse = z.object({
  operations: z.array(z.object({ service: z.string(), name: z.string(), kind: spanKind })),
});
export type OperationsResponse = z.infer<typeof operationsResponse>;

export const attributeKeysQuery = timeRange.safeExtend({ service: z.string().max(10_000).optional() });
export type AttributeKeysQuery = z.infer<typeof attributeKeysQuery>;

export const attributeKeysResponse = z.object({
  keys: z
    .array(
      z.object({
        key: z.string(),
        level: z.enum(['span', 'resource']),
        spans: z.int().describe('spans in the sample'),
      }),
    )
    .describe('the most frequent first'),
});
export type AttributeKeysResponse = z.infer<typeof attributeKeysResponse>;

export const attributeValuesQuery = attributeKeysQuery.safeExtend({ key: z.string().max(1000) });
export type AttributeValuesQuery = z.infer<typeof attributeValuesQuery>;

export const attributeValuesResponse = z.object({
  values: z
    .array(z.object({ value: z.string(), spans: z.int().describe('spans in the sample') }))
    .describe('the most frequent first'),
});
export type AttributeValuesResponse = z.infer<typeof attributeValuesResponse>;
