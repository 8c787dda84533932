import { z } from 'zod';
import { spanKind } from './span-kind.schema.js';
import { timeRange, traceId, spanId, unixNano } from './time-range.schema.js';

/** A service and a time range. The name is a parameter, because a path cannot hold every name. */
export const serviceQuery = timeRange.safeExtend({ service: z.string().max(10_000) });
export type ServiceQuery = z.infer<typeof serviceQuery>;

const percentileMs = z.number().describe('milliseconds, from buckets: at most 4.5 % off');

export const serviceOperationsResponse = z.object({
  operations: z
    .array(
      z.object({
        name: z.string(),
        kind: spanKind,
        calls: z.number(),
        errors: z.number(),
        p50Ms: percentileMs,
        p95Ms: percentileMs,
        p99Ms: percentileMs,
        selfMs: z.number().describe('the sum of self times, in milliseconds'),
        selfShare: z.number().describe('the share of the self time of the service, from 0 to 1'),
      }),
    )
    .describe('the operations with the most self time, at most 500'),
  operationCount: z.int().describe('of all operations that were called'),
});
export type ServiceOperationsResponse = z.infer<typeof serviceOperationsResponse>;

const neighbour = z.object({
  service: z.string().nullable().describe('null for requests from outside, and for calls whose parent is not stored'),
  calls: z.number(),
  errors: z.number(),
  p50Ms: percentileMs,
  p95Ms: percentileMs,
  p99Ms: percentileMs,
});
export type ServiceNeighbour = z.infer<typeof neighbour>;

export const serviceNeighboursResponse = z.object({
  callers: z.array(neighbour).describe('services that call this one, at most 500, the most frequent first'),
  callees: z.array(neighbour).describe('services that this one calls, at most 500, the most frequent first'),
});
export type ServiceNeighboursResponse = z.infer<typeof serviceNeighboursResponse>;

export const serviceHistoryResponse = z.object({
  stepMs: z.number().describe('the width of a step in milliseconds'),
  steps: z
    .array(
      z.object({
        timeUnixNano: unixNano.describe('the start of the step, in nanoseconds since 1970'),
        seconds: z.number().describe('how much of the step is in the range and over: a rate is calls / seconds'),
        calls: z.number(),
        errors: z.number(),
        p50Ms: percentileMs,
        p95Ms: percentileMs,
        p99Ms: percentileMs,
      }),
    )
    .describe('steps with calls from outside the service, in order; the last one once it has 30 seconds'),
});
export type ServiceHistoryResponse = z.infer<typeof serviceHistoryResponse>;

export const serviceVersionsResponse = z.object({
  versions: z
    .array(
      z.object({
        version: z.string().describe('service.version of the resource, at most 200 characters'),
        firstSeenUnixNano: unixNano.describe('the start of the first sampled span of the version in the range'),
        isNew: z.boolean().describe('whether the version was not there at the start of the range'),
      }),
    )
    .describe('of a sample of spans over the range, in the order of first seen, at most 100'),
});
export type ServiceVersionsResponse = z.infer<typeof serviceVersionsResponse>;

export const serviceErrorsResponse = z.object({
  groups: z
    .array(
      z.object({
        type: z.string().nullable().describe('exception.type, at most 200 characters; null without an exception'),
        message: z
          .string()
          .nullable()
          .describe('exception.message, or the status message without an exception; at most 500 characters'),
        spans: z.int(),
        firstSeenUnixNano: unixNano,
        lastSeenUnixNano: unixNano,
        example: z.object({ traceId, spanId, operation: z.string() }).describe('the newest span of the group'),
      }),
    )
    .describe('the groups with the most spans, at most 100'),
  groupCount: z.int().describe('of all groups'),
  failedSpans: z.number().describe('failed spans of the service in the range, from the aggregates'),
  readSpans: z.int().describe('how many of them, the newest, the groups are made of'),
});
export type ServiceErrorsResponse = z.infer<typeof serviceErrorsResponse>;
