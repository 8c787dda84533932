import { z } from 'zod';
import { spanId, timeRange, traceId, unixNano } from './time-range.schema.js';

export const traceParameters = z.object({ traceId });
export type TraceParameters = z.infer<typeof traceParameters>;
export const spanParameters = z.object({ traceId, spanId });
export type SpanParameters = z.infer<typeof spanParameters>;

/** A time range around the start of the span. It makes the query faster. */
export const spanQuery = timeRange;
export type SpanQuery = z.infer<typeof spanQuery>;

export const matchesQuery = z
  .object({
    text: z.string().min(1).max(1000).optional(),
    attribute: z.string().min(1).max(10_000).optional().describe('`key`, or `key=value`'),
  })
  .refine(({ text, attribute }) => text !== undefined || attribute !== undefined, 'text or attribute must be given');
export type MatchesQuery = z.infer<typeof matchesQuery>;

/** A trace for a waterfall, in columns. Elements with the same index belong to the same span. */
export const waterfall = z.object({
  traceId: z.string(),
  startTimeUnixNano: unixNano.describe('start of the first span'),
  durationNs: z.number().describe('from the start of the first span to the end of the last'),
  operations: z.array(z.tuple([z.string(), z.string(), z.int()])).describe('service, name, span kind as in OTLP'),
  spans: z
    .object({
      id: z.array(z.string()),
      parentId: z.array(z.string().nullable()),
      operation: z.array(z.int()).describe('index in `operations`'),
      startNs: z.array(z.number()).describe('after the start of the trace'),
      durationNs: z.array(z.number()),
      status: z.array(z.int()).describe('status code as in OTLP'),
      events: z.array(z.int()).describe('number of events'),
    })
    .describe('in the order of their start times'),
  eventMarks: z
    .object({
      names: z.array(z.string()).describe('at most 100 characters of each'),
      span: z.array(z.int()).describe('index of the span'),
      timeNs: z.array(z.number()).describe('after the start of the trace'),
      name: z.array(z.int()).describe('index in `names`'),
    })
    .describe(
      'times of events, in columns: the first 20 events of each span and its exceptions, at most 20,000 of a trace',
    ),
});
export type Waterfall = z.infer<typeof waterfall>;

const attributes = z.record(z.string(), z.unknown());
export type Attributes = z.infer<typeof attributes>;

export const spanDetails = z.object({
  traceId: z.string(),
  spanId: z.string(),
  parentSpanId: z.string().nullable(),
  service: z.string(),
  name: z.string(),
  kind: z.int(),
  startTimeUnixNano: unixNano,
  endTimeUnixNano: unixNano,
  traceState: z.string(),
  flags: z.int(),
  status: z.object({ code: z.int(), message: z.string() }),
  attributes,
  droppedAttributes: z.int(),
  events: z.array(z.object({ timeUnixNano: unixNano, name: z.string(), attributes, droppedAttributes: z.int() })),
  droppedEvents: z.int(),
  links: z.array(
    z.object({
      traceId: z.string(),
      spanId: z.string(),
      traceState: z.string(),
      attributes,
      droppedAttributes: z.int(),
    }),
  ),
  droppedLinks: z.int(),
  resource: z.object({ attributes, droppedAttributes: z.int(), schemaUrl: z.string() }),
  scope: z.object({
    name: z.string(),
    version: z.string(),
    attributes,
    droppedAttributes: z.int(),
    schemaUrl: z.string(),
  }),
});
export type SpanDetails = z.infer<typeof spanDetails>;

export const spanDetailsResponse = z.object({
  spans: z.array(spanDetails).describe('more than one if spans share an ID'),
});
export type SpanDetailsResponse = z.infer<typeof spanDetailsResponse>;

export const matchesResponse = z.object({ spanIds: z.array(z.string()) });
export type MatchesResponse = z.infer<typeof matchesResponse>;
