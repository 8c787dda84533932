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
