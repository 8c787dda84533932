import { z } from 'zod';
import { unixNano } from './time-range.schema.js';

export const linksQuery = z.object({ start: unixNano.describe('start of the span, in nanoseconds since 1970') });
export type LinksQuery = z.infer<typeof linksQuery>;

/** The span at the other end of a link. */
export const linkedSpan = z.object({
  traceId: z.string(),
  spanId: z.string(),
  service: z.string(),
  name: z.string(),
  kind: z.int().describe('span kind as in OTLP'),
  startTimeUnixNano: unixNano,
  durationNs: z.number(),
  isError: z.boolean(),
});
export type LinkedSpan = z.infer<typeof linkedSpan>;

export const linksResponse = z.object({
  outgoing: z.array(linkedSpan).describe('stored spans that the span links to, at most 100'),
  incoming: z.array(linkedSpan).describe('spans that link to the span, at most 100, by start'),
  hasMoreIncoming: z.boolean(),
  incomingFromUnixNano: unixNano.describe('the first start of the spans that were looked for: 1 h before the span'),
  incomingToUnixNano: unixNano.describe('the last start: 24 h after the span'),
});
export type LinksResponse = z.infer<typeof linksResponse>;
