import { z } from 'zod';

export const sqlQuestion = z.object({
  sql: z
    .string()
    .min(1)
    .max(100_000)
    .refine((sql) => !sql.includes('\0'), 'must not contain U+0000')
    .describe('one statement that gives rows'),
  explain: z
    .enum(['no', 'plan', 'analyze'])
    .default('no')
    .describe('the plan instead of the rows; `analyze` runs the statement'),
});
export type SqlQuestion = z.infer<typeof sqlQuestion>;

export const sqlAnswer = z.object({
  columns: z.array(z.object({ name: z.string(), type: z.string().describe("PostgreSQL's name of it") })),
  rows: z.array(z.array(z.unknown())).describe('values in the order of the columns'),
  isTruncated: z.boolean().describe('whether there would be more rows'),
  durationMs: z.number(),
});
export type SqlAnswer = z.infer<typeof sqlAnswer>;

export const planAnswer = z.object({
  plan: z.unknown().describe("PostgreSQL's plan, as EXPLAIN (FORMAT JSON) gives it"),
});
export type PlanAnswer = z.infer<typeof planAnswer>;

/** Where PostgreSQL sees a fault in a statement: the member `position` of the problem. Both count from 1, in characters. */
export const wrongSqlPosition = z.object({ line: z.int(), column: z.int() });
export type WrongSqlPosition = z.infer<typeof wrongSqlPosition>;

export const sqlLimits = z.object({
  timeoutMs: z.int(),
  maxRows: z.int(),
  maxBytes: z.int(),
  perMinute: z.int().describe('questions of one address'),
});
export type SqlLimits = z.infer<typeof sqlLimits>;

export const catalogueAnswer = z.object({
  relations: z.array(
    z.object({
      schema: z.string(),
      name: z.string(),
      comment: z.string().nullable(),
      columns: z.array(z.object({ name: z.string(), type: z.string(), comment: z.string().nullable() })),
    }),
  ),
  functions: z.array(
    z.object({
      schema: z.string(),
      name: z.string(),
      arguments: z.string(),
      result: z.string(),
      comment: z.string().nullable(),
    }),
  ),
});
export type CatalogueAnswer = z.infer<typeof catalogueAnswer>;
