import { Inject, Injectable, type OnApplicationShutdown } from '@nestjs/common';
import type { FoldedTime, SqlQuery, WrongSqlPosition } from '@spandrel/console-api';
import { type FoldedStatement, foldTimes, readHints, type RunSql, SqlParser } from '@spandrel/time-folding';
import pg from 'pg';
import { cancelStatement } from '../../database/cancel-statement.js';
import { errorKinds } from '../../errors/error-kinds.js';
import { queryErrorOf } from '../../errors/query-error-of.js';
import { TracestoreError } from '../../errors/tracestore-error.js';
import { begin, commit, type Fragment, listOf, readSql, userSql } from '../../sql.js';
import { limits } from '../../limits.js';
import { noteBackendPid } from '../../database/database-session.js';
import type { ResponseReservation } from '../../query/response-memory.js';
import { rowsWithin } from '../../query/rows-within.js';
import { QueryDatabaseService } from '../../query/query-database.service.js';
import { DatabaseService } from '../../database/database.service.js';
import { TRACESTORE_CONFIG, type TracestoreConfig } from '../../config/tracestore.config.js';
import { type DescribedColumn, describeStatement } from './describe-statement.js';
import { StatementSlots } from './statement-slots.js';

const beginFolding = readSql(import.meta.url, 'begin-folding.sql');
const undoFolding = readSql(import.meta.url, 'undo-folding.sql');
const becomeReaderRole = readSql(import.meta.url, 'become-reader.sql');
const createAsking = readSql(import.meta.url, 'create-asking.sql');
const beginAsking = readSql<{ readonly statement_timeout_ms: string; readonly max_temp_file_kb: string }>(
  import.meta.url,
  'begin-asking.sql',
);
const askFor = readSql<{ readonly statement: string; readonly max_rows: number; readonly max_bytes: number }>(
  import.meta.url,
  'ask.sql',
);
const readCatalogue = readSql(import.meta.url, 'read-catalogue.sql');
const findTypeNames = readSql<{ readonly oids: readonly number[] }>(import.meta.url, 'find-type-names.sql');
const wrap = readSql<{ readonly statement: Fragment; readonly columns: Fragment }>(
  import.meta.url,
  'wrap-statement.sql',
);
const wrapWithoutColumns = readSql<{ readonly statement: Fragment }>(
  import.meta.url,
  'wrap-statement-without-columns.sql',
);
const columnName = readSql<{ readonly name: string }>(import.meta.url, 'column-name.sql');
const explainOnly = readSql<{ readonly statement: Fragment }>(import.meta.url, 'explain.sql');
const explainAnalyze = readSql<{ readonly statement: Fragment }>(import.meta.url, 'explain-analyze.sql');

const connectTimeoutMs = 5_000;

/** How long the server may take to report a timeout. The timeout applies to the parse and to the run of a statement. */
const standstillMs = 10_000;

/** Size of all rows of a result, as JSON. */
export const maxAnswerBytes = limits.sqlAnswerBytes.value;

/** The parser of statements is ended after this time without one. */
const parserIdleMs = 60_000;

/** Partitions of the three tables of spans, in years. */
const maxLines = 10_000;

const maxTempFileKilobytes = String(limits.sqlTempFileBytes.value / 1024);

const maxOperatorCharacters = limits.sqlOperatorCharacters.value;

/** `op_chars` in PostgreSQL's scan.l. */
const operatorCharacters: ReadonlySet<string> = new Set('~!@#^&|`?+-*/%<>=');

/** The number of arguments of a PostgreSQL function, and so of elements of the array of a row. */
const maxColumns = 100;

/** What the sender of a statement should know about how it ran. */
export interface SqlNotes {
  /** Its time expressions that literals replaced. */
  readonly foldedTimes: readonly FoldedTime[];
  /** Why it reads everything that is stored, if it does. */
  readonly hints: readonly string[];
}

/** Rows as JSON: an array each. */
export interface SqlRows extends SqlNotes {
  readonly columns: readonly { readonly name: string; readonly type: string }[];
  readonly rows: readonly string[];
  readonly isTruncated: boolean;
}

