import { Inject, Injectable, Logger, type OnApplicationShutdown, type OnModuleInit } from '@nestjs/common';
import pg from 'pg';
import { compareClocks } from '../lifecycle/database-clock.js';
import { retentionOf } from '../lifecycle/lifecycle.config.js';
import { noteConfiguredRetention, withRequestedRetention } from '../lifecycle/requested-retention.js';
import { TRACESTORE_CONFIG, type TracestoreConfig } from '../tracestore.config.js';
import { classifyFailure, DatabaseUnavailableError } from './database-failure.js';
import {
  type DatabaseCapabilities,
  describeCapabilities,
  installTimescale,
  probeCapabilities,
} from './capabilities.js';
import { makeReaderRole, migrate, MigrationError } from './migration.js';
import { addMissingPartitions, timedTables } from './partitions.js';

const retryMs = 1_000;
const connectTimeoutMs = 5_000;

/** How long the server may work on one statement before it gives up. */
const statementTimeoutMs = 30_000;

/** Something that an operator should know. */
export interface OperatorWarning {
  readonly message: string;
  /** SQL that mends it, to be run in the database of the store. */
  readonly statement?: string;
}

/**
 * The pool of connections and what is known of the database behind it: it is used only when it is reachable and
 * migrated. It may come late, go, and come back, even empty: in the background this service tries until it is as it
 * should be, and until then everyone is told so at once instead of waiting.
 */
@Injectable()
export class DatabaseService implements OnModuleInit, OnApplicationShutdown {
  private readonly logger = new Logger(DatabaseService.name);
  private readonly connection: pg.ClientConfig;
  private readonly pool: pg.Pool;
  private unreadyBecause: string | undefined = 'The database has not been reached yet';
  private preparing: Promise<void> | undefined;
  private readonly stop = new AbortController();
  private generation = 0;
  private found: DatabaseCapabilities | undefined;
  private knownEpoch = 0;
  private readonly notedWarnings = new Map<string, OperatorWarning>();

  constructor(@Inject(TRACESTORE_CONFIG) private readonly config: TracestoreConfig) {
    this.connection = {
      connectionString: config.databaseUrl,
      connectionTimeoutMillis: connectTimeoutMs,
      application_name: 'tracestore',
      keepAlive: true,
    };
    this.pool = new pg.Pool({
      ...this.connection,
      max: config.databaseConnections,
      statement_timeout: statementTimeoutMs,
      idle_in_transaction_session_timeout: statementTimeoutMs,
    });
    // A connection that breaks says so twice: to the query in flight and by an event. Without a listener, an event
    // between two queries of a transaction would end the process.
    this.pool.on('connect', (client) => client.on('error', () => undefined));
    // An idle connection that breaks is the pool's to replace.
    this.pool.on('error', (error) => this.noteFailure(error));
  }

  /**
   * Tries once; a database that is away is waited for in the background.
   *
   * @throws MigrationError when the database and this build don't belong together
   */
  async onModuleInit(): Promise<void> {
    try {
      await this.prepare();
    } catch (error) {
      if (error instanceof MigrationError || classifyFailure(error) === 'refused') throw error;
      this.unready(error);
    }
  }

  /** Ends every connection once it is free. */
  async onApplicationShutdown(): Promise<void> {
    this.stop.abort();
    await this.preparing;
    await this.pool.end();
  }

  /** What the database can do; undefined until it was reached. */
  get capabilities(): DatabaseCapabilities | undefined {
    return this.found;
  }

  /**
   * Counts how often the database was found as it should be, and its epochs. What was remembered of its content under
   * another number is void: it may be another database, and the lifecycle removes what was not written for long.
   */
  get readyGeneration(): number {
    return this.generation;
  }

  /** The epoch of the database's dictionaries, as far as it is known here: what is remembered of them is of this epoch. */
  get epoch(): number {
    return this.knownEpoch;
  }

  /** To be told of the epoch whenever it was read. */
  noteEpoch(epoch: number): void {
    if (epoch === this.knownEpoch) return;
    this.knownEpoch = epoch;
    this.generation += 1;
  }

  /**
   * Reads the epoch again, as the database has refused a transaction for it.
   *
   * @throws DatabaseUnavailableError as `connect` does; DatabaseError of pg
   */
  async refreshEpoch(): Promise<void> {
    const client = await this.connect();
    let failure: Error | undefined;
    try {
      this.noteEpoch((await compareClocks(client)).epoch);
    } catch (cause) {
      failure = cause instanceof Error ? cause : new Error(String(cause));
      throw cause;
    } finally {
      client.release(failure);
    }
  }

  /**
   * Notes something that an operator should know although the store works; it replaces what was noted under the code.
   *
   * @param code stable, in kebab-case
   * @param warning undefined when it is over
   */
  noteWarning(code: string, warning: OperatorWarning | undefined): void {
    if (warning === undefined) this.notedWarnings.delete(code);
    else this.notedWarnings.set(code, warning);
  }

  /** What was noted and is not over. */
  warnings(): readonly (OperatorWarning & { readonly code: string })[] {
    return [...this.notedWarnings].map(([code, warning]) => ({ code, ...warning }));
  }

