import { z } from 'zod';

/** A number that was drawn, as backend tells it and frontend passes it on. */
export const randomNumber = z.object({
  id: z.string().describe('a bigint in decimal'),
  value: z.number().int(),
  createdAt: z.iso.datetime(),
});
export type RandomNumber = z.infer<typeof randomNumber>;

/** The query string of `GET /numbers`: how many of the latest numbers, 100 unless told otherwise. */
export const latestNumbersQuery = z.object({ limit: z.coerce.number().int().min(1).max(1000).default(100) });
export type LatestNumbersQuery = z.infer<typeof latestNumbersQuery>;