/**
 * Runs the SQL statements of users. Each statement runs as ps_trace_reader, in a read-only transaction, on a new
 * connection that is closed afterwards. Its time and the size of its result are limited.
 */
@Injectable()
export class SqlService implements OnApplicationShutdown {
  readonly maxRows: number;
  readonly timeoutMs: number;
  private readonly connection: pg.ClientConfig;
  private readonly pool: pg.Pool;
  private readonly slots: StatementSlots;
  /** The catalogue is read in a moment, and completion must not wait for statements. */
  private readonly catalogueSlot: StatementSlots;
  private readonly parser = new SqlParser({
    maxCharacters: limits.sqlParsedCharacters.value,
    timeoutMs: limits.sqlParseMs.value,
    maxWaiting: limits.sqlStatements.value,
    idleMs: parserIdleMs,
  });

  constructor(
    @Inject(TRACESTORE_CONFIG) { databaseUrl, console }: Pick<TracestoreConfig, 'databaseUrl' | 'console'>,
    private readonly database: DatabaseService,
    private readonly queries: QueryDatabaseService,
  ) {
    this.maxRows = console.sqlMaxRows;
    this.timeoutMs = console.sqlTimeoutMs;
    this.connection = {
      connectionString: databaseUrl,
      connectionTimeoutMillis: connectTimeoutMs,
      application_name: 'tracestore sql',
      keepAlive: true,
    };
    const total = console.sqlConnections;
    const waiting = { waitMs: limits.sqlWaitMs.value, waitingPerClient: limits.sqlWaitingPerClient.value };
    this.slots = new StatementSlots({ total, perClient: Math.max(1, total - 1), ...waiting });
    this.catalogueSlot = new StatementSlots({ total: 1, perClient: 1, ...waiting });
    this.pool = new pg.Pool({ ...this.connection, max: total + 1, maxUses: 1 });
    this.pool.on('connect', (client) => client.on('error', () => undefined));
    this.pool.on('error', () => undefined);
  }

  async onApplicationShutdown(): Promise<void> {
    this.parser.close();
    await this.pool.end();
  }

  /**
   * The rows of a statement, at most `maxRows` of them and `maxAnswerBytes`.
   *
   * @param client who sent the statement; one client never has all connections
   * @throws TracestoreError `wrongSql` for an error in the statement, `noReader`, `timedOut`, `cancelled`, `busy` or
   *   `unavailable`
   */
  rows(sql: string, client: string, signal: AbortSignal): Promise<SqlRows> {
    return this.asReader(this.slots, client, signal, async (client, memory) => {
      const statement = alone(sql);
      const columns = await this.describe(client, statement);
      const run = this.runIn(client, memory);
      const folded = await foldTimes(this.parser, statement, run);
      const plan = async (): Promise<string | undefined> => (await run(explained(folded, 'plan')))?.join('\n');
      const hints = await readHints(folded.sources, plan, run);
      const lines = await this.ask(client, wrapped(folded.sql, columns.length), this.maxRows, memory);
      const { rows: types } = await client.query<{ name: string }>(
        findTypeNames.bind({ oids: columns.map(({ typeOid }) => typeOid) }),
      );
      const rows = lines.slice(0, this.maxRows).filter((line) => line !== null);
      return {
        columns: columns.map(({ name }, n) => ({ name, type: types[n]?.name ?? 'unknown' })),
        rows,
        isTruncated: rows.length < lines.length,
        foldedTimes: folded.folded,
        hints,
      };
    });
  }

  /**
   * The plan of a statement, as JSON.
   *
   * @param analyze whether to run it, and say how it went
   * @throws TracestoreError as `rows`
   */
  plan(
    sql: string,
    explain: Exclude<SqlQuery['explain'], 'no'>,
    client: string,
    signal: AbortSignal,
  ): Promise<SqlNotes & { readonly plan: string }> {
    return this.asReader(this.slots, client, signal, async (client, memory) => {
      const statement = alone(sql);
      await this.describe(client, statement);
      const run = this.runIn(client, memory);
      const folded = await foldTimes(this.parser, statement, run);
      const plan = (await this.ask(client, explained(folded, explain), 1, memory)).join('\n');
      const hints = await readHints(folded.sources, () => Promise.resolve(plan), run);
      return { plan, foldedTimes: folded.folded, hints };
    });
  }

