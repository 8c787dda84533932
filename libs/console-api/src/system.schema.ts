import { z } from 'zod';
import { unixNano } from './time-range.schema.js';

const durationMs = z.number().describe('milliseconds');

const note = z.object({
  code: z.string().describe('stable, in kebab-case'),
  message: z.string(),
  statement: z.string().optional().describe('SQL that fixes it; an administrator runs it in this database'),
});
export type SystemNote = z.infer<typeof note>;

export const systemResponse = z.object({
  versions: z.object({ tracestore: z.string(), node: z.string() }),
  problems: z.array(note).describe('why spans cannot be stored at the moment, as at /readyz'),
  warnings: z.array(note).describe('problems that do not prevent spans from being stored, as at /readyz'),
  database: z
    .object({
      postgresVersion: z.string(),
      storage: z.enum(['hypertables', 'native partitions']),
      timescale: z.object({ version: z.string(), license: z.enum(['timescale', 'apache']) }).nullable(),
      compression: z.boolean(),
      lz4: z.boolean(),
    })
    .nullable()
    .describe('null until tracestore has connected to the database'),
  ingest: z
    .array(
      z.object({
        name: z.string(),
        help: z.string(),
        type: z.string(),
        values: z.array(z.object({ name: z.string(), labels: z.record(z.string(), z.string()), value: z.number() })),
      }),
    )
    .describe('metrics of receiving, writing and aggregating, as at /metrics; counters start with the process'),
});
export type SystemResponse = z.infer<typeof systemResponse>;

export const storageResponse = z.object({
  tables: z.array(
    z.object({
      name: z.string(),
      bytes: z.number().describe('with indexes'),
      indexBytes: z.number(),
      partitions: z.int().describe('or chunks'),
    }),
  ),
  databaseBytes: z.number(),
});
export type StorageResponse = z.infer<typeof storageResponse>;

export const partitionsResponse = z.object({
  partitions: z.array(
    z.object({
      name: z.string(),
      fromUnixNano: unixNano.nullable().describe('null for the default partition'),
      toUnixNano: unixNano.nullable(),
      isCompressed: z.boolean(),
      bytes: z.number().describe('with indexes'),
    }),
  ),
});
export type PartitionsResponse = z.infer<typeof partitionsResponse>;

export const retention = z.object({
  retentionMs: durationMs,
  isRequested: z.boolean().describe('whether it was set here or in SQL instead of by the configuration'),
  pending: z
    .array(
      z.object({
        subject: z.enum(['traces', 'aggregates', 'ledger']),
        retentionMs: durationMs.describe('milliseconds, the shorter retention that waits'),
        appliedMs: durationMs.describe('milliseconds, the retention until then'),
        waitsMs: durationMs.describe('milliseconds until it applies, unless it is confirmed'),
      }),
    )
    .describe('shorter retentions that wait before anything is deleted'),
});
export type Retention = z.infer<typeof retention>;

const hourMs = 3_600_000;

export const retentionRequest = z.object({
  retentionMs: z
    .number()
    .int()
    .min(hourMs, 'must be at least one hour')
    .max(36_500 * 24 * hourMs, 'must be at most 36500 days')
    .nullable()
    .describe('milliseconds; null resets to the configuration'),
});
export type RetentionRequest = z.infer<typeof retentionRequest>;

export const retentionConfirmation = z.object({
  retentionMs: z
    .number()
    .positive('must be above 0')
    .max(36_500 * 24 * hourMs, 'must be at most 36500 days')
    .describe('milliseconds; the retention that waits'),
});
export type RetentionConfirmation = z.infer<typeof retentionConfirmation>;

export const trafficResponse = z.object({
  stepMs: z.number().describe('the width of a step in milliseconds'),
  services: z
    .array(
      z.object({
        service: z.string().nullable().describe('null for all further services'),
        spans: z.number().describe('in the last 24 hours, by the start of a span'),
        steps: z
          .array(
            z.object({
              timeUnixNano: unixNano,
              seconds: z.number().describe('how much of the step is over: a rate is spans / seconds'),
              spans: z.number(),
            }),
          )
          .describe(
            'steps with spans, in order, with their start in nanoseconds since 1970; the last one once it has 30 s',
          ),
      }),
    )
    .describe('the 20 services with the most spans'),
});
export type TrafficResponse = z.infer<typeof trafficResponse>;
