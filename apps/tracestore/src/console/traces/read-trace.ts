import { storableText } from '../../storage/attribute-json.js';
import { resourceSpansJson } from '../../query/otlp/otlp-json.js';
import { getTraces } from '../../query/get-traces/get-traces.js';
import type { TraceSpan } from '../../query/get-traces/trace-span.js';
import { weightOf } from '../../query/response-memory.js';
import type { QueryDatabaseService } from '../../query/query-database.service.js';
import { firstUnixNano, lastUnixNano, microsecondsOf, timestampOf } from '../../query/unix-time.js';
import { readSql } from '../../sql.js';

interface TraceNames {
  readonly trace_id: string;
  readonly start_min: string;
  readonly start_max: string;
}

/** Events that have a mark in the waterfall: the first ones of each span, and so many of a trace. */
const maxMarksOfSpan = 20;
const maxMarksOfTrace = 20_000;

const waterfallOf = readSql<TraceNames & { readonly marks_of_span: string; readonly marks_of_trace: string }>(
  import.meta.url,
  'read-waterfall.sql',
);
const attributeMatchesOf = readSql<TraceNames & { readonly key: string; readonly values: string }>(
  import.meta.url,
  'find-attribute-matches.sql',
);
const matchesOf = readSql<TraceNames & { readonly text: string; readonly json_text: string }>(
  import.meta.url,
  'find-matches.sql',
);

/** The range of time that spans can have. */
const anyTime = {
  start_min: timestampOf(microsecondsOf(firstUnixNano)),
  start_max: timestampOf(microsecondsOf(lastUnixNano)),
};

/**
 * A trace in columns, as JSON that the database has written: what a waterfall draws, without attributes.
 *
 * @param traceId 32 hex digits
 * @returns undefined when it is not known
 * @throws TracestoreError
 */
export async function readWaterfall(
  database: QueryDatabaseService,
  traceId: string,
  signal?: AbortSignal,
): Promise<string | undefined> {
  const statement = waterfallOf.bind({
    trace_id: traceId,
    ...anyTime,
    marks_of_span: String(maxMarksOfSpan),
    marks_of_trace: String(maxMarksOfTrace),
  });
  const [row] = await database.query<{ waterfall: string }>(statement, signal);
  return row?.waterfall;
}

/**
 * The spans of a trace that have a text somewhere, capitals or not, by their start.
 *
 * @returns their ids, 16 hex digits each
 * @throws TracestoreError
 */
export async function findMatches(
  database: QueryDatabaseService,
  traceId: string,
  text: string,
  signal?: AbortSignal,
): Promise<readonly string[]> {
  const wanted = storableText(text).toLowerCase();
  const inJson = JSON.stringify(wanted).slice(1, -1);
  const statement = matchesOf.bind({ trace_id: traceId, ...anyTime, text: wanted, json_text: inJson });
  const rows = await database.query<{ span_id: string }>(statement, signal);
  return rows.map((row) => row.span_id);
}

/**
 * The spans of a trace that have an attribute, of their own, of their resource or of an event, by their start.
 *
 * @param value the text of the value: `5` finds the number and the text; undefined for any value
 * @returns their ids, 16 hex digits each
 * @throws TracestoreError
 */
export async function findAttributeMatches(
  database: QueryDatabaseService,
  traceId: string,
  { key, value }: { readonly key: string; readonly value: string | undefined },
  signal?: AbortSignal,
): Promise<readonly string[]> {
  const statement = attributeMatchesOf.bind({
    trace_id: traceId,
    ...anyTime,
    key: storableText(key),
    values: value === undefined ? '[]' : `[${jsonValuesOf(storableText(value)).join(',')}]`,
  });
  const rows = await database.query<{ span_id: string }>(statement, signal);
  return rows.map((row) => row.span_id);
}

