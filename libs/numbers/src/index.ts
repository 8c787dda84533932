import { z } from 'zod';

/** A drawn number, as backend returns it and frontend passes it on. */
export const randomNumber = z.object({
  id: z.string().describe('a bigint in decimal'),
  value: z.number().int(),
  createdAt: z.iso.datetime(),
});
export type RandomNumber = z.infer<typeof randomNumber>;

/** The query string of `GET /numbers`: the number of latest numbers, 100 by default. */
export const latestNumbersQuery = z.object({ limit: z.coerce.number().int().min(1).max(1000).default(100) });
export type LatestNumbersQuery = z.infer<typeof latestNumbersQuery>;