  /** The views and functions of ps_trace, as JSON. @throws TracestoreError as `rows` */
  catalogue(
    client: string,
    signal: AbortSignal,
  ): Promise<{ readonly relations: unknown; readonly functions: unknown }> {
    return this.asReader(this.catalogueSlot, client, signal, async (client) => {
      const { rows } = await client.query<{ relations: unknown; functions: unknown }>(readCatalogue.bind());
      return { relations: rows[0]?.relations ?? [], functions: rows[0]?.functions ?? [] };
    });
  }

  /** The rows of a statement as the database wrote them. A row beyond `maxAnswerBytes` is null. */
  private async ask(
    client: pg.PoolClient,
    statement: string,
    maxRows: number,
    memory: ResponseReservation,
  ): Promise<readonly (string | null)[]> {
    const rows = await rowsWithin<{ line: string | null }>(
      client,
      askFor.bind({ statement, max_rows: maxRows, max_bytes: maxAnswerBytes }),
      memory,
      () => void cancelStatement(this.connection, client),
    );
    return rows.map(({ line }) => line);
  }

  /** Runs small statements of its own as the user's statement runs. One that PostgreSQL refuses leaves no trace. */
  private runIn(client: pg.PoolClient, memory: ResponseReservation): RunSql {
    return async (statement) => {
      await client.query(beginFolding.bind());
      try {
        return await this.ask(client, statement, maxLines, memory);
      } catch (cause) {
        if (statementProblem(cause, undefined) === undefined) throw cause;
        await client.query(undoFolding.bind());
        return undefined;
      }
    };
  }

  private async describe(client: pg.ClientBase, statement: string): Promise<readonly DescribedColumn[]> {
    if (/^\s*(?:explain|show)\b/i.test(statement)) {
      throw new TracestoreError(
        errorKinds.wrongSql,
        'Request a plan with `explain`, and read a setting with current_setting()',
      );
    }
    requireShortOperators(statement);
    requireReading(statement);
    let columns: readonly DescribedColumn[] | undefined;
    try {
      columns = await describeStatement(client, statement);
    } catch (cause) {
      throw statementProblem(cause, statement) ?? cause;
    }
    if (columns === undefined) throw new TracestoreError(errorKinds.wrongSql, readsOnly(''));
    if (columns.length > maxColumns) {
      throw new TracestoreError(
        errorKinds.wrongSql,
        `The result must have at most ${maxColumns} columns, got ${columns.length}`,
      );
    }
    return columns;
  }

  private async asReader<Answer>(
    slots: StatementSlots,
    client: string,
    signal: AbortSignal,
    work: (client: pg.PoolClient, memory: ResponseReservation) => Promise<Answer>,
  ): Promise<Answer> {
    const release = await slots.take(client, signal);
    const memory = this.queries.memory.open();
    try {
      // An administrator may have repaired the part that tracestore must not; then it does the rest.
      if (this.database.readerLack !== undefined) await this.database.checkReader();
      return await this.onConnection(signal, memory, work);
    } catch (error) {
      if (!(error instanceof ReaderError)) throw error;
      await this.database.checkReader();
      const { readerLack } = this.database;
      if (readerLack === undefined) throw new TracestoreError(errorKinds.noReader, error.message, { cause: error });
      const { message, statement } = readerLack;
      const detail = `${message}. An administrator can repair it, without a restart, with: ${statement}`;
      throw new TracestoreError(errorKinds.noReader, detail, { cause: error, extensions: { statement } });
    } finally {
      release();
      memory.releaseSoon();
    }
  }

