import { Inject, Injectable, type OnApplicationShutdown } from '@nestjs/common';
import pg, { type QueryResultRow } from 'pg';
import { noteBackendPid } from '../database/database-session.js';
import { readSqlFile } from '../sql-file.js';
import { TRACESTORE_CONFIG, type TracestoreConfig } from '../config/tracestore.config.js';
import { cancelStatement } from '../database/cancel-statement.js';
import { errorKinds } from '../errors/error-kinds.js';
import { queryErrorOf } from '../errors/query-error-of.js';
import { TracestoreError } from '../errors/tracestore-error.js';

const prepareSession = readSqlFile(import.meta.url, 'prepare-session.sql');

/** How long a question waits for a free connection, and a new connection for the server. */
const connectTimeoutMs = 5_000;

/** A reader that takes nothing for so long loses its transaction, which keeps the database from cleaning up. */
const idleTransactionTimeoutMs = 60_000;

/** What questions need of the configuration. */
export type QueryDatabaseConfig = Pick<TracestoreConfig, 'databaseUrl' | 'queryConnections' | 'queryTimeoutMs'>;

/**
 * How long an answer's reader may take before its connection can be taken away. A client that keeps up takes a part
 * of an answer in less.
 */
const readerGraceMs = 100;

/** A connection that one question has to itself. Statements that are sent without waiting are done in their order. */
export interface QueryConnection {
  /** @throws TracestoreError */
  query<Row extends QueryResultRow>(text: string, values?: readonly unknown[]): Promise<readonly Row[]>;
  /**
   * Says that no statement runs and none follows until a client has taken what it was given. When others wait for a
   * connection, `giveBack` is called soon: it has to end the transaction and release the connection.
   *
   * @returns to be called when the client is back; false when the connection was given back
   */
  lend(giveBack: () => void): () => boolean;
  /** To be called once, whatever happened. */
  release(): void;
}

/**
 * The connections of those who ask: apart from the writers', limited in number, read-only, and each statement limited in
 * time. Whoever no longer waits says so by an AbortSignal; the server then stops too.
 */
@Injectable()
export class QueryDatabaseService implements OnApplicationShutdown {
  /** How long the database may work on one statement; a question of several may take as long in all. */
  readonly timeoutMs: number;
  private readonly connection: pg.ClientConfig;
  private readonly pool: pg.Pool;
  /** Of connections whose clients have not come back yet, the longest ago first: how to get them. */
  private readonly lent = new Map<() => void, number>();
  private reclaiming: NodeJS.Timeout | undefined;
  private inUse = 0;
  private readonly places: Places;

  constructor(@Inject(TRACESTORE_CONFIG) config: QueryDatabaseConfig) {
    this.timeoutMs = config.queryTimeoutMs;
    this.connection = {
      connectionString: config.databaseUrl,
      connectionTimeoutMillis: connectTimeoutMs,
      application_name: 'tracestore query',
      keepAlive: true,
    };
    const session = [String(config.queryTimeoutMs), String(idleTransactionTimeoutMs)];
    this.pool = new pg.Pool({
      ...this.connection,
      pipeline: true,
      max: config.queryConnections,
      onConnect: async (client) => {
        // A connection that breaks also fails the query in flight; the event itself says nothing new.
        client.on('error', () => undefined);
        const { rows } = await client.query<{ pid: number }>(prepareSession, session);
        if (rows[0] !== undefined) noteBackendPid(client, rows[0].pid);
      },
    });
    this.pool.on('error', () => undefined);
    this.places = new Places(Math.max(1, config.queryConnections - 1));
  }

  async onApplicationShutdown(): Promise<void> {
    await this.pool.end();
  }

  /**
   * One statement on any connection.
   *
   * @param values the parameters; nothing that a user gave is ever part of the text
   * @throws TracestoreError
   */
  async query<Row extends QueryResultRow>(
    text: string,
    values: readonly unknown[],
    signal: AbortSignal | undefined,
  ): Promise<readonly Row[]> {
    const connection = await this.acquire(signal);
    try {
      return await connection.query<Row>(text, values);
    } finally {
      connection.release();
    }
  }

  /**
   * A connection for a question that takes several statements. When the signal comes, the statement that runs is
   * cancelled at the server, and every later one fails. All of these together leave a connection for questions of one
   * statement.
   *
   * @throws TracestoreError `busy` when none comes free in time, `unavailable` when the database is away
   */
  async connect(signal: AbortSignal | undefined): Promise<QueryConnection> {
    requireWaiting(signal);
    await this.places.take(() => this.reclaim(), signal);
    try {
      const connection = await this.acquire(signal);
      let isReleased = false;
      return {
        ...connection,
        release: () => {
          if (isReleased) return;
          isReleased = true;
          connection.release();
          this.places.giveBack();
        },
      };
    } catch (error) {
      this.places.giveBack();
      throw error;
    }
  }

  /** A connection for any question, which has its place already. @throws TracestoreError as `connect` */
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
    const onAbort = (): void => {
      // Never to be used again: the cancellation may arrive when the statement is over.
      broken = true;
      if (underWay > 0) void cancelStatement(this.connection, client);
    };
    signal?.addEventListener('abort', onAbort, { once: true });
    return {
      query: async <Row extends QueryResultRow>(text: string, values: readonly unknown[] = []) => {
        requireWaiting(signal);
        underWay += 1;
        try {
          return (await client.query<Row>(text, [...values])).rows;
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
        client.release(broken || underWay > 0);
      },
    };
  }

  /** Gets connections back for those who wait for one, from readers that have had their time. */
  private reclaim(): void {
    if (this.reclaiming !== undefined) return;
    let missing = this.pool.waitingCount + this.places.waiting;
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

/** Places for questions of several statements, given in the order in which they are asked for. */
class Places {
  private readonly queue = new Set<() => void>();

  constructor(private free: number) {}

  /** How many wait for one. */
  get waiting(): number {
    return this.queue.size;
  }

  /**
   * @param onWait called when there is none at once
   * @throws TracestoreError `busy`, or `cancelled` when the signal comes
   */
  async take(onWait: () => void, signal: AbortSignal | undefined): Promise<void> {
    if (this.free > 0) {
      this.free -= 1;
      return;
    }
    await new Promise<void>((resolve, reject) => {
      const settle = (failure?: TracestoreError): void => {
        clearTimeout(late);
        signal?.removeEventListener('abort', onAbort);
        this.queue.delete(next);
        if (failure === undefined) resolve();
        else reject(failure);
      };
      const next = (): void => settle();
      const onAbort = (): void =>
        settle(new TracestoreError(errorKinds.cancelled, undefined, { cause: signal?.reason }));
      const late = setTimeout(() => settle(new TracestoreError(errorKinds.busy)), connectTimeoutMs);
      signal?.addEventListener('abort', onAbort, { once: true });
      this.queue.add(next);
      onWait();
    });
  }

  giveBack(): void {
    const [next] = this.queue;
    if (next === undefined) this.free += 1;
    else next();
  }
}

function requireWaiting(signal: AbortSignal | undefined): void {
  if (signal?.aborted === true) throw new TracestoreError(errorKinds.cancelled, undefined, { cause: signal.reason });
}
