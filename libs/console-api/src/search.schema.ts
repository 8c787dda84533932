import { z } from 'zod';
import { spanKind, spanStatus } from './span-kind.schema.js';
import { inOrder, timeRange, unixNano, wholeNumber } from './time-range.schema.js';

const durationNs = z
  .string()
  .regex(wholeNumber, 'must be a whole number of nanoseconds')
  .describe('nanoseconds')
  .optional();

/** What a search for spans or traces requires. All conditions apply to the same span. */
const conditions = timeRange
  .safeExtend({
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
    text: z
      .string()
      .min(1)
      .max(200)
      .optional()
      .describe('a span has it, ignoring case, in its name, status message, events or values of attributes'),
  })
  .refine(...inOrder('minDurationNs', 'maxDurationNs'))
  .refine(({ caller, callerOperation }) => callerOperation === undefined || caller !== undefined, {
    path: ['callerOperation'],
    error: 'needs caller',
  });

/** What every page of a search has. */
const page = {
  order: z.enum(['newest', 'slowest']).default('newest'),
  limit: z.coerce.number().int().min(1).max(1000).default(50),
  cursor: z.string().max(200).optional().describe('`nextCursor` of the previous page'),
};

const durationOf = z
  .enum(['trace', 'span'])
  .default('trace')
  .describe('what minDurationNs and maxDurationNs bound: the whole trace, or the span that meets the other conditions');

/** The query string of all paths about the traces of a search: its conditions, without order and page. */
export const searchConditions = conditions.safeExtend({ duration: durationOf });
export type SearchConditions = z.infer<typeof searchConditions>;

/**
 * The query string of a search for traces. A trace matches if it starts in the time range and one of its spans meets all
 * conditions. It is ordered by its start or by its duration.
 */
export const searchQuery = searchConditions.safeExtend(page);
export type SearchQuery = z.infer<typeof searchQuery>;

export const traceSummary = z.object({
  traceId: z.string(),
  root: z
    .object({ service: z.string(), operation: z.string() })
    .nullable()
    .describe('null when every span has a parent'),
  firstSpan: z
    .object({ service: z.string(), operation: z.string() })
    .describe('what a trace without a root shows: its first span without a stored parent, or the first of all'),
  startTimeUnixNano: unixNano,
  durationNs: z.number(),
  spans: z.int(),
  errors: z.int(),
  orphans: z.int().describe('spans whose parent is not stored'),
  services: z.array(z.object({ name: z.string(), spans: z.int(), errors: z.int() })),
});
export type TraceSummary = z.infer<typeof traceSummary>;

/** A name in a search that no span in the time range has. */
export const unknownName = z.object({
  parameter: z.enum(['service', 'operation', 'attribute']),
  name: z.string(),
});
export type UnknownName = z.infer<typeof unknownName>;

const searchedFrom = unixNano
  .nullable()
  .describe(
    'earlier ones were not searched, because a page reads a limited amount; null if all were, or as many as the page needs',
  );

const unknownNames = z.array(unknownName).describe('only if the first page is empty');

export const searchResponse = z.object({
  traces: z.array(traceSummary),
  nextCursor: z.string().nullable(),
  searchedFromUnixNano: searchedFrom,
  unknown: unknownNames,
});
export type SearchResponse = z.infer<typeof searchResponse>;

/** The query string of a search for spans. Durations are those of the span. */
export const spansQuery = conditions.safeExtend({
  ...page,
  column: z
    .union([z.string(), z.array(z.string()).max(10)])
    .transform((given) => (typeof given === 'string' ? [given] : given))
    .pipe(z.array(z.string().max(1000)))
    .default([])
    .describe('key of an attribute to return, of the span or else of its resource; may be repeated'),
});
export type SpansQuery = z.infer<typeof spansQuery>;

export const foundSpan = z.object({
  traceId: z.string(),
  spanId: z.string(),
  parentSpanId: z.string().nullable(),
  service: z.string(),
  name: z.string(),
  kind: spanKind,
  startTimeUnixNano: unixNano,
  durationNs: z.number(),
  status: spanStatus,
  statusMessage: z.string().describe('at most 200 characters'),
  attributes: z.array(z.string().nullable()).describe('values in the order of `column`'),
});
export type FoundSpan = z.infer<typeof foundSpan>;

export const spansResponse = z.object({
  spans: z.array(foundSpan),
  nextCursor: z.string().nullable(),
  searchedFromUnixNano: searchedFrom,
  unknown: unknownNames,
});
export type SpansResponse = z.infer<typeof spansResponse>;
