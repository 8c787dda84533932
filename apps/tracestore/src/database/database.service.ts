import { Inject, Injectable, Logger, type OnApplicationShutdown, type OnModuleInit } from '@nestjs/common';
import type { ReadinessNote, ReadinessReport } from '@spandrel/service';
import pg from 'pg';
import { compareClocks } from './database-clock.js';
import { noteConfiguredRetention, withRequestedRetention } from '../schema/requested-retention.js';
import { TRACESTORE_CONFIG, type TracestoreConfig } from '../config/tracestore.config.js';
import { cancelStatement } from './cancel-statement.js';
import { connectionOf } from './connection.js';
import {
  classifyFailure,
  DatabaseUnavailableError,
  problemOf,
  SchemaNotReadyError,
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
import { mendReaderRole, migrate, type MigrationStep, requireMigrated } from '../schema/migration.js';
import { addMissingPartitions, retentionOf, timedTables } from '../schema/partitions.js';
import { findLackOfReader, type ReaderLack } from '../schema/reader-role.js';
import { ping, readSql } from '../sql.js';
import { withMigrationSession } from './migration-session.js';

const setLockTimeout = readSql(import.meta.url, 'set-lock-timeout.sql');

const retryMs = 1_000;

/** Maximum time of a statement, and of a transaction without statements. */
const statementTimeoutMs = 30_000;

/** The time-out of the statement also bounds waits for a lock. */
const writerTimeouts = { statementMs: statementTimeoutMs, idleInTransactionMs: statementTimeoutMs, lockMs: 0 };

/** Time-outs of a connection outside of the pool, until its owner sets others. A transaction of the aggregation waits for this process. */
const asideTimeouts = { statementMs: statementTimeoutMs, idleInTransactionMs: 600_000, lockMs: 5_000 };

/** How often the store checks whether an administrator has granted missing rights to the role ps_trace_reader. */
const readerCheckMs = 5_000;

/** How long a probe waits for such a check. */
const refreshMs = 500;

/** Number of tries to grant the missing rights: another database may change the role at the same time. */
const mostReaderTries = 3;

/** A warning for the operator. */
export interface OperatorWarning {
  readonly message: string;
  /** SQL that solves the problem, to be run in the database of the store. */
  readonly statement?: string;
}

/**
 * The connection pool and the state of its database, which is used only while it is reachable and migrated. The database
 * may become available late, disappear, and come back, even empty. This service retries in the background. Until it
 * succeeds, callers get an error at once instead of waiting.
 */
@Injectable()
export class DatabaseService implements OnModuleInit, OnApplicationShutdown {
  private readonly logger = new Logger(DatabaseService.name);
  private readonly connection: pg.ClientConfig;
  private readonly pool: pg.Pool;
  private unreadyBecause: string | undefined = 'The database has not been reached yet';
  private unreadyCause: unknown;
  private preparing: Promise<void> | undefined;
  private firstTry: Promise<void> = Promise.resolve();
  /** The migration that this process applies. */
  private running: (MigrationStep & { readonly sinceMs: number; readonly waitsFor?: string }) | undefined;
  private readonly stop = new AbortController();
  private generation = 0;
  private found: DatabaseCapabilities | undefined;
  private readonly writes: FailureEpisode;
  /** Since when the database is not ready, and how many requests were refused since then. */
  private unreadySince: Date | undefined;
  private refusedWhileUnready = 0;
  private lackOfReader: ReaderLack | undefined;
  private readonly readerChecks: NodeJS.Timeout;
  private readerCheck: Promise<void> | undefined;
  private knownEpoch = 0;
  private readonly notedWarnings = new Map<string, OperatorWarning>();
  private readerTries = 0;

  constructor(@Inject(TRACESTORE_CONFIG) private readonly config: TracestoreConfig) {
    this.connection = connectionOf(config.databaseUrl);
    this.pool = new pg.Pool({
      ...this.connection,
      max: config.databaseConnections,
      onConnect: async (client) => {
        // A broken connection reports to the current query and emits an event. Without a listener, an event between two
        // queries of a transaction would end the process.
        client.on('error', () => undefined);
        await beginSession(client, writerTimeouts);
      },
    });
    this.writes = new FailureEpisode(this.logger);
    this.readerChecks = setInterval(() => {
      if (this.lackOfReader !== undefined) void this.checkReader();
    }, readerCheckMs).unref();
    // The pool replaces a broken idle connection.
    this.pool.on('error', (error) => this.noteFailure(error));
  }

  /** Begins the first try, and does not wait for it: the process listens while it migrates. */
  onModuleInit(): void {
    this.firstTry = this.tryFirst();
    // `started` reports the error.
    this.firstTry.catch(() => undefined);
  }

  /**
   * Resolves when the first try to prepare the database has ended. If the database was unavailable, the service continues to
   * try in the background.
   *
   * @throws UnsuitableDatabaseError if this build cannot use the database, or an unsuitable pooler is in between
   */
  async started(): Promise<void> {
    await this.firstTry;
  }

  /** Calls a function when the first try has ended: for background jobs, which need the database at once if it is ready. */
  afterStart(begin: () => void): void {
    void this.firstTry.then(begin, () => undefined);
  }

  /** Ends every connection when it is free. */
  async onApplicationShutdown(): Promise<void> {
    this.stop.abort();
    clearInterval(this.readerChecks);
    await this.preparing;
    await this.firstTry.catch(() => undefined);
    await this.readerCheck;
    await this.pool.end();
  }

  /** The capabilities of the database; undefined before the first contact. */
  get capabilities(): DatabaseCapabilities | undefined {
    return this.found;
  }

  /**
   * Changes when the database becomes ready again and with its epoch. Caches of its content from another generation are
   * void: it may be another database, and the lifecycle removes entries that were not written for long.
   */
  get readyGeneration(): number {
    return this.generation;
  }

  /** The use of the pool at this moment. */
  get poolUsage(): { readonly used: number; readonly idle: number; readonly waiting: number; readonly max: number } {
    const { totalCount, idleCount, waitingCount, options } = this.pool;
    return { used: totalCount - idleCount, idle: idleCount, waiting: waitingCount, max: options.max };
  }

  /** The last known epoch. Caches of dictionaries belong to it. */
  get epoch(): number {
    return this.knownEpoch;
  }

  /** Notes an epoch that was read. */
  noteEpoch(epoch: number): void {
    if (epoch === this.knownEpoch) return;
    this.knownEpoch = epoch;
    this.generation += 1;
  }

  /**
   * Reads the epoch again, after the database has refused a transaction with an older one.
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
   * Sets a warning for the operator of a working store. It replaces an earlier one with the same code.
   *
   * @param code stable, in kebab-case
   * @param warning undefined if the reason has gone
   */
  noteWarning(code: string, warning: OperatorWarning | undefined): void {
    if (warning === undefined) this.notedWarnings.delete(code);
    else this.notedWarnings.set(code, warning);
  }

  /**
   * Returns a connection to a migrated database. The caller releases it, with the error if there was one.
   *
   * @throws DatabaseUnavailableError at once if the database is not ready, or if no connection becomes free in time
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
   * Opens a connection to a migrated database outside of the pool, for background jobs. The caller ends it.
   *
   * @param applicationName for `pg_stat_activity`
   * @throws DatabaseUnavailableError if the database is not ready or does not respond
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
      // On a busy machine, a connection may fail in time although existing ones work.
      if (problemOf(cause).code !== 'no-answer') this.noteFailure(cause);
      throw new DatabaseUnavailableError('No connection to the database', { cause });
    }
  }

  /** Cancels the statement of a connection outside of the pool and ends the connection. Never rejects. */
  async stopAside(client: pg.Client): Promise<void> {
    await cancelStatement(this.connection, client);
    await client.end().catch(() => undefined);
  }

  /** Returns whether the store works, and the warnings for the operator. Never rejects. */
  async check(): Promise<ReadinessReport> {
    await this.refreshWarnings();
    const problems = [...this.problems()];
    if (problems.length === 0) {
      const problem = await this.tryStatement();
      if (problem !== undefined) problems.push(problem);
    }
    return { problems, warnings: this.warnings() };
  }

  /** @throws DatabaseUnavailableError with the first reason why the store does not work */
  async requireReady(): Promise<void> {
    const [problem] = (await this.check()).problems;
    if (problem !== undefined) throw new DatabaseUnavailableError(problem.message);
  }

  /** Returns why the store does not work, as far as it is known without a query. */
  problems(): readonly ReadinessNote[] {
    const step = this.runningStep();
    if (step !== undefined) return [{ code: step.code, message: step.message }];
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

  /** Updates `warnings`, with a bounded wait. Never rejects. */
  async refreshWarnings(): Promise<void> {
    if (this.lackOfReader === undefined) return;
    await Promise.race([this.checkReader(), sleep(refreshMs, this.stop.signal)]);
  }

  /** The last known warnings for the operator of a working store. */
  warnings(): readonly ReadinessNote[] {
    const noted = [...this.notedWarnings].map(([code, warning]) => ({ code, ...warning }));
    if (this.lackOfReader === undefined) return noted;
    const { message, statement } = this.lackOfReader;
    return [{ code: 'reader-role', message, statement }, ...noted];
  }

  /** Notes the failure of a query, which may show that the database is unavailable. */
  noteFailure(error: unknown): void {
    if (this.unreadyBecause === undefined && classifyFailure(error) === 'away') this.unready(error);
  }

  /** Notes a failed transaction and the number of requests that were refused for it. */
  noteFailedWrite(error: unknown, refusedRequests: number): void {
    this.noteFailure(error);
    // While the database is not ready, that is the reported problem.
    if (this.unreadyBecause === undefined) this.writes.fail(error, refusedRequests);
    else this.refusedWhileUnready += refusedRequests;
  }

  /** Notes a committed transaction. */
  noteWritten(): void {
    this.writes.succeed();
  }

  /** The missing rights of the SQL page; undefined if there are none, and before the first contact. */
  get readerLack(): ReaderLack | undefined {
    return this.lackOfReader;
  }

  /** Checks the rights of the SQL page, and grants missing ones if possible. Never rejects. */
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
      // A failed try is repeated only after a change, because each try writes to the catalog.
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
      this.logger.log('The role ps_trace_reader has all rights: the SQL page works');
      return;
    }
    this.logger.warn(`${lack.message}. An administrator can grant them; no restart is needed:\n${lack.statement}`);
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

  /** @throws DatabaseUnavailableError while the database is not ready */
  private requirePrepared(): void {
    if (this.unreadyBecause === undefined) return;
    const step = this.runningStep();
    if (step !== undefined) throw step;
    throw new DatabaseUnavailableError(this.unreadyBecause, { cause: this.unreadyCause });
  }

  /** Why the database is not ready while this process applies a migration; undefined if it does not. */
  private runningStep(): SchemaNotReadyError | undefined {
    if (this.unreadyBecause === undefined || this.running === undefined) return undefined;
    const { name, remaining, sinceMs, waitsFor } = this.running;
    const seconds = Math.floor((performance.now() - sinceMs) / 1_000);
    const more = remaining === 0 ? '' : `, ${remaining} more to follow`;
    const wait = waitsFor === undefined ? '' : `; it waits for ${waitsFor}`;
    const message = `The database is being migrated: ${name} has been running for ${seconds} s${more}${wait}`;
    return new SchemaNotReadyError('migrating', message);
  }

  private async tryFirst(): Promise<void> {
    try {
      await this.prepare();
    } catch (error) {
      if (error instanceof UnsuitableDatabaseError || classifyFailure(error) === 'refused') throw error;
      if (!this.stop.signal.aborted) this.unready(error);
    }
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

  /** @param said the code of the last logged problem */
  private async prepareUntilReady(said: string): Promise<void> {
    let lastSaid = said;
    while (!this.stop.signal.aborted) {
      try {
        await this.prepare();
        return;
      } catch (error) {
        if (this.stop.signal.aborted) return;
        const isUnsuitable = error instanceof UnsuitableDatabaseError;
        const saying = isUnsuitable ? error.message : problemOf(error).code;
        if (saying !== lastSaid && isUnsuitable) this.logger.error(error.message);
        else if (saying !== lastSaid) this.logger.warn(`The database is not ready: ${describe(error)}`);
        lastSaid = saying;
        this.unreadyBecause = `The database is not ready: ${describeInPublic(error)}`;
        this.unreadyCause = error;
      }
      await sleep(retryMs, this.stop.signal);
    }
  }

  private async prepare(): Promise<void> {
    await withMigrationSession(
      this.connection,
      (what) => {
        this.logger.warn(`The start waits for ${what}`);
        if (this.running !== undefined) this.running = { ...this.running, waitsFor: what };
        else this.unreadyBecause &&= `The database is not ready: the start waits for ${what}`;
      },
      this.stop.signal,
      (client) => this.prepareBy(client),
    ).finally(() => {
      this.running = undefined;
    });
  }

  private async prepareBy(client: pg.Client): Promise<void> {
    const { config } = this;
    const withoutTimescale = config.migrations === 'apply' ? await installTimescale(client) : undefined;
    const { applied, newer, objects, readerLack } =
      config.migrations === 'apply'
        ? await migrate(client, undefined, (step) => this.noteStep(step))
        : await requireMigrated(client);
    this.running = undefined;
    await noteConfiguredRetention(client, config.lifecycle);
    this.found = await probeCapabilities(client);
    await this.addPartitions(client);
    this.knownEpoch = (await compareClocks(client)).epoch;
    this.generation += 1;
    this.noteReady(applied);
    if (newer.length > 0) {
      this.logger.log(`The database is of a newer build, which admits this one: ${newer.join(', ')}`);
    }
    if (objects === 'newer') this.logger.log('Views and functions of a newer build are in the database, and stay');
    if (withoutTimescale !== undefined) this.logger.log(`TimescaleDB is not used: ${withoutTimescale}`);
    this.noteReader(readerLack);
  }

  private noteStep({ name, remaining }: MigrationStep): void {
    this.logger.log(`Applies ${name}${remaining === 0 ? '' : `, ${remaining} more to follow`}`);
    this.running = { name, remaining, sinceMs: performance.now() };
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

  /** Adds partitions before the first span arrives. Without them, the default partition gets all rows. */
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

/** Describes for the log why the database is not ready. */
function describe(error: unknown): string {
  if (error instanceof DatabaseUnavailableError || error instanceof UnsuitableDatabaseError) return error.message;
  return reasonOf(error);
}

/** Describes it for clients without sign-in: of a message of the server or the network, only its kind. */
function describeInPublic(error: unknown): string {
  if (error instanceof DatabaseUnavailableError || error instanceof UnsuitableDatabaseError) return error.message;
  return problemOf(error).message;
}

/** Resolves after a time, or at once when the signal is aborted. */
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