  private async onConnection<Answer>(
    signal: AbortSignal,
    memory: ResponseReservation,
    work: (client: pg.PoolClient, memory: ResponseReservation) => Promise<Answer>,
  ): Promise<Answer> {
    let client: pg.PoolClient;
    try {
      client = await this.pool.connect();
    } catch (cause) {
      throw queryErrorOf(cause, signal);
    }
    const cancel = (): void => void cancelStatement(this.connection, client);
    // A server that stands still answers neither in time nor to a cancellation: the slot is not its to keep.
    const patience = setTimeout(() => void endOf(client), 2 * this.timeoutMs + standstillMs);
    try {
      if (signal.aborted) throw new TracestoreError(errorKinds.cancelled);
      signal.addEventListener('abort', cancel, { once: true });
      await becomeReader(client, this.timeoutMs);
      return await work(client, memory);
    } catch (cause) {
      if (cause instanceof TracestoreError || cause instanceof ReaderError) throw cause;
      const problem = signal.aborted ? undefined : statementProblem(cause, undefined);
      throw (
        problem ??
        (isLockTimeout(cause)
          ? new TracestoreError(errorKinds.busy, undefined, { cause })
          : queryErrorOf(cause, signal))
      );
    } finally {
      clearTimeout(patience);
      signal.removeEventListener('abort', cancel);
      // Whatever the statement has set or locked goes with the connection.
      client.release(true);
    }
  }
}

/** Ends a connection under the statement that runs on it, which then fails. */
function endOf(client: pg.PoolClient): Promise<void> {
  return (client as pg.PoolClient & Pick<pg.Client, 'end'>).end();
}

/** The session cannot become ps_trace_reader, or that role cannot run statements. */
class ReaderError extends Error {
  override readonly name = 'ReaderError';
}

async function becomeReader(client: pg.ClientBase, timeoutMs: number): Promise<void> {
  try {
    await client.query(begin);
    await client.query(becomeReaderRole.bind());
    await client.query(createAsking.bind());
    await client.query(commit);
    await client.query(begin);
    const { rows } = await client.query<{ pid: number }>(
      beginAsking.bind({ statement_timeout_ms: String(timeoutMs), max_temp_file_kb: maxTempFileKilobytes }),
    );
    if (rows[0] !== undefined) noteBackendPid(client, rows[0].pid);
  } catch (cause) {
    if (!(cause instanceof pg.DatabaseError) || !/^(?:22023|42501|42704)$/.test(cause.code ?? '')) throw cause;
    throw new ReaderError(cause.message, { cause });
  }
}

/** Without semicolons and blanks at its end, which are allowed there and not inside of another statement; in linear time. */
function alone(sql: string): string {
  let end = sql.length;
  while (end > 0 && /[;\s]/.test(sql.charAt(end - 1))) end -= 1;
  return sql.slice(0, end);
}

/**
 * Refuses long runs of operator characters. PostgreSQL's lexer matches `/*`, or an operator, together with all operator
 * characters behind it and gives most of them back (scan.l, `xcstart` and `operator`): quadratic time, in which it checks
 * neither time-outs nor cancellation.
 *
 * @throws Problem 400 when a run has more characters than `limits.sqlOperatorCharacters`
 */
function requireShortOperators(statement: string): void {
  let length = 0;
  for (let index = 0; index < statement.length; index += 1) {
    length = operatorCharacters.has(statement.charAt(index)) ? length + 1 : 0;
    if (length > maxOperatorCharacters) {
      throw new TracestoreError(
        errorKinds.wrongSql,
        `The statement has more than ${maxOperatorCharacters} operator characters in a row`,
      );
    }
  }
}

/**
 * Refuses statements that are not for reading, by their first word. PostgreSQL would refuse them too, but says how to make the
 * views writable. What it takes for a statement without a word, it explains itself.
 *
 * @throws TracestoreError `wrongSql`
 */
