import type { QueryResultRow } from 'pg';
import { readSqlFile } from '../../sql-file.js';
import { blockSql, isAboutDuration } from '../filter/block-sql.js';
import { conditionOf } from '../filter/condition.js';
import { everything } from '../filter/filter.js';
import { dictionaryIdsSql, durationSql, rowSql } from '../filter/row-sql.js';
import {
  type DictionaryCondition,
  dictionaryConditionsOf,
  type SearchCondition,
  withDictionaries,
  withIds,
} from '../filter/search-condition.js';
import { SqlParameters } from '../filter/sql-parameters.js';
import type { QueryConnection, QueryDatabaseService } from '../query-database.service.js';
import { errorKinds } from '../../errors/error-kinds.js';
import { TracestoreError } from '../../errors/tracestore-error.js';
import { traceIdOf } from '../span-id.js';
import { clampUnixNano, firstUnixNano, lastUnixNano, microsecondsOf, timestampOf } from '../unix-time.js';
import { compareFound, cursorAt, placeOf } from './page-cursor.js';
import { type FoundTrace, type FoundTraces, maxPageSize, type TraceOrder, type TraceSearch } from './trace-search.js';

const findNewest = readSqlFile(import.meta.url, 'find-newest.sql');
const findOfOperations = readSqlFile(import.meta.url, 'find-of-operations.sql');
const findSlowest = readSqlFile(import.meta.url, 'find-slowest.sql');
const findPassed = readSqlFile(import.meta.url, 'find-passed.sql');

/** Rows of a dictionary that are named one by one. More of them are found again in every statement. */
const maxKnownIds = 1_000;

/**
 * The spans of how many operations are looked for by their index, and not in blocks: in compressed chunks there is none, but
 * Bloom filters of batches, which are asked for each operation anew.
 */
const indexedOperationsSql = `CASE
  WHEN relkind = 'p' THEN 16
  WHEN current_setting('timescaledb.enable_sparse_index_bloom', true) = 'on' THEN 2
  ELSE 0
END`;

/**
 * Blocks of the first statement, at least: about as many as a request has, whose spans are of the same time. Of the
 * slowest more at once, as each statement sorts all blocks.
 */
const firstPortion = { newest: 8, slowest: 48 } as const;

/** The first statement fetches so many spans of an operation for each trace that is asked for: some traces have several. */
const spansOfOperationPerTrace = 2;

/** Each statement looks at up to so many times as many blocks as the one before it, up to what surely ends in time. */
const portionGrowth = 4;
const lastPortion = 2_048;

/** Of the blocks that the traces which are missing should be in, by those found so far: so many times as many. */
const spareBlocks = 1.5;

/** A portion is looked for in so many times as many blocks. Where there is none, what is looked for is rare. */
const mostLeftOut = 50;

/** All blocks that are left are gone through for what is rare, so that there should be something to look at. */
const rarePortion = 64;

const nsPerUs = 1000n;
const usPerHour = 3_600_000_000n;

/** More than any position. */
const unlimited = 2n ** 63n;

interface DictionaryRow extends QueryResultRow {
  readonly [ids: `ids_${number}`]: readonly string[];
  readonly longest_ns?: string | null;
  readonly indexed_operations: number;
}

interface PortionRow extends QueryResultRow {
  readonly reached: string | null;
  readonly is_rare: boolean;
  readonly trace_id: string | null;
  readonly position: string | null;
}

/**
 * The traces of which some span fulfils a search, a page of them.
 *
 * Blocks of spans are gone through in the order of the answer: by their newest start, or their longest duration. What
 * they cannot have leaves most of them out; of the others, the spans are looked at. It ends when no block that is left can
 * have anything that belongs before the last trace of the page. The newest spans of a few operations, without any other
 * condition, are found without blocks.
 *
 * @throws TracestoreError
 */
export async function findTraces(
  database: QueryDatabaseService,
  search: TraceSearch,
  signal?: AbortSignal,
): Promise<FoundTraces> {
  const question = new Question(search);
  if (question.isEmpty) return { traces: [], nextCursor: undefined };
  const connection = await database.connect(signal);
  try {
    return await new Answer(connection, question, performance.now() + database.timeoutMs).find();
  } finally {
    connection.release();
  }
}

/** A search that makes sense. */
class Question {
  readonly order: TraceOrder;
  readonly limit: number;
  /** In µs since 1970, and the ns behind that. */
  readonly startMin: bigint;
  readonly startMinNanos: bigint;
  readonly startMax: bigint;
  readonly startMaxNanos: bigint;
  /** Where the page before has ended. */
  readonly behind: FoundTrace | undefined;
  readonly condition: SearchCondition;

