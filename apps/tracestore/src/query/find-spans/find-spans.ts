import type { QueryResultRow } from 'pg';
import { errorKinds } from '../../errors/error-kinds.js';
import { TracestoreError } from '../../errors/tracestore-error.js';
import { constant, type Fragment, Parameter, readFragments, readSql } from '../../sql.js';
import { storableText } from '../../storage/attribute-json.js';
import { blockCondition } from '../filter/block-condition.js';
import { everything } from '../filter/filter.js';
import { lookUp } from '../filter/look-up.js';
import { conditionOf } from '../filter/read-filter.js';
import { spanCondition, spanDuration, spanStart } from '../filter/span-condition.js';
import type { QueryConnection, QueryDatabaseService } from '../query-database.service.js';
import type { SpanConditions } from '../search-conditions.js';
import { spanIdOf, traceIdOf } from '../span-id.js';
import { type SpanKind, spanKindOf, type StatusCode, statusCodeOf } from '../span-enums.js';
import { clampUnixNano, firstUnixNano, lastUnixNano, microsecondsOf, timestampOf } from '../unix-time.js';
import { textOfJson } from '../value-text.js';

/** The order of spans: by their start, newest first, or by their duration, slowest first. */
export type SpanOrder = 'newest' | 'slowest';

/** A search for the spans that pass a filter and start in a range of time. */
export interface SpanSearch extends SpanConditions {
  readonly order: SpanOrder;
  /** How many spans a page has, 1 to 1,000. */
  readonly limit: number;
  /** `nextCursor` of the page before; the rest of the search must be the same. */
  readonly cursor?: string | undefined;
  /** The keys of the attributes that are returned: those of the span, or else of its resource. */
  readonly attributeKeys: readonly string[];
}

/** A span that was found. */
export interface FoundSpan {
  readonly traceId: string;
  readonly spanId: string;
  /** Empty for a root span. */
  readonly parentSpanId: string;
  readonly serviceName: string;
  readonly spanName: string;
  readonly kind: SpanKind;
  readonly startTimeUnixNano: bigint;
  readonly durationNs: bigint;
  readonly statusCode: StatusCode;
  /** At most 200 characters. */
  readonly statusMessage: string;
  /** The texts of the values in the order of `attributeKeys`; undefined where the span has none. */
  readonly attributeTexts: readonly (string | undefined)[];
}

/** A page of spans. */
export interface FoundSpans {
  readonly spans: readonly FoundSpan[];
  readonly nextCursor: string | undefined;
  /** In ns since 1970: spans that start earlier were not searched; undefined when all were, or as many as the page needs. */
  readonly searchedFromUnixNano: bigint | undefined;
}

interface Position {
  readonly position: bigint;
  readonly traceId: string;
  readonly spanId: string;
}

const firstBlocks = 64;
const blockGrowth = 8;
/** A page of the newest spans reads at most this many blocks, of about 4 million spans. */
const maxBlocks = 32_768;
const maxPageSize = 1_000;
const nsPerUs = 1_000n;

/** A longer value is cut in the statement. */
const maxJsonLength = 1_000;

const range = readSql<RangeNames>(import.meta.url, '../find-traces/start-range.sql');
const traces = readSql<{ readonly known: readonly string[] }>(import.meta.url, '../find-traces/traces-of-batch.sql');
const spans = readSql<RangeNames & { readonly matches: Fragment }>(
  import.meta.url,
  '../find-traces/spans-of-lookup.sql',
  { in_range: range },
);
const orderNames = ['block_order', 'block_mark', 'position'] as const;
const orders = readFragments<Record<`${SpanOrder}_${(typeof orderNames)[number]}`, Record<never, never>>>(
  import.meta.url,
  'span-orders.sql',
  orderNames.flatMap((name) => [`newest_${name}`, `slowest_${name}`] as const),
);
const find = readSql<
  RangeNames & {
    readonly block_limit: number;
    readonly may_match: Fragment;
    readonly block_order: Fragment;
    readonly block_mark: Fragment;
    readonly position: Fragment;
    readonly start_ns: Fragment;
    readonly duration: Fragment;
    readonly matches: Fragment;
    readonly known: readonly string[];
    readonly after: string | null;
    readonly after_trace: string | null;
    readonly after_span: string | null;
    readonly keys: readonly string[];
    readonly limit: number;
  }
>(import.meta.url, 'find-spans.sql', { traces, spans });

interface RangeNames {
  readonly start_min: Parameter;
  readonly start_min_nanos: bigint;
  readonly start_max: Parameter;
  readonly start_max_nanos: bigint;
}

interface SpanRow extends QueryResultRow {
  readonly low_water_mark: string | null;
  readonly trace_id: string | null;
  readonly span_id: string;
  readonly parent_span_id: string | null;
  readonly position: string;
  readonly start_ns: string;
  readonly duration_ns: string;
  readonly status_code: number | null;
  readonly status_message: string | null;
  readonly service_name: string;
  readonly span_name: string;
  readonly span_kind: number;
  readonly attribute_values: readonly (string | null)[];
}

/**
 * Find spans: one page of them. Each step reads more blocks, in the order of the result, until no span of another block can
 * come before the last one of the page.
 *
 * @throws TracestoreError
 */
