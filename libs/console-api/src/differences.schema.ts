import { z } from 'zod';
import { searchConditions } from './search.schema.js';
import { inOrder } from './time-range.schema.js';

const { shape } = searchConditions;

/** The query string of a comparison: the conditions of a search, and what selects some of its traces. */
export const differencesQuery = searchConditions
  .safeExtend({
    selectService: shape.service,
    selectOperation: shape.operation,
    selectStatus: shape.status,
    selectAttribute: shape.attribute,
    selectSlowest: z.enum(['true']).optional().describe('the slowest 5 % of the traces'),
    selectMinDurationNs: shape.minDurationNs,
    selectMaxDurationNs: shape.maxDurationNs,
    selectFrom: shape.from,
    selectTo: shape.to,
  })
  .refine(...inOrder('selectMinDurationNs', 'selectMaxDurationNs'))
  .refine(...inOrder('selectFrom', 'selectTo'))
  .refine(
    (query) =>
      // Also called for values that are invalid on their own.
      [query.selectAttribute].flat().length > 0 ||
      [
        query.selectService,
        query.selectOperation,
        query.selectStatus,
        query.selectSlowest,
        query.selectMinDurationNs,
        query.selectMaxDurationNs,
        query.selectFrom,
        query.selectTo,
      ].some((condition) => condition !== undefined),
    { path: ['selectStatus'], error: 'must be given, or another condition whose name starts with select' },
  );
export type DifferencesQuery = z.infer<typeof differencesQuery>;

const comparedSide = z.object({
  traces: z.int().describe('how many traces were compared'),
  isSampled: z.boolean().describe('whether there are more: the compared ones are then a random sample'),
});

export const attributeDifference = z.object({
  level: z.enum(['span', 'resource', 'event', 'field']),
  key: z.string().describe('of an attribute; at level field: service, operation, kind, status, event'),
  value: z.string().nullable().describe('null for a range of numbers, and for any value of the key'),
  range: z
    .object({ min: z.number().nullable(), max: z.number().nullable() })
    .nullable()
    .describe('from min to below max; null where it has no bound'),
  inside: z.int().describe('traces of the selection with the value'),
  outside: z.int().describe('other traces with the value'),
  effect: z.number().describe("Cohen's h, above 0 if the value is more frequent in the selection"),
  pValue: z.number().describe("Fisher's exact test"),
  qValue: z.number().describe('corrected for all tests (Benjamini and Hochberg)'),
});
export type AttributeDifference = z.infer<typeof attributeDifference>;

export const differencesResponse = z.object({
  inside: comparedSide,
  outside: comparedSide,
  slowestFromNs: z.number().nullable().describe('the least duration of the slowest traces; null unless selected'),
  differences: z.array(attributeDifference).describe('at most 200, the strongest first'),
});
export type DifferencesResponse = z.infer<typeof differencesResponse>;

/** The names that `by` can have, apart from keys of attributes. */
export const groupFieldNames = ['service', 'operation', 'kind', 'status'] as const;

export const groupsQuery = searchConditions.safeExtend({
  by: z
    .string()
    .min(1)
    .max(1000)
    .describe('service, operation, kind, status, or the key of an attribute of the span or its resource'),
  byAttribute: z.enum(['true']).optional().describe('`by` is the key of an attribute in any case'),
});
export type GroupsQuery = z.infer<typeof groupsQuery>;

const groupCounts = { calls: z.int(), errors: z.int(), p50Ns: z.number(), p95Ns: z.number(), p99Ns: z.number() };

export const groupsResponse = z.object({
  groups: z
    .array(z.object({ value: z.string().nullable().describe('null for spans without the value'), ...groupCounts }))
    .describe('at most 50, the most calls first; a value is cut after 200 characters'),
  rest: z
    .object({ values: z.int(), ...groupCounts })
    .nullable()
    .describe('the spans of all other values'),
  sampledShare: z
    .number()
    .describe('the share of traces whose spans were counted, which are a random sample; 1 for all'),
});
export type GroupsResponse = z.infer<typeof groupsResponse>;
