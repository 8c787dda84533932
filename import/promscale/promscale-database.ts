import { importBuilt } from '@spandrel/embedded/built-tracestore';
import type { OtlpAttribute } from '@spandrel/trace-files';
import pg from 'pg';
import { ImportError } from '../otlp-sender.ts';
import { valueOfJson } from './tag-value.ts';

type Sql = typeof import('../../apps/tracestore/src/sql.ts');

/** A row of the cursor over spans: see declare-spans.sql. */
export interface SpanRow {
  readonly trace_id: string;
  readonly span_id: string;
  readonly parent_span_id: string | null;
  readonly name: string | null;
  readonly kind: string | null;
  readonly service_name: string | null;
  readonly start_us: string;
  readonly end_us: string;
  readonly trace_state: string;
  readonly span_tags: string;
  readonly resource_tags: string;
  readonly dropped_tags: number;
  readonly dropped_events: number;
  readonly dropped_links: number;
  readonly resource_dropped_tags: number;
  readonly status_code: string;
  readonly status_message: string;
  readonly has_events: boolean;
  readonly first_event_us: string | null;
  readonly last_event_us: string | null;
  readonly scope_name: string | null;
  readonly scope_version: string | null;
  readonly scope_schema_url: string | null;
  readonly resource_schema_url: string | null;
  readonly events: readonly EventRow[] | null;
  readonly links: readonly LinkRow[] | null;
}

/** Ids of tags by ids of their keys. */
export type TagMap = Readonly<Record<string, number>>;
export type EventRow = readonly [number: number, timeUs: string, name: string, tags: TagMap, droppedTags: number];
export type LinkRow = readonly [
  number: number,
  spanStartUs: string,
  traceId: string,
  spanId: string,
  traceState: string,
  tags: TagMap,
  droppedTags: number,
];

/** Rows of a FETCH. They are part of the positions of an import. */
export const pageRows = 1_000;

/** The tags that are kept, by the characters of their values and some more for each. */
const maxTagCharacters = 32 * 1024 * 1024;
const tagOverhead = 200;

/** Reads the tables of Promscale. One statement runs at a time. */
export class PromscaleDatabase {
  private readonly tags = new Map<string, OtlpAttribute>();
  private tagCharacters = 0;

  private readonly client: pg.Client;
  private readonly sql: ReturnType<typeof statementsOf>;
  private readonly hasChunks: boolean;

  private constructor(client: pg.Client, sql: ReturnType<typeof statementsOf>, hasChunks: boolean) {
    this.client = client;
    this.sql = sql;
    this.hasChunks = hasChunks;
  }

  /**
   * Connects.
   *
   * @throws ImportError if the database is not one of Promscale 0.15 to 0.17
   */
  static async connect(url: string): Promise<PromscaleDatabase> {
    const client = new pg.Client({ connectionString: url, application_name: 'spandrel-import' });
    // A lost connection fails the statement that runs.
    client.on('error', () => undefined);
    await client.connect();
    try {
      const sql = statementsOf(await importBuilt<Sql>('sql'));
      await client.query("SET TimeZone = 'UTC'");
      await client.query('SET default_transaction_read_only = on');
      const { rows } = await client.query<{
        readonly has_spans: boolean;
        readonly extension_version: string | null;
        readonly has_words: boolean;
        readonly has_chunks: boolean;
      }>(sql.version.text);
      const [found] = rows;
      if (found?.has_spans !== true)
        throw new ImportError('the database has no table _ps_trace.span: it is not one of Promscale');
      if (!found.has_words) {
        throw new ImportError(
          `the tables are those of an older Promscale (extension ${found.extension_version ?? 'none'}): upgrade it to 0.15 or later first`,
        );
      }
      return new PromscaleDatabase(client, sql, found.has_chunks);
    } catch (error) {
      await client.end();
      throw error;
    }
  }

  /** The hours that may have spans, in ms since the epoch, in order. */
  async hours(fromMs: number, untilMs: number): Promise<readonly number[]> {
    const statement = this.hasChunks ? this.sql.hoursOfChunks : this.sql.hours;
    const { rows } = await this.client.query<{ readonly hour_ms: string }>(
      statement.bind({ from_ms: String(fromMs), until_ms: String(untilMs) }),
    );
    return rows.map(({ hour_ms: hourMs }) => Number(hourMs));
  }

