import { errorKinds } from '../../errors/error-kinds.js';
import { TracestoreError } from '../../errors/tracestore-error.js';
import type { QueryDatabaseService } from '../../query/query-database.service.js';
import { spanIdOf } from '../../query/span-id.js';
import { firstUnixNano, lastUnixNano, microsecondsOf, timestampOf, unixNanoOf } from '../../query/unix-time.js';
import { readSql } from '../../sql.js';

/** The most attributes of an event in a list of events, and the most characters of a value. */
const maxAttributes = 20;
const maxAttributeCharacters = 500;

interface Position {
  readonly after_time: string;
  readonly after_nanos: string;
  readonly after_span_id: string;
  readonly after_instance: string;
  readonly after_event: string;
}

interface EventsNames extends Position {
  readonly trace_id: string;
  readonly start_min: string;
  readonly start_max: string;
  readonly row_count: string;
  readonly attribute_count: string;
  readonly attribute_length: string;
}

const readEvents = readSql<EventsNames>(import.meta.url, 'read-events.sql');

interface EventRow {
  readonly span_id: string;
  readonly time_us: string;
  readonly time_nanos: number;
  readonly span_instance: number;
  readonly event_nbr: number;
  readonly name: string;
  readonly attributes: string;
  readonly is_cut: boolean;
}

/** The position before all events. */
const start: Position = {
  after_time: '-infinity',
  after_nanos: '0',
  after_span_id: '0',
  after_instance: '0',
  after_event: '0',
};

/**
 * Read a page of the events of a trace, in the order of time.
 *
 * @param cursor the end of the page before
 * @param limit the most events
 * @returns the response as JSON text, with numbers as they are stored; without events if the trace is not known
 * @throws TracestoreError `invalid` if the cursor is not one of this list
 */
export async function readTraceEvents(
  database: QueryDatabaseService,
  traceId: string,
  { cursor, limit }: { readonly cursor?: string | undefined; readonly limit: number },
  signal?: AbortSignal,
): Promise<string> {
  const statement = readEvents.bind({
    trace_id: traceId,
    start_min: timestampOf(microsecondsOf(firstUnixNano)),
    start_max: timestampOf(microsecondsOf(lastUnixNano)),
    ...(cursor === undefined ? start : positionOf(cursor)),
    // One more shows whether there is a next page.
    row_count: String(limit + 1),
    attribute_count: String(maxAttributes),
    attribute_length: String(maxAttributeCharacters),
  });
  const rows = await database.query<EventRow>(statement, signal);
  const page = rows.slice(0, limit);
  const last = page.at(-1);
  const nextCursor = rows.length > limit && last !== undefined ? JSON.stringify(cursorOf(last)) : 'null';
  return `{"events":[${page.map(eventJson).join(',')}],"nextCursor":${nextCursor}}`;
}

function eventJson(row: EventRow): string {
  const { name, is_cut: isCut } = row;
  const ids = { spanId: spanIdOf(row.span_id), timeUnixNano: String(unixNanoOf(row.time_us, row.time_nanos)) };
  return `${JSON.stringify({ ...ids, name, isCut }).slice(0, -1)},"attributes":${row.attributes}}`;
}

/** Write the position of an event as an opaque token. */
function cursorOf(row: EventRow): string {
  const { time_us: timeUs, time_nanos: nanos, span_id: spanId, span_instance: instance, event_nbr: event } = row;
  return Buffer.from([timeUs, nanos, spanId, instance, event].join('.')).toString('base64url');
}

function positionOf(cursor: string): Position {
  const text = cursor.length > 200 ? '' : Buffer.from(cursor, 'base64url').toString('latin1');
  const match = /^(-?\d{1,16})\.(\d{1,3})\.(-?\d{1,19})\.(-?\d{1,10})\.(\d{1,9})$/.exec(text);
  const [, timeUs = '', nanos = '', spanId = '', instance = '', event = ''] = match ?? [];
  const isKnown =
    match !== null &&
    BigInt.asIntN(64, BigInt(spanId)) === BigInt(spanId) &&
    BigInt.asIntN(32, BigInt(instance)) === BigInt(instance) &&
    BigInt(timeUs) >= 0n &&
    BigInt(timeUs) <= microsecondsOf(lastUnixNano);
  if (!isKnown) {
    throw new TracestoreError(errorKinds.invalid, 'cursor should be the nextCursor of a page of the same events');
  }
  return {
    after_time: timestampOf(BigInt(timeUs)),
    after_nanos: nanos,
    after_span_id: spanId,
    after_instance: instance,
    after_event: event,
  };
}
