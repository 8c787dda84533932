import { Inject, Injectable, Logger, type OnApplicationShutdown, type OnModuleInit } from '@nestjs/common';
import type { ReadinessNote, ReadinessReport } from '@spandrel/service';
import pg from 'pg';
import { compareClocks } from './database-clock.js';
import { noteConfiguredRetention, withRequestedRetention } from '../schema/requested-retention.js';
import { TRACESTORE_CONFIG, type TracestoreConfig } from '../config/tracestore.config.js';
import { cancelStatement } from './cancel-statement.js';
import {
  classifyFailure,
  DatabaseUnavailableError,
  problemOf,
  UnsuitableDatabaseError,
} from '../errors/database-failure.js';
import { beginSession } from './database-session.js';
import {
  type DatabaseCapabilities,
  describeCapabilities,
  installTimescale,
  probeCapabilities,
} from '../schema/capabilities.js';
import { FailureEpisode, reasonOf } from './failure-episode.js';
import { LockWaitWatch } from './lock-wait.js';
import { mendReaderRole, migrate } from '../schema/migration.js';
import { addMissingPartitions, retentionOf, timedTables } from '../schema/partitions.js';
import { findLackOfReader, type ReaderLack } from '../schema/reader-role.js';
import { ping, readSql } from '../sql.js';
import { requireSessions } from './transaction-pooling.js';

const setLockTimeout = readSql(import.meta.url, 'set-lock-timeout.sql');

const retryMs = 1_000;
const connectTimeoutMs = 5_000;

/** How long the server may work on one statement, and keep a transaction in which nothing happens. */
const statementTimeoutMs = 30_000;

/** Waits for a lock are bounded by the statement. */
const writerTimeouts = { statementMs: statementTimeoutMs, idleInTransactionMs: statementTimeoutMs, lockMs: 0 };

/** Of a connection aside, until its holder sets others. What is counted in a transaction takes the time of this process. */
const asideTimeouts = { statementMs: statementTimeoutMs, idleInTransactionMs: 600_000, lockMs: 5_000 };

/** Of the connection that migrates: a migration takes the time that it takes. */
const prepareTimeouts = { statementMs: 0, idleInTransactionMs: 0, lockMs: 5_000 };

/** How often it is looked whether an administrator has mended what the role ps_trace_reader lacks. */
const readerCheckMs = 5_000;

/** How long a probe waits for such a look. */
const refreshMs = 500;