  /**
   * The spans that start in a range of time, in pages of `pageRows`, from one snapshot of the database.
   *
   * @param skippedPages how many pages to leave out
   */
  async *spans(fromMs: number, untilMs: number, skippedPages: number): AsyncGenerator<readonly SpanRow[]> {
    const range = { from: new Date(fromMs).toISOString(), until: new Date(untilMs).toISOString() };
    const { sql, client } = this;
    await client.query('BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY');
    try {
      const { rows } = await client.query<{ readonly first_time: string; readonly last_time: string }>(
        sql.eventTimes.bind(range),
      );
      const { first_time = range.from, last_time = range.until } = rows[0] ?? {};
      await client.query(sql.declareSpans.bind({ ...range, first_time, last_time }));
      if (skippedPages > 0) await client.query(sql.skipSpans.bind({ count: sql.integer(skippedPages * pageRows) }));
      for (;;) {
        const page = await client.query<SpanRow>(sql.fetchSpans.bind({ count: sql.integer(pageRows) }));
        if (page.rows.length > 0) yield page.rows;
        if (page.rows.length < pageRows) return;
      }
    } finally {
      await client.query('ROLLBACK').catch(() => undefined);
    }
  }

  /** The events of spans, by trace id and span id, wherever their times are. */
  async events(spans: readonly SpanRow[]): Promise<ReadonlyMap<string, readonly EventRow[]>> {
    const { rows } = await this.client.query<{
      readonly trace_id: string;
      readonly span_id: string;
      readonly events: readonly EventRow[];
    }>(
      this.sql.events.bind({
        trace_ids: spans.map(({ trace_id: id }) => id),
        span_ids: spans.map(({ span_id: id }) => id),
      }),
    );
    return new Map(rows.map((row) => [`${row.trace_id} ${row.span_id}`, row.events]));
  }

  /**
   * The attributes of tags.
   *
   * @returns by id; without those that the database does not have
   */
  async attributes(ids: ReadonlySet<string>): Promise<ReadonlyMap<string, OtlpAttribute>> {
    const found = new Map<string, OtlpAttribute>();
    const missing: string[] = [];
    for (const id of ids) {
      const known = this.tags.get(id);
      if (known === undefined) missing.push(id);
      else found.set(id, known);
    }
    if (missing.length === 0) return found;
    if (this.tagCharacters > maxTagCharacters) {
      this.tags.clear();
      this.tagCharacters = 0;
    }
    const { rows } = await this.client.query<{ readonly id: string; readonly key: string; readonly value: string }>(
      this.sql.tags.bind({ ids: missing }),
    );
    for (const { id, key, value } of rows) {
      const attribute = { key, value: valueOfJson(value) };
      found.set(id, attribute);
      this.tags.set(id, attribute);
      this.tagCharacters += key.length + value.length + tagOverhead;
    }
    return found;
  }

  close(): Promise<void> {
    return this.client.end();
  }
}

function statementsOf({ readSql, integer }: Sql) {
  const at = import.meta.url;
  type Count = { readonly count: ReturnType<typeof integer> };
  return {
    integer,
    version: readSql(at, 'read-version.sql'),
    hours: readSql<{ readonly from_ms: string; readonly until_ms: string }>(at, 'find-hours.sql'),
    hoursOfChunks: readSql<{ readonly from_ms: string; readonly until_ms: string }>(at, 'find-hours-of-chunks.sql'),
    eventTimes: readSql<{ readonly from: string; readonly until: string }>(at, 'read-event-times.sql'),
    declareSpans: readSql<{
      readonly from: string;
      readonly until: string;
      readonly first_time: string;
      readonly last_time: string;
    }>(at, 'declare-spans.sql'),
    fetchSpans: readSql<Count>(at, 'fetch-spans.sql'),
    skipSpans: readSql<Count>(at, 'skip-spans.sql'),
    events: readSql<{ readonly trace_ids: readonly string[]; readonly span_ids: readonly string[] }>(
      at,
      'read-events.sql',
    ),
    tags: readSql<{ readonly ids: readonly string[] }>(at, 'read-tags.sql'),
  };
}