  constructor({ filter, startTimeMinUnixNano, startTimeMaxUnixNano, order = 'newest', limit, cursor }: TraceSearch) {
    if (!Number.isInteger(limit) || limit < 1 || limit > maxPageSize) {
      throw new TracestoreError(
        errorKinds.invalid,
        `limit should be a whole number from 1 to ${maxPageSize}, but is ${limit}`,
      );
    }
    this.order = order;
    this.limit = limit;
    const min = clampUnixNano(startTimeMinUnixNano ?? firstUnixNano);
    const max = clampUnixNano(startTimeMaxUnixNano ?? lastUnixNano);
    this.startMin = microsecondsOf(min);
    this.startMinNanos = min % nsPerUs;
    this.startMax = microsecondsOf(max);
    this.startMaxNanos = max % nsPerUs;
    this.behind = cursor === undefined ? undefined : placeOf(order, cursor);
    this.condition = withDictionaries(conditionOf(filter ?? everything));
  }

  /** Nothing can fulfil it. */
  get isEmpty(): boolean {
    return this.startMin > this.startMax || (this.condition.is === 'constant' && !this.condition.value);
  }

  get isNewest(): boolean {
    return this.order === 'newest';
  }
}

class Answer {
  private readonly found = new Map<string, FoundTrace>();
  private readonly passed = new Set<string>();
  /** Every position that is not known yet is below. */
  private reached = unlimited;
  /** Blocks that are not left out are so few that all others are gone through at once. */
  private isRare = false;
  /** All that is asked for are the newest spans of these, of which an index has the order. */
  private operations: readonly string[] | undefined;
  /** The longest span, when the search began. */
  private longestNs = Infinity;

  constructor(
    private readonly connection: QueryConnection,
    private readonly question: Question,
    private readonly deadlineMs: number,
  ) {}

  async find(): Promise<FoundTraces> {
    const condition = await this.lookUp(this.question.condition);
    const { limit } = this.question;
    if (condition.is !== 'constant' || condition.value) {
      let portion =
        this.operations === undefined
          ? Math.max(firstPortion[this.question.order], Math.ceil(limit / 2))
          : limit * spansOfOperationPerTrace;
      let gone = 0;
      while (this.settled().length < limit && (await this.read(condition, portion))) {
        gone += portion;
        const settled = this.settled().length;
        const enough = Math.ceil(((limit - settled) / Math.max(settled, 1)) * gone * spareBlocks);
        const most = Math.min(portion * portionGrowth, lastPortion);
        portion = Math.max(portion, Math.min(most, enough), this.isRare ? rarePortion : 0);
        if (performance.now() > this.deadlineMs) throw new TracestoreError(errorKinds.timedOut);
      }
    }
    const traces = this.settled().slice(0, limit);
    const last = traces[limit - 1];
    return { traces, nextCursor: last === undefined ? undefined : cursorAt(this.question.order, last) };
  }

  /** The traces whose place in the answer is known, in order. */
  private settled(): readonly FoundTrace[] {
    return [...this.found.values()].filter(({ position }) => position >= this.reached).toSorted(compareFound);
  }

  /** Finds what the dictionaries have for a condition. */
  private async lookUp(condition: SearchCondition): Promise<SearchCondition> {
    const parts = dictionaryConditionsOf(condition);
    if (parts.length === 0) return condition;
    const parameters = new SqlParameters([]);
    const columns = parts.map(
      ({ table, condition: part }, n) =>
        `ARRAY(${dictionaryIdsSql(table, part, parameters)} LIMIT ${maxKnownIds + 1}) AS ids_${n}`,
    );
    if (isAboutDuration(condition)) {
      columns.push('(SELECT max(duration_ns_max) FROM tracestore.span_block) AS longest_ns');
    }
    const [row] = await this.connection.query<DictionaryRow>(
      `SELECT ${columns.join(', ')}, ${indexedOperationsSql} AS indexed_operations
       FROM pg_class WHERE oid = 'tracestore.span'::regclass`,
      parameters.values,
    );
    this.longestNs = Number(row?.longest_ns ?? Infinity);
    const idsOf = new Map<DictionaryCondition, readonly string[] | undefined>(
      parts.map((part, n) => [part, row?.[`ids_${n}`]]),
    );
    const known = withIds(condition, (part) => {
      const ids = idsOf.get(part);
      return ids === undefined || ids.length > maxKnownIds ? undefined : ids;
    });
    if (this.question.isNewest && known.is === 'dictionary' && known.table === 'operation') {
      const indexed = row?.indexed_operations ?? 0;
      this.operations = known.ids !== undefined && known.ids.length <= indexed ? known.ids : undefined;
    }
    return known;
  }

