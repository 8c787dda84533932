import { z } from 'zod';
import { unixNano } from './time-range.schema.js';

/** A page of the events of a trace. */
export const eventsQuery = z.object({
  limit: z.coerce.number().int().min(1).max(1000).default(200),
  cursor: z.string().max(200).optional().describe('`nextCursor` of the previous page'),
});
export type EventsQuery = z.infer<typeof eventsQuery>;

export const traceEvent = z.object({
  spanId: z.string(),
  timeUnixNano: unixNano,
  name: z.string().describe('at most 1,000 characters'),
  attributes: z
    .record(z.string(), z.unknown())
    .describe('at most 20; a long value is the first 500 characters of its text'),
  isCut: z.boolean().describe('whether attributes were left out or cut'),
});
export type TraceEvent = z.infer<typeof traceEvent>;

export const eventsResponse = z.object({ events: z.array(traceEvent), nextCursor: z.string().nullable() });
export type EventsResponse = z.infer<typeof eventsResponse>;