export async function findSpans(
  database: QueryDatabaseService,
  search: SpanSearch,
  signal?: AbortSignal,
): Promise<FoundSpans> {
  const { limit } = search;
  if (!Number.isInteger(limit) || limit < 1 || limit > maxPageSize) {
    throw new TracestoreError(errorKinds.invalid, `limit must be an integer from 1 to ${maxPageSize}, got ${limit}`);
  }
  const after = search.cursor === undefined ? undefined : readCursor(search.order, search.cursor);
  const connection = await database.connect(signal);
  try {
    return await run(connection, search, after);
  } finally {
    connection.release();
  }
}

async function run(connection: QueryConnection, search: SpanSearch, after: Position | undefined): Promise<FoundSpans> {
  const { order, limit, attributeKeys } = search;
  const { condition, longestNs } = await lookUp(connection, conditionOf(search.filter ?? everything));
  const names = rangeOf(search, after);
  const nothing = { spans: [], nextCursor: undefined, searchedFromUnixNano: undefined };
  if (names === undefined || (condition.is === 'constant' && !condition.value)) return nothing;
  for (let blocks = firstBlocks; ; blocks *= blockGrowth) {
    const rows = await connection.query<SpanRow>(
      find.bind({
        ...names,
        block_limit: blocks,
        may_match: blockCondition(condition, true, longestNs) ?? constant(true),
        block_order: orders[`${order}_block_order`].fragment(),
        block_mark: orders[`${order}_block_mark`].fragment(),
        position: orders[`${order}_position`].fragment(),
        start_ns: spanStart.fragment(),
        duration: spanDuration.fragment(),
        matches: spanCondition(condition, { start_min: names.start_min, start_max: names.start_max }),
        known: [],
        after: after === undefined ? null : String(after.position),
        after_trace: after?.traceId ?? null,
        after_span: after?.spanId ?? null,
        keys: attributeKeys.map(storableText),
        limit,
      }),
    );
    const mark = rows[0]?.low_water_mark ?? undefined;
    const found = rows.filter((row) => row.trace_id !== null);
    const last = found[limit - 1];
    // Pages of slow spans all begin with the same blocks, so that a later page could not read others.
    const isCut = last === undefined && mark !== undefined && order === 'newest' && blocks >= maxBlocks;
    if (last === undefined && mark !== undefined && !isCut) continue;
    // The next page begins below the low-water mark.
    const end = isCut
      ? { position: BigInt(mark), traceId: 'f'.repeat(32), spanId: String(2n ** 63n - 1n) }
      : last && { position: BigInt(last.position), traceId: traceIdOf(last.trace_id ?? ''), spanId: last.span_id };
    return {
      spans: found.map(spanOf),
      nextCursor: end === undefined ? undefined : writeCursor(order, end),
      searchedFromUnixNano: isCut ? BigInt(mark) : undefined,
    };
  }
}

/** The range of starts; undefined when it is empty. */
function rangeOf(search: SpanSearch, after: Position | undefined): RangeNames | undefined {
  const min = clampUnixNano(search.startTimeMinUnixNano ?? firstUnixNano);
  const latest = clampUnixNano(search.startTimeMaxUnixNano ?? lastUnixNano);
  const max = search.order === 'newest' && after !== undefined && after.position < latest ? after.position : latest;
  if (min > max) return undefined;
  return {
    start_min: new Parameter(timestampOf(microsecondsOf(min))),
    start_min_nanos: min % nsPerUs,
    start_max: new Parameter(timestampOf(microsecondsOf(max))),
    start_max_nanos: max % nsPerUs,
  };
}

function spanOf(row: SpanRow): FoundSpan {
  return {
    traceId: traceIdOf(row.trace_id ?? ''),
    spanId: spanIdOf(row.span_id),
    parentSpanId: row.parent_span_id === null ? '' : spanIdOf(row.parent_span_id),
    serviceName: row.service_name,
    spanName: row.span_name,
    kind: spanKindOf(row.span_kind),
    startTimeUnixNano: BigInt(row.start_ns),
    durationNs: BigInt(row.duration_ns),
    statusCode: statusCodeOf(row.status_code ?? 0),
    statusMessage: row.status_message ?? '',
    attributeTexts: row.attribute_values.map((json) => (json === null ? undefined : shortTextOf(json))),
  };
}

/** The text of a value that may be cut. */
function shortTextOf(json: string): string {
  return json.length < maxJsonLength ? textOfJson(json) : `${json.replace(/^"/, '')}…`;
}

const letters: Readonly<Record<SpanOrder, string>> = { newest: 'p', slowest: 'q' };

function writeCursor(order: SpanOrder, { position, traceId, spanId }: Position): string {
  return Buffer.from(`${letters[order]}${position}.${traceId}.${spanId}`).toString('base64url');
}

function readCursor(order: SpanOrder, cursor: string): Position {
  const text = cursor.length > 200 ? '' : Buffer.from(cursor, 'base64url').toString('latin1');
  const [, letter, position = '', traceId = '', spanId = ''] =
    /^([pq])(\d{1,19})\.([\da-f]{32})\.(-?\d{1,19})$/.exec(text) ?? [];
  const id = BigInt(spanId === '' ? 0 : spanId);
  if (letter !== letters[order] || BigInt.asIntN(64, id) !== id) {
    throw new TracestoreError(
      errorKinds.invalid,
      `cursor must be nextCursor of a page of the same search, ordered by ${order}`,
    );
  }
  return { position: BigInt(position), traceId, spanId };
}