/** The values whose text is this one, as JSON: a text, and a number, a boolean, a list or an object that is written so. */
function jsonValuesOf(text: string): readonly string[] {
  const asText = JSON.stringify(text);
  // PostgreSQL refuses some escapes and exponents that JSON has.
  if (!/^\s*(?:-?\d|true\s*$|false\s*$|\[|\{)/.test(text) || /\\u|e[+-]?\d{4}/i.test(text)) return [asText];
  try {
    JSON.parse(text);
    return [asText, text];
  } catch {
    return [asText];
  }
}

/**
 * The text of an OTLP/JSON document of a trace, part by part, with all as it was sent.
 *
 * @throws TracestoreError
 */
export async function* exportTrace(
  database: QueryDatabaseService,
  traceId: string,
  signal?: AbortSignal,
): AsyncGenerator<string, void, undefined> {
  let begin = '{"resourceSpans":[';
  for await (const chunk of getTraces(database, [{ traceId }], signal)) {
    yield begin + resourceSpansJson(chunk, true);
    begin = ',';
  }
  yield begin === ',' ? ']}' : `${begin}]}`;
}

/**
 * The spans that have an id, with all there is of them; more than one where the id was given twice.
 *
 * @param range when they start, which finds them faster
 * @throws TracestoreError
 */
export async function readSpans(
  database: QueryDatabaseService,
  { traceId, spanId }: { readonly traceId: string; readonly spanId: string },
  range: { readonly from: bigint | undefined; readonly to: bigint | undefined },
  signal?: AbortSignal,
): Promise<readonly TraceSpan[]> {
  const found: TraceSpan[] = [];
  const requested = { traceId, startTimeMinUnixNano: range.from, startTimeMaxUnixNano: range.to };
  const memory = database.memory.open();
  try {
    for await (const { spans } of getTraces(database, [requested], signal)) {
      for (const span of spans) {
        if (span.spanId !== spanId) continue;
        memory.grow(weightOf(span));
        found.push(span);
      }
    }
  } finally {
    memory.releaseSoon();
  }
  return found;
}

/** A span as JSON, with attributes as they are stored: 5.0 stays 5.0, and no digit of a large integer is lost. */
export function spanJson(traceId: string, span: TraceSpan): string {
  const { resource, scope } = span;
  return object({
    traceId: text(traceId),
    spanId: text(span.spanId),
    parentSpanId: span.parentSpanId === '' ? 'null' : text(span.parentSpanId),
    service: text(span.serviceName),
    name: text(span.name),
    kind: String(span.kind),
    startTimeUnixNano: text(String(span.startTimeUnixNano)),
    endTimeUnixNano: text(String(span.endTimeUnixNano)),
    traceState: text(span.traceState),
    flags: String(span.flags),
    status: object({ code: String(span.statusCode), message: text(span.statusMessage) }),
    attributes: span.attributesJson,
    droppedAttributes: String(span.droppedAttributesCount),
    events: array(
      span.events.map((event) =>
        object({
          timeUnixNano: text(String(event.timeUnixNano)),
          name: text(event.name),
          attributes: event.attributesJson,
          droppedAttributes: String(event.droppedAttributesCount),
        }),
      ),
    ),
    droppedEvents: String(span.droppedEventsCount),
    links: array(
      span.links.map((link) =>
        object({
          traceId: text(link.traceId),
          spanId: text(link.spanId),
          traceState: text(link.traceState),
          attributes: link.attributesJson,
          droppedAttributes: String(link.droppedAttributesCount),
        }),
      ),
    ),
    droppedLinks: String(span.droppedLinksCount),
    resource: object({
      attributes: resource.attributesJson,
      droppedAttributes: String(resource.droppedAttributesCount),
      schemaUrl: text(resource.schemaUrl),
    }),
    scope: object({
      name: text(scope.name),
      version: text(scope.version),
      attributes: scope.attributesJson,
      droppedAttributes: String(scope.droppedAttributesCount),
      schemaUrl: text(scope.schemaUrl),
    }),
  });
}

const text = (value: string): string => JSON.stringify(value);
const array = (elements: readonly string[]): string => `[${elements.join(',')}]`;

/** @param members JSON by key */
function object(members: Readonly<Record<string, string>>): string {
  return `{${Object.entries(members)
    .map(([key, json]) => `"${key}":${json}`)
    .join(',')}}`;
}
