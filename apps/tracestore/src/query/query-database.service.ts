import { Inject, Injectable, type OnApplicationShutdown } from '@nestjs/common';
import pg, { type QueryResultRow } from 'pg';
import { noteBackendPid } from '../database/database-session.js';
import { begin, type BoundStatement, commit, readSql } from '../sql.js';
import { TRACESTORE_CONFIG, type TracestoreConfig } from '../config/tracestore.config.js';
import { cancelStatement } from '../database/cancel-statement.js';
import { errorKinds } from '../errors/error-kinds.js';
import { queryErrorOf } from '../errors/query-error-of.js';
import { TracestoreError } from '../errors/tracestore-error.js';
import { keepPlans, preparedIfRepeated } from './prepared-statements.js';
import { DictionaryEntries } from './get-traces/dictionary-entries.js';
import { ResponseMemory, type ResponseReservation } from './response-memory.js';
import { rowsWithin } from './rows-within.js';
import { SharedLists } from './shared-lists.js';
import { queueTimeoutMs, Slots } from './slots.js';

const prepareSession = readSql<{
  readonly statement_timeout_ms: string;
  readonly idle_in_transaction_timeout_ms: string;
}>(import.meta.url, 'prepare-session.sql');

/** A transaction whose reader takes nothing for this long is ended, because it keeps vacuum from removing rows. */
const idleTransactionTimeoutMs = 60_000;

/** How long a list is known to be too long. Then its length is found out again. */
const longListsMs = 60_000;

/** A connection that has prepared more statements is closed, with the memory of their plans. */
const mostPrepared = 48;

/** The part of the configuration that queries need. */
export type QueryDatabaseConfig = Pick<TracestoreConfig, 'databaseUrl' | 'queryConnections' | 'queryTimeoutMs'>;

/** How long the reader of a result may take before its connection can be taken away. A client that keeps up needs less. */
const readerGraceMs = 100;

/** A connection for one query. Statements run in the order in which they are sent. */
export interface QueryConnection {
  /**
   * @param memory that the rows take; without it, rows must be few and small
   * @throws TracestoreError
   */
  query<Row extends QueryResultRow>(statement: BoundStatement, memory?: ResponseReservation): Promise<readonly Row[]>;
  /**
   * Lend the connection while a client reads a part of the result. No statement may run until then. When other queries wait for
   * a connection, `giveBack` is called: it must end the transaction and release the connection.
   *
   * @returns a function to call when the client asks for more; it returns false when the connection was given back
   */
  lend(giveBack: () => void): () => boolean;
  /** Release the connection. Call it once, also after an error. */
  release(): void;
}

/**
 * The connections for queries, apart from those of the writer: limited in number, read-only, with a time limit for each
 * statement. An AbortSignal cancels a query, also in the server.
 */
@Injectable()
export class QueryDatabaseService implements OnApplicationShutdown {
  /** How long the database may work on one statement, and a query of several statements in all. */
  readonly timeoutMs: number;
  /** The memory of all responses that are made of rows. */
  readonly memory = new ResponseMemory();
  /** The entries of dictionaries that responses share. */
  readonly entries = new DictionaryEntries();
  private readonly connection: pg.ClientConfig;
  private readonly pool: pg.Pool;
  /** What gives lent connections back, with the time they were lent; the oldest first. */
  private readonly lent = new Map<() => void, number>();
  private readonly prepared = new WeakMap<pg.PoolClient, Set<string>>();
  private reclaiming: NodeJS.Timeout | undefined;
  private inUse = 0;
  private readonly slots: Slots;
  private readonly lists = new SharedLists();
  private readonly longLists = new RecentSet(longListsMs);

