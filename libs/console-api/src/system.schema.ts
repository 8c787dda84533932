import { z } from 'zod';
import { unixNano } from './time-range.schema.js';

const durationMs = z.number().describe('milliseconds');

const note = z.object({
  code: z.string().describe('stable, in kebab-case'),
  message: z.string(),
  statement: z.string().optional().describe('SQL that mends it, for an administrator to run in this database'),
});
export type SystemNote = z.infer<typeof note>;

export const systemAnswer = z.object({
  versions: z.object({ tracestore: z.string(), node: z.string() }),
  problems: z.array(note).describe('why spans cannot be stored at this moment, as at /readyz'),
  warnings: z.array(note).describe('what is wrong and does not keep spans from being stored, as at /readyz'),
  database: z
    .object({
      postgresVersion: z.string(),
      storage: z.enum(['hypertables', 'native partitions']),
      timescale: z.object({ version: z.string(), license: z.enum(['timescale', 'apache']) }).nullable(),
      compression: z.boolean(),
      lz4: z.boolean(),
    })
    .nullable()
    .describe('null until the database was reached'),
  ingest: z
    .array(
      z.object({
        name: z.string(),
        help: z.string(),
        type: z.string(),
        values: z.array(z.object({ name: z.string(), labels: z.record(z.string(), z.string()), value: z.number() })),
      }),
    )
    .describe(
      'what receiving, writing and counting calls say of themselves, as at /metrics; counters are of this process, since its start',
    ),
});
export type SystemAnswer = z.infer<typeof systemAnswer>;

export const storageAnswer = z.object({
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
export type StorageAnswer = z.infer<typeof storageAnswer>;

export const partitionsAnswer = z.object({
  partitions: z.array(
    z.object({
      name: z.string(),
      fromUnixNano: unixNano.nullable().describe('null for the partition that takes what fits nowhere else'),
      toUnixNano: unixNano.nullable(),
      isCompressed: z.boolean(),
      bytes: z.number().describe('with indexes'),
    }),
  ),
});
export type PartitionsAnswer = z.infer<typeof partitionsAnswer>;

export const retention = z.object({
  retentionMs: durationMs,
  isRequested: z.boolean().describe('whether it was set here or in SQL, and not by the configuration'),
});
export type Retention = z.infer<typeof retention>;

const hourMs = 3_600_000;

export const retentionRequest = z.object({
  retentionMs: z
    .number()
    .int()
    .min(hourMs, 'should be an hour at least')
    .max(36_500 * 24 * hourMs, 'should be 36500 days at most')
    .nullable()
    .describe('milliseconds; null gives the word back to the configuration'),
});
export type RetentionRequest = z.infer<typeof retentionRequest>;