function requireReading(statement: string): void {
  // Comments, blanks and parentheses may stand before the first word.
  const before = /[\s(]+|--[^\n]*/y;
  let at = 0;
  for (let last = -1; last !== at;) {
    last = at;
    before.lastIndex = at;
    if (before.test(statement)) at = before.lastIndex;
    else if (statement.startsWith('/*', at)) at = endOfComment(statement, at);
  }
  const first = /[a-z]+(?![a-z\d_$."])/iy;
  first.lastIndex = at;
  const word = first.exec(statement)?.[0].toUpperCase();
  if (word !== undefined && changingWords.has(word)) {
    throw new TracestoreError(errorKinds.wrongSql, readsOnly(word));
  }
}

/** The first words of statements of PostgreSQL that change something. Other words are misspelt, which PostgreSQL says better. */
const changingWords: ReadonlySet<string> = new Set(
  (
    'ANALYZE ALTER BEGIN CALL CHECKPOINT CLOSE CLUSTER COMMENT COMMIT COPY CREATE DEALLOCATE DECLARE DELETE DISCARD DO DROP END ' +
    'EXECUTE FETCH GRANT IMPORT INSERT LISTEN LOAD LOCK MERGE MOVE NOTIFY PREPARE REASSIGN REFRESH REINDEX RELEASE RESET REVOKE ' +
    'SAVEPOINT ROLLBACK SECURITY SET START TRUNCATE UNLISTEN UPDATE VACUUM'
  ).split(' '),
);

/** @param word the first word of the statement; empty if the error is not about it */
function readsOnly(word: string): string {
  const got = word === '' ? '' : `, got ${word}`;
  return `This page reads only: a statement must return rows with SELECT, WITH, VALUES or TABLE${got}`;
}

/** The index after a comment. Comments of SQL can be nested. @param start the index of the comment */
function endOfComment(text: string, start: number): number {
  const marks = /\/\*|\*\//g;
  marks.lastIndex = start;
  let depth = 0;
  for (let mark = marks.exec(text); mark !== null; mark = marks.exec(text)) {
    depth += mark[0] === '/*' ? 1 : -1;
    if (depth === 0) return marks.lastIndex;
  }
  return text.length;
}

/** A statement that explains another. */
function explained({ sql }: FoldedStatement, explain: Exclude<SqlQuery['explain'], 'no'>): string {
  return (explain === 'analyze' ? explainAnalyze : explainOnly).bind({ statement: userSql(sql) }).text;
}

/** Makes a JSON array of each row, whatever its columns are called. */
function wrapped(statement: string, columns: number): string {
  const inner = userSql(statement);
  if (columns === 0) return wrapWithoutColumns.bind({ statement: inner }).text;
  const names = Array.from({ length: columns }, (_, n) => columnName.fragment({ name: `c${n}` }));
  return wrap.bind({ statement: inner, columns: listOf(names) }).text;
}

/** Converts an error in the statement to one for its author; undefined if something else failed. */
function statementProblem(cause: unknown, statement: string | undefined): TracestoreError | undefined {
  // 53, 57, 58 and XX are the server's own troubles, 08 the connection's; but 53400 is a limit that the statement exceeds.
  if (!(cause instanceof pg.DatabaseError) || isLockTimeout(cause)) return undefined;
  if (/^(?:08|53(?!400)|57|58|XX)/.test(cause.code ?? 'XX')) return undefined;
  const position = statement === undefined ? undefined : positionIn(statement, Number(cause.position ?? 0));
  if (isWriting(cause)) return new TracestoreError(errorKinds.wrongSql, readsOnly(''), { cause });
  const place = position === undefined ? '' : ` at line ${position.line}, column ${position.column}`;
  const hint = cause.hint === undefined ? '' : ` (${cause.hint})`;
  return new TracestoreError(errorKinds.wrongSql, `${cause.message}${place}${hint}`, {
    cause,
    ...(position === undefined ? {} : { extensions: { position } }),
  });
}

/** The statement writes to a view, such as in WITH, or to a sequence. */
function isWriting({ code, message }: pg.DatabaseError): boolean {
  return (
    code === '25006' || (code === '55000' && /^cannot (?:insert into|update|delete from|merge into) view/.test(message))
  );
}

/** Another session holds what the statement reads, such as a table whose partition is dropped. */
function isLockTimeout(cause: unknown): boolean {
  return cause instanceof pg.DatabaseError && cause.code === '55P03';
}

/** @param character its position, from 1; 0 if unknown */
function positionIn(statement: string, character: number): WrongSqlPosition | undefined {
  if (character < 1) return undefined;
  const before = Array.from(statement)
    .slice(0, character - 1)
    .join('')
    .split('\n');
  return { line: before.length, column: Array.from(before.at(-1) ?? '').length + 1 };
}
