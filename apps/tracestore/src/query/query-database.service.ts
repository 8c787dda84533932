import { Inject, Injectable, type OnApplicationShutdown } from '@nestjs/common';
import pg, { type QueryResultRow } from 'pg';
import { noteBackendPid } from '../schema/database-session.js';
import { readSqlFile } from '../sql-file.js';
import { TRACESTORE_CONFIG, type TracestoreConfig } from '../tracestore.config.js';
import { cancelStatement } from './cancel-statement.js';
import { QueryError, queryErrorOf, queryErrors } from './query-error.js';

const prepareSession = readSqlFile(import.meta.url, 'prepare-session.sql');

/** How long a question waits for a free connection, and a new connection for the server. */
const connectTimeoutMs = 5_000;

/** A reader that takes nothing for so long loses its transaction, which keeps the database from cleaning up. */
const idleTransactionTimeoutMs = 60_000;

/** What questions need of the configuration. */
export type QueryDatabaseConfig = Pick<TracestoreConfig, 'databaseUrl' | 'queryConnections' | 'queryTimeoutMs'>;

/** A connection that one question has to itself. Statements that are sent without waiting are done in their order. */
export interface QueryConnection {
  /** @throws QueryError */
  query<Row extends QueryResultRow>(text: string, values?: readonly unknown[]): Promise<readonly Row[]>;
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
  }

  async onApplicationShutdown(): Promise<void> {
    await this.pool.end();
  }

  /**
   * One statement on any connection.
   *
   * @param values the parameters; nothing that a user gave is ever part of the text
   * @throws QueryError
   */
  async query<Row extends QueryResultRow>(
    text: string,
    values: readonly unknown[],
    signal: AbortSignal | undefined,
  ): Promise<readonly Row[]> {
    const connection = await this.connect(signal);
    try {
      return await connection.query<Row>(text, values);
    } finally {
      connection.release();
    }
  }

  /**
   * A connection for a question that takes several statements. When the signal comes, the statement that runs is
   * cancelled at the server, and every later one fails.
   *
   * @throws QueryError `busy` when none comes free in time
   */
  async connect(signal: AbortSignal | undefined): Promise<QueryConnection> {
    requireWaiting(signal);
    let client: pg.PoolClient;
    try {
      client = await this.pool.connect();
    } catch (cause) {
      // The words of pg-pool for a wait in its own queue: other questions have all connections.
      const isBusy = cause instanceof Error && cause.message === 'timeout exceeded when trying to connect';
      throw isBusy && signal?.aborted !== true
        ? new QueryError(queryErrors.busy, undefined, { cause })
        : queryErrorOf(cause, signal);
    }
    if (signal?.aborted === true) {
      client.release();
      requireWaiting(signal);
    }
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
      release: () => {
        signal?.removeEventListener('abort', onAbort);
        client.release(broken || underWay > 0);
      },
    };
  }
}

function requireWaiting(signal: AbortSignal | undefined): void {
  if (signal?.aborted === true) throw new QueryError(queryErrors.cancelled, undefined, { cause: signal.reason });
}