  /**
   * A connection to a migrated database. The caller releases it, with the error if there was one.
   *
   * @throws DatabaseUnavailableError at once when the database isn't ready, or when no connection comes free in time
   */
  async connect(): Promise<pg.PoolClient> {
    if (this.unreadyBecause !== undefined) throw new DatabaseUnavailableError(this.unreadyBecause);
    try {
      return await this.pool.connect();
    } catch (cause) {
      this.noteFailure(cause);
      throw new DatabaseUnavailableError('No connection to the database', { cause });
    }
  }

  /**
   * A connection to a migrated database outside of the pool, for the lifecycle; the caller ends it.
   *
   * @throws DatabaseUnavailableError when the database isn't ready or doesn't answer
   */
  async connectAside(): Promise<pg.Client> {
    if (this.unreadyBecause !== undefined) throw new DatabaseUnavailableError(this.unreadyBecause);
    const client = new pg.Client({ ...this.connection, application_name: 'tracestore lifecycle' });
    client.on('error', () => undefined);
    try {
      await client.connect();
      return client;
    } catch (cause) {
      this.noteFailure(cause);
      throw new DatabaseUnavailableError('No connection to the database', { cause });
    }
  }

  /**
   * The readiness of the service.
   *
   * @throws DatabaseUnavailableError with the reason why the database can't be used
   */
  async check(): Promise<void> {
    const client = await this.connect();
    let failure: Error | undefined;
    try {
      await client.query('SELECT 1');
    } catch (cause) {
      failure = cause instanceof Error ? cause : new Error(String(cause));
      this.noteFailure(cause);
      throw new DatabaseUnavailableError('The database does not answer', { cause });
    } finally {
      client.release(failure);
    }
  }

  /** To be told of every failure of a query, so that a database that went away is waited for. */
  noteFailure(error: unknown): void {
    if (this.unreadyBecause === undefined && classifyFailure(error) === 'away') this.unready(error);
  }

  private unready(error: unknown): void {
    const reason = error instanceof Error ? error.message || error.name : String(error);
    if (this.unreadyBecause === undefined || this.preparing === undefined) {
      this.logger.warn(`The database is not ready: ${reason}`);
    }
    this.unreadyBecause = `The database is not ready: ${reason}`;
    this.preparing ??= this.prepareUntilReady().finally(() => {
      this.preparing = undefined;
    });
  }

  private async prepareUntilReady(): Promise<void> {
    while (!this.stop.signal.aborted) {
      try {
        await this.prepare();
        return;
      } catch (error) {
        const reason = error instanceof Error ? error.message || error.name : String(error);
        if (error instanceof MigrationError) this.logger.error(reason);
        this.unreadyBecause = `The database is not ready: ${reason}`;
      }
      await sleep(retryMs, this.stop.signal);
    }
  }

  /** On a connection of its own: it may wait long for another process that migrates, and never for a busy pool. */
  private async prepare(): Promise<void> {
    const client = new pg.Client(this.connection);
    // Every query in flight fails with the connection; the event itself says nothing new.
    client.on('error', () => undefined);
    try {
      await client.connect();
      const withoutTimescale = await installTimescale(client);
      const { applied, readerIsReady } = await migrate(client);
      await noteConfiguredRetention(client, this.config.lifecycle);
      this.found = await probeCapabilities(client);
      await this.addPartitions(client);
      this.knownEpoch = (await compareClocks(client)).epoch;
      this.generation += 1;
      this.unreadyBecause = undefined;
      this.logger.log(
        `The database is ready: ${describeCapabilities(this.found)}${applied.length === 0 ? '' : `; applied ${applied.join(', ')}`}`,
      );
      if (withoutTimescale !== undefined) this.logger.log(`TimescaleDB is not used: ${withoutTimescale}`);
      if (!readerIsReady) {
        this.logger.warn(
          `The role ps_trace_reader is missing or lacks rights or settings. An administrator can run:\n${makeReaderRole}`,
        );
      }
    } finally {
      await client.end().catch(() => undefined);
    }
  }

  /** Before the first span comes, so that it need not be moved. Without them the default partition takes all. */
  private async addPartitions(client: pg.Client): Promise<void> {
    try {
      await client.query('SET lock_timeout = 5000');
      const lifecycle = await withRequestedRetention(client, this.config.lifecycle);
      for (const table of timedTables) {
        await addMissingPartitions(client, table, retentionOf(table, lifecycle));
      }
    } catch (error) {
      if (classifyFailure(error) === 'away') throw error;
      this.logger.warn(`Partitions are added later: ${error instanceof Error ? error.message : String(error)}`);
    }
  }
}

/** Resolves after a while, or at once when the signal comes. */
async function sleep(milliseconds: number, signal: AbortSignal): Promise<void> {
  if (signal.aborted) return;
  await new Promise<void>((resolve) => {
    const done = (): void => {
      clearTimeout(timer);
      signal.removeEventListener('abort', done);
      resolve();
    };
    const timer = setTimeout(done, milliseconds);
    signal.addEventListener('abort', done, { once: true });
  });
}