  constructor(@Inject(TRACESTORE_CONFIG) config: QueryDatabaseConfig) {
    this.timeoutMs = config.queryTimeoutMs;
    this.connection = {
      connectionString: config.databaseUrl,
      connectionTimeoutMillis: queueTimeoutMs,
      application_name: 'tracestore query',
      keepAlive: true,
    };
    const session = prepareSession.bind({
      statement_timeout_ms: String(config.queryTimeoutMs),
      idle_in_transaction_timeout_ms: String(idleTransactionTimeoutMs),
    });
    this.pool = new pg.Pool({
      ...this.connection,
      pipeline: true,
      max: config.queryConnections,
      onConnect: async (client) => {
        // A connection that breaks also fails the query in flight; the event itself says nothing new.
        client.on('error', () => undefined);
        const { rows } = await client.query<{ pid: number }>(session);
        if (rows[0] !== undefined) noteBackendPid(client, rows[0].pid);
      },
    });
    this.pool.on('error', () => undefined);
    this.slots = new Slots(Math.max(1, config.queryConnections - 1));
  }

  async onApplicationShutdown(): Promise<void> {
    await this.pool.end();
  }

  /** The use of the connections at this moment. Queries that wait for a slot wait for a connection, too. */
  get poolUsage(): { readonly used: number; readonly idle: number; readonly waiting: number; readonly max: number } {
    const { totalCount, idleCount, waitingCount, options } = this.pool;
    const waiting = waitingCount + this.slots.waiting + this.lists.queued;
    return { used: totalCount - idleCount, idle: idleCount, waiting, max: options.max };
  }

  /**
   * Run one statement on any connection. The caller makes a response of the rows without waiting for anything else: their
   * memory counts until then.
   *
   * @throws TracestoreError
   */
  async query<Row extends QueryResultRow>(
    statement: BoundStatement,
    signal: AbortSignal | undefined,
  ): Promise<readonly Row[]> {
    const connection = await this.acquire(signal);
    const memory = this.memory.open();
    try {
      return await connection.query<Row>(statement, memory);
    } finally {
      connection.release();
      memory.releaseSoon();
    }
  }

  /**
   * Run a query for a list as long as a dictionary, one at a time: however many clients request lists, other queries have
   * the rest of the database and of the connections. Those who wait for the same list share one query.
   *
   * @param all returns the whole list
   * @param latest returns a part of it instead, if the whole list takes more than `maxBytes`; it costs more
   * @throws TracestoreError
   */
  async queryList<Row extends QueryResultRow>(
    all: BoundStatement,
    latest: BoundStatement,
    maxBytes: number,
    signal: AbortSignal | undefined,
  ): Promise<readonly Row[]> {
    const list = JSON.stringify(all);
    return this.lists.share(
      list,
      async (shared) => {
        const rows = this.longLists.has(list)
          ? undefined
          : await this.queryWithin<Row>(preparedIfRepeated(all), maxBytes, shared);
        if (rows !== undefined) return rows;
        this.longLists.add(list);
        return this.query<Row>(latest, shared);
      },
      signal,
    );
  }

  /** @returns undefined if the rows take more than `maxBytes` */
  private async queryWithin<Row extends QueryResultRow>(
    statement: BoundStatement,
    maxBytes: number,
    signal: AbortSignal | undefined,
  ): Promise<readonly Row[] | undefined> {
    const connection = await this.acquire(signal);
    const memory = this.memory.open();
    let isTooLong = false;
    try {
      return await connection.query<Row>(statement, {
        ...memory,
        grow: (bytes) => {
          isTooLong = memory.bytes + bytes > maxBytes;
          if (isTooLong) throw new TracestoreError(errorKinds.responseTooLarge);
          memory.grow(bytes);
        },
      });
    } catch (error) {
      if (isTooLong) return undefined;
      throw error;
    } finally {
      connection.release();
      memory.releaseSoon();
    }
  }

  /**
   * Get a connection for a query of several statements. The signal cancels the statement that runs, in the server, and later
   * ones fail. One connection is left for queries of one statement.
   *
   * @throws TracestoreError `busy` when none comes free in time, `unavailable` when the database is away
   */
  async connect(signal: AbortSignal | undefined): Promise<QueryConnection> {
    requireWaiting(signal);
    await this.slots.take(() => this.reclaim(), signal);
    try {
      const connection = await this.acquire(signal);
      let isReleased = false;
      return {
        ...connection,
        release: () => {
          if (isReleased) return;
          isReleased = true;
          connection.release();
          this.slots.giveBack();
        },
      };
    } catch (error) {
      this.slots.giveBack();
      throw error;
    }
  }

