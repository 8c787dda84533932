import { z } from 'zod';
import { spanKind } from './span-kind.schema.js';
import { timeRange } from './time-range.schema.js';

export const servicesAnswer = z.object({ services: z.array(z.string()) });
export type ServicesAnswer = z.infer<typeof servicesAnswer>;

export const operationsQuery = z.object({
  service: z.string().max(10_000).optional(),
  kind: spanKind.optional(),
});
export type OperationsQuery = z.infer<typeof operationsQuery>;

export const operationsAnswer = z.object({
  operations: z.array(z.object({ service: z.string(), name: z.string(), kind: spanKind })),
});
export type OperationsAnswer = z.infer<typeof operationsAnswer>;

export const attributeKeysQuery = z.object({ service: z.string().max(10_000).optional(), ...timeRange });
export type AttributeKeysQuery = z.infer<typeof attributeKeysQuery>;

export const attributeKeysAnswer = z.object({
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
export type AttributeKeysAnswer = z.infer<typeof attributeKeysAnswer>;

export const attributeValuesQuery = attributeKeysQuery.extend({ key: z.string().max(1000) });
export type AttributeValuesQuery = z.infer<typeof attributeValuesQuery>;

export const attributeValuesAnswer = z.object({
  values: z
    .array(z.object({ value: z.string(), spans: z.int().describe('spans in the sample') }))
    .describe('the most frequent first'),
});
export type AttributeValuesAnswer = z.infer<typeof attributeValuesAnswer>;