  /** Looks at some blocks. @returns false when there are no more */
  private async read(condition: SearchCondition, portion: number): Promise<boolean> {
    const { behind, isNewest, startMin, startMinNanos, startMax, startMaxNanos } = this.question;
    const settled = this.settled().map(({ traceId }) => traceId);
    const isBehind = isNewest && behind !== undefined && behind.position < startMax;
    const latest = isBehind ? behind.position : startMax;
    const highest = isNewest ? latest + usPerHour + 1n : unlimited;
    const below = this.reached < highest ? this.reached : highest;
    const parameters = new SqlParameters([
      timestampOf(startMin),
      timestampOf(latest),
      isNewest ? timestampOf(below) : below - 1n,
      portion,
      [...settled, ...this.passed],
      startMinNanos,
      isBehind ? nsPerUs : startMaxNanos,
    ]);
    const text = this.statement(condition, portion, parameters);
    const rows = await this.connection.query<PortionRow>(text, parameters.values);
    await this.note(condition, rows);
    const reached = rows[0]?.reached ?? null;
    this.isRare ||= rows[0]?.is_rare === true;
    this.reached = reached === null ? 0n : BigInt(reached);
    return reached !== null;
  }

  private statement(condition: SearchCondition, portion: number, parameters: SqlParameters): string {
    const { isNewest } = this.question;
    if (this.operations !== undefined) {
      parameters.add(this.operations, 'int8[]');
      return findOfOperations;
    }
    if (isNewest) parameters.add(this.isRare ? 0 : portion * mostLeftOut, 'int8');
    return filled(isNewest ? findNewest : findSlowest, {
      // Of what is found out first it expects that it leaves next to nothing to go through.
      since: this.isRare ? '$1::timestamptz' : 'greatest($1::timestamptz, (SELECT reached FROM gone_through))',
      block: blockSql(condition, this.isRare, this.longestNs, parameters) ?? 'true',
      row: rowSql(this.notAbove(condition), parameters),
      duration: durationSql,
    });
  }

  /** Leaves out spans that are slower than the last page's slowest, which their traces have their place by. */
  private notAbove(condition: SearchCondition): SearchCondition {
    const { behind, isNewest } = this.question;
    if (isNewest || behind === undefined) return condition;
    const notSlower = {
      is: 'nanos',
      level: 'span',
      field: 'span.duration',
      operator: 'lte',
      nanos: behind.position,
    } as const;
    return { is: 'and', conditions: [condition, notSlower] };
  }

  private async note(condition: SearchCondition, rows: readonly PortionRow[]): Promise<void> {
    const { behind } = this.question;
    const fresh: FoundTrace[] = [];
    for (const row of rows) {
      if (row.trace_id === null || row.position === null) continue;
      const trace = { traceId: traceIdOf(row.trace_id), position: BigInt(row.position) };
      if (behind !== undefined && compareFound(trace, behind) <= 0) {
        this.found.delete(trace.traceId);
        this.passed.add(trace.traceId);
        continue;
      }
      const known = this.found.get(trace.traceId);
      if (known === undefined) fresh.push(trace);
      if (known === undefined || known.position < trace.position) this.found.set(trace.traceId, trace);
    }
    if (behind === undefined || fresh.length === 0) return;
    for (const traceId of await this.findPassed(condition, behind, fresh)) {
      this.found.delete(traceId);
      this.passed.add(traceId);
    }
  }

  /** Those that were on an earlier page. */
  private async findPassed(
    condition: SearchCondition,
    behind: FoundTrace,
    traces: readonly FoundTrace[],
  ): Promise<readonly string[]> {
    const { isNewest, startMin, startMinNanos, startMax, startMaxNanos } = this.question;
    const parameters = new SqlParameters([
      timestampOf(isNewest ? behind.position + 1n : startMin),
      timestampOf(startMax),
      traces.map(({ traceId }) => traceId),
      isNewest ? '-1' : behind.position.toString(),
      isNewest ? 0n : startMinNanos,
      startMaxNanos,
    ]);
    const text = filled(findPassed, { row: rowSql(condition, parameters), duration: durationSql });
    const rows = await this.connection.query<{ trace_id: string }>(text, parameters.values);
    return rows.map((row) => traceIdOf(row.trace_id));
  }
}

/** Puts conditions where a statement leaves room for them. */
function filled(text: string, parts: Readonly<Record<string, string>>): string {
  // The comment that explains them is left as it is.
  return text.replaceAll(/^(?!--)(.*?)$/gm, (line) =>
    line.replaceAll(/\{\{(\w+)\}\}/g, (_, name: string) => parts[name] ?? 'true'),
  );
}