  /** Get any connection. @throws TracestoreError as `connect` */
  protected async acquire(signal: AbortSignal | undefined): Promise<QueryConnection> {
    requireWaiting(signal);
    let client: pg.PoolClient;
    try {
      const connecting = this.pool.connect();
      this.reclaim();
      client = await connecting;
    } catch (cause) {
      if (this.inUse >= this.pool.options.max) throw new TracestoreError(errorKinds.busy, undefined, { cause });
      throw queryErrorOf(cause, signal);
    }
    if (signal?.aborted === true) {
      client.release();
      requireWaiting(signal);
    }
    this.inUse += 1;
    let underWay = 0;
    let broken = false;
    const prepared = this.preparedOf(client);
    const onAbort = (): void => {
      // The connection is not used again: the cancellation may arrive after the statement has ended.
      broken = true;
      if (underWay > 0) void cancelStatement(this.connection, client);
    };
    signal?.addEventListener('abort', onAbort, { once: true });
    return {
      query: async <Row extends QueryResultRow>(statement: BoundStatement, memory?: ResponseReservation) => {
        requireWaiting(signal);
        underWay += 1;
        try {
          if (statement.name !== undefined) prepared.add(statement.name);
          // Sent without waiting: the server runs them in this order.
          const before = statement.overPartitions ? [client.query(begin), client.query(keepPlans('auto'))] : [];
          const result =
            memory === undefined
              ? client.query<Row>(statement).then(({ rows }) => rows)
              : rowsWithin<Row>(client, statement, memory, () => {
                  broken = true;
                  void cancelStatement(this.connection, client);
                });
          const after = statement.overPartitions ? [client.query(commit)] : [];
          await Promise.allSettled([...before, result, ...after]);
          await Promise.all(before);
          return await result;
        } catch (cause) {
          broken = true;
          throw queryErrorOf(cause, signal);
        } finally {
          underWay -= 1;
        }
      },
      lend: (giveBack) => {
        this.lent.set(giveBack, performance.now());
        this.reclaim();
        return () => this.lent.delete(giveBack);
      },
      release: () => {
        this.inUse -= 1;
        signal?.removeEventListener('abort', onAbort);
        // The server keeps plans for as long as the connection lasts.
        client.release(broken || underWay > 0 || prepared.size > mostPrepared);
      },
    };
  }

  /** The names of the statements that a connection has prepared. */
  private preparedOf(client: pg.PoolClient): Set<string> {
    const known = this.prepared.get(client) ?? new Set();
    this.prepared.set(client, known);
    return known;
  }

  /** Take connections back from readers that are slow, for the queries that wait. */
  private reclaim(): void {
    if (this.reclaiming !== undefined) return;
    let missing = this.pool.waitingCount + this.slots.waiting;
    const nowMs = performance.now();
    for (const [giveBack, sinceMs] of this.lent) {
      if (missing === 0) return;
      const waitMs = sinceMs + readerGraceMs - nowMs;
      if (waitMs > 0) {
        this.reclaiming = setTimeout(() => {
          this.reclaiming = undefined;
          this.reclaim();
        }, waitMs);
        return;
      }
      this.lent.delete(giveBack);
      giveBack();
      missing -= 1;
    }
  }
}

/** Forgets what was added longer than `ms` ago, all at once. */
class RecentSet {
  private readonly values = new Set<string>();
  private beganAtMs = -Infinity;

  constructor(private readonly ms: number) {}

  has(value: string): boolean {
    if (performance.now() - this.beganAtMs > this.ms) this.values.clear();
    return this.values.has(value);
  }

  add(value: string): void {
    if (this.values.size === 0) this.beganAtMs = performance.now();
    this.values.add(value);
  }
}

function requireWaiting(signal: AbortSignal | undefined): void {
  if (signal?.aborted === true) throw new TracestoreError(errorKinds.cancelled, undefined, { cause: signal.reason });
}
