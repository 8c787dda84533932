import { z } from 'zod';

export const sqlQuery = z.object({
  sql: z
    .string()
    .min(1)
    .max(100_000)
    .refine((sql) => !sql.includes('\0'), 'must not contain U+0000')
    .describe('one statement that returns rows'),
  explain: z
    .enum(['no', 'plan', 'analyze'])
    .default('no')
    .describe('return the plan instead of the rows; `analyze` also runs the statement'),
});
export type SqlQuery = z.infer<typeof sqlQuery>;

/** A time expression of a statement, and the literal that replaced it. */
export const foldedTime = z.object({
  expression: z.string().describe('as in the statement'),
  value: z.string().describe('in ISO 8601'),
});
export type FoldedTime = z.infer<typeof foldedTime>;

const notes = {
  foldedTimes: z
    .array(foldedTime)
    .describe('time expressions that literals replaced, so that partitions are skipped; the result is the same'),
  hints: z.array(z.string()).describe('sentences about what the statement reads whole, and why'),
};

export const sqlResponse = z.object({
  columns: z.array(z.object({ name: z.string(), type: z.string().describe('the name of the PostgreSQL type') })),
  rows: z.array(z.array(z.unknown())).describe('values in the order of the columns'),
  isTruncated: z.boolean().describe('whether rows were cut at a limit'),
  durationMs: z.number(),
  ...notes,
});
export type SqlResponse = z.infer<typeof sqlResponse>;

export const planResponse = z.object({
  plan: z.unknown().describe('the output of EXPLAIN (FORMAT JSON)'),
  ...notes,
});
export type PlanResponse = z.infer<typeof planResponse>;

/** Position of a syntax or name error in a statement: the member `position` of the problem. Both are 1-based, in characters. */
export const wrongSqlPosition = z.object({ line: z.int(), column: z.int() });
export type WrongSqlPosition = z.infer<typeof wrongSqlPosition>;

export const sqlLimits = z.object({
  timeoutMs: z.int(),
  maxRows: z.int(),
  maxBytes: z.int(),
  perMinute: z.int().describe('statements per client'),
});
export type SqlLimits = z.infer<typeof sqlLimits>;

export const catalogueResponse = z.object({
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
export type CatalogueResponse = z.infer<typeof catalogueResponse>;