/** So often the store tries to give the role what it lacks: another database may have changed the role at the same time. */
const mostReaderTries = 3;

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
  private unreadyCause: unknown;
  private preparing: Promise<void> | undefined;
  private readonly stop = new AbortController();
  private generation = 0;
  private found: DatabaseCapabilities | undefined;
  private readonly writes: FailureEpisode;
  /** When the database was found not to be ready, and how many requests were refused since. */
  private unreadySince: Date | undefined;
  private refusedWhileUnready = 0;
  private lackOfReader: ReaderLack | undefined;
  private readonly readerChecks: NodeJS.Timeout;
  private readerCheck: Promise<void> | undefined;
  private knownEpoch = 0;
  private readonly notedWarnings = new Map<string, OperatorWarning>();
  private readerTries = 0;

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
      onConnect: async (client) => {
        // A connection that breaks says so twice: to the query in flight and by an event. Without a listener, an event
        // between two queries of a transaction would end the process.
        client.on('error', () => undefined);
        await beginSession(client, writerTimeouts);
      },
    });
    this.writes = new FailureEpisode(this.logger);
    this.readerChecks = setInterval(() => {
      if (this.lackOfReader !== undefined) void this.checkReader();
    }, readerCheckMs).unref();
    // An idle connection that breaks is the pool's to replace.
    this.pool.on('error', (error) => this.noteFailure(error));
  }

  /**
   * Tries once; a database that is away is waited for in the background.
   *
   * @throws UnsuitableDatabaseError when the database and this build don't belong together, or a pooler is in between
   */
  async onModuleInit(): Promise<void> {
    try {
      await this.prepare();
    } catch (error) {
      if (error instanceof UnsuitableDatabaseError || classifyFailure(error) === 'refused') throw error;
      this.unready(error);
    }
  }

  /** Ends every connection once it is free. */
  async onApplicationShutdown(): Promise<void> {
    this.stop.abort();
    clearInterval(this.readerChecks);
    await this.preparing;
    await this.readerCheck;
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

  /**
   * A connection to a migrated database. The caller releases it, with the error if there was one.
   *
   * @throws DatabaseUnavailableError at once when the database isn't ready, or when no connection comes free in time
   */
  async connect(): Promise<pg.PoolClient> {
    this.requirePrepared();
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
   * @param applicationName as `pg_stat_activity` shows it
   * @throws DatabaseUnavailableError when the database isn't ready or doesn't answer
   */
  async connectAside(applicationName = 'tracestore lifecycle'): Promise<pg.Client> {
    this.requirePrepared();
    const client = new pg.Client({ ...this.connection, application_name: applicationName });
    client.on('error', () => undefined);
    try {
      await client.connect();
      await beginSession(client, asideTimeouts);
      return client;
    } catch (cause) {
      await client.end().catch(() => undefined);
      // A machine that is too busy to connect in time may have connections that work.
      if (problemOf(cause).code !== 'no-answer') this.noteFailure(cause);
      throw new DatabaseUnavailableError('No connection to the database', { cause });
    }
  }

  /** Has the server stop what it does for a connection aside, and ends the connection. Never rejects. */
  async stopAside(client: pg.Client): Promise<void> {
    await cancelStatement(this.connection, client);
    await client.end().catch(() => undefined);
  }

  /** Whether the service can do its work, and what else an operator should know. Never rejects. */
  async check(): Promise<ReadinessReport> {
    await this.refreshWarnings();
    const problems = [...this.problems()];
    if (problems.length === 0) {
      const problem = await this.tryStatement();
      if (problem !== undefined) problems.push(problem);
    }
    return { problems, warnings: this.warnings() };
  }

  /** @throws DatabaseUnavailableError with the first reason why the service cannot do its work */
  async requireReady(): Promise<void> {
    const [problem] = (await this.check()).problems;
    if (problem !== undefined) throw new DatabaseUnavailableError(problem.message);
  }

  /** Why the service cannot do its work, as far as it is known without a look. */
  problems(): readonly ReadinessNote[] {
    if (this.unreadyBecause !== undefined) {
      const since = this.unreadySince === undefined ? '' : ` (since ${this.unreadySince.toISOString()})`;
      return [{ code: problemOf(this.unreadyCause).code, message: `${this.unreadyBecause}${since}` }];
    }
    const failure = this.writes.ongoing;
    if (failure === undefined) return [];
    const { code, message, since, refusedRequests } = failure;
    return [
      {
        code,
        message: `${message}: writes have failed since ${since.toISOString()}, ${refusedRequests} requests were refused`,
      },
    ];
  }

  /** Looks again at what `warnings` would say, but does not wait long for it. Never rejects. */
  async refreshWarnings(): Promise<void> {
    if (this.lackOfReader === undefined) return;
    await Promise.race([this.checkReader(), sleep(refreshMs, this.stop.signal)]);
  }

  /** What an operator should know, and what does not keep the service from its work, as it was found last. */
  warnings(): readonly ReadinessNote[] {
    const noted = [...this.notedWarnings].map(([code, warning]) => ({ code, ...warning }));
    if (this.lackOfReader === undefined) return noted;
    const { message, statement } = this.lackOfReader;
    return [{ code: 'reader-role', message, statement }, ...noted];
  }

  /** To be told of every failure of a query, so that a database that went away is waited for. */
  noteFailure(error: unknown): void {
    if (this.unreadyBecause === undefined && classifyFailure(error) === 'away') this.unready(error);
  }

  /** To be told of a transaction that failed, and of how many requests were refused for it. */
  noteFailedWrite(error: unknown, refusedRequests: number): void {
    this.noteFailure(error);
    // While nothing is ready, that is what is said.
    if (this.unreadyBecause === undefined) this.writes.fail(error, refusedRequests);
    else this.refusedWhileUnready += refusedRequests;
  }

  /** To be told of a transaction that was committed. */
  noteWritten(): void {
    this.writes.succeed();
  }

  /** What statements of users lack; undefined when they can run, and while the database was not reached. */
  get readerLack(): ReaderLack | undefined {
    return this.lackOfReader;
  }

  /** Looks whether statements of users can run, and mends what is in our power. Never rejects. */
  checkReader(): Promise<void> {
    this.readerCheck ??= this.mendReader().finally(() => {
      this.readerCheck = undefined;
    });
    return this.readerCheck;
  }

  private async mendReader(): Promise<void> {
    if (this.unreadyBecause !== undefined) return;
    let client: pg.Client | undefined;
    try {
      client = await this.connectAside();
      const lack = await findLackOfReader(client);
      // What was tried in vain is tried again when something has changed: each try writes to the catalog.
      const isNews = lack?.statement !== this.lackOfReader?.statement;
      if (lack === undefined || (!isNews && this.readerTries >= mostReaderTries)) return this.noteReader(lack);
      this.readerTries = isNews ? 1 : this.readerTries + 1;
      this.noteReader(await mendReaderRole(client));
    } catch (error) {
      this.logger.debug(`The role ps_trace_reader was not checked: ${reasonOf(error)}`);
    } finally {
      await client?.end().catch(() => undefined);
    }
  }

  private noteReader(lack: ReaderLack | undefined): void {
    if (lack?.statement === this.lackOfReader?.statement) return;
    this.lackOfReader = lack;
    if (lack === undefined) {
      this.logger.log('The role ps_trace_reader lacks nothing any more: the SQL page can be used');
      return;
    }
    this.logger.warn(`${lack.message}. An administrator can mend it; no restart is needed:\n${lack.statement}`);
  }

  private async tryStatement(): Promise<ReadinessNote | undefined> {
    try {
      const client = await this.connect();
      let failure: Error | undefined;
      try {
        await client.query(ping);
      } catch (cause) {
        failure = cause instanceof Error ? cause : new Error(String(cause));
        this.noteFailure(cause);
        throw cause;
      } finally {
        client.release(failure);
      }
      return undefined;
    } catch (error) {
      return problemOf(error);
    }
  }

  /** @throws DatabaseUnavailableError while the database isn't ready */
  private requirePrepared(): void {
    if (this.unreadyBecause === undefined) return;
    throw new DatabaseUnavailableError(this.unreadyBecause, { cause: this.unreadyCause });
  }

  private unready(error: unknown): void {
    if (this.unreadyBecause === undefined || this.preparing === undefined) {
      this.logger.warn(`The database is not ready: ${describe(error)}`);
      this.refusedWhileUnready = 0;
    }
    this.unreadySince ??= new Date();
    this.unreadyBecause = `The database is not ready: ${describeInPublic(error)}`;
    this.unreadyCause = error;
    this.preparing ??= this.prepareUntilReady(problemOf(error).code).finally(() => {
      this.preparing = undefined;
    });
  }

  /** @param said the code of the problem that was logged last */
  private async prepareUntilReady(said: string): Promise<void> {
    let lastSaid = said;
    while (!this.stop.signal.aborted) {
      try {
        await this.prepare();
        return;
      } catch (error) {
        const { code } = problemOf(error);
        if (error instanceof UnsuitableDatabaseError) this.logger.error(error.message);
        else if (code !== lastSaid) this.logger.warn(`The database is not ready: ${describe(error)}`);
        lastSaid = code;
        this.unreadyBecause = `The database is not ready: ${describeInPublic(error)}`;
        this.unreadyCause = error;
      }
      await sleep(retryMs, this.stop.signal);
    }
  }

  /** On a connection of its own: it may wait long for another process that migrates, and never for a busy pool. */
  private async prepare(): Promise<void> {
    const client = await this.openSession();
    const watch = new LockWaitWatch(this.connection, client, (what) => {
      this.logger.warn(`The start waits for ${what}`);
      this.unreadyBecause &&= `The database is not ready: the start waits for ${what}`;
    });
    try {
      const withoutTimescale = await installTimescale(client);
      const { applied, objects, readerLack } = await migrate(client, undefined, (names) =>
        this.logger.log(`Applies ${names.join(', ')}`),
      );
      await noteConfiguredRetention(client, this.config.lifecycle);
      this.found = await probeCapabilities(client);
      await this.addPartitions(client);
      this.knownEpoch = (await compareClocks(client)).epoch;
      this.generation += 1;
      this.noteReady(applied);
      if (objects === 'newer') this.logger.log('Views and functions of a newer build are in the database, and stay');
      if (withoutTimescale !== undefined) this.logger.log(`TimescaleDB is not used: ${withoutTimescale}`);
      this.noteReader(readerLack);
    } catch (error) {
      if (watch.last === undefined || problemOf(error).code !== 'lock-timeout') throw error;
      throw new DatabaseUnavailableError(`The start waited for ${watch.last}`, { cause: error });
    } finally {
      await watch.stop();
      await client.end().catch(() => undefined);
    }
  }

  /**
   * Opens the connection that prepares the database, and makes sure that nothing changes its session.
   *
   * @throws TransactionPoolingError
   */
  private async openSession(): Promise<pg.Client> {
    const [client, other] = [new pg.Client(this.connection), new pg.Client(this.connection)];
    // Every query in flight fails with the connection; the event itself says nothing new.
    for (const each of [client, other]) each.on('error', () => undefined);
    try {
      await client.connect();
      await other.connect();
      await requireSessions(client, other);
      await beginSession(client, prepareTimeouts);
      return client;
    } catch (error) {
      await client.end().catch(() => undefined);
      throw error;
    } finally {
      await other.end().catch(() => undefined);
    }
  }

  private noteReady(applied: readonly string[]): void {
    const found = this.found === undefined ? '' : describeCapabilities(this.found);
    const seconds = this.unreadySince === undefined ? 0 : Math.round((Date.now() - this.unreadySince.getTime()) / 1000);
    const outage =
      this.unreadySince === undefined
        ? ''
        : `; it was not for ${seconds} s, in which ${this.refusedWhileUnready} requests were refused`;
    this.unreadyBecause = undefined;
    this.unreadyCause = undefined;
    this.unreadySince = undefined;
    this.logger.log(
      `The database is ready: ${found}${applied.length === 0 ? '' : `; applied ${applied.join(', ')}`}${outage}`,
    );
  }

  /** Before the first span comes, so that it need not be moved. Without them the default partition takes all. */
  private async addPartitions(client: pg.Client): Promise<void> {
    try {
      await client.query(setLockTimeout.bind());
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

/** What keeps the database from being ready, for the log. */
function describe(error: unknown): string {
  if (error instanceof DatabaseUnavailableError || error instanceof UnsuitableDatabaseError) return error.message;
  return reasonOf(error);
}

/** The same for those who do not sign in: of what the server or the network says, only what kind it is. */
function describeInPublic(error: unknown): string {
  if (error instanceof DatabaseUnavailableError || error instanceof UnsuitableDatabaseError) return error.message;
  return problemOf(error).message;
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
