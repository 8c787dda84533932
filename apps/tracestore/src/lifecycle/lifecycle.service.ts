import { Inject, Injectable, Logger, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import type { Client } from 'pg';
import { IngestMetricsService } from '../metrics/ingest-metrics.service.js';
import { DatabaseUnavailableError } from '../errors/database-failure.js';
import { DatabaseService, type OperatorWarning } from '../database/database.service.js';
import { StoreLock } from '../database/store-lock.js';
import { readSqlFile } from '../sql-file.js';
import { TRACESTORE_CONFIG, type TracestoreConfig } from '../config/tracestore.config.js';
import { applyRetentions, pendingRetentionWarning } from './applied-retention.js';
import { DatabaseClockService } from './database-clock.service.js';
import type { LifecycleConfig } from '../config/lifecycle.config.js';
import { ObservedTime, timeGapWarning } from './observed-time.js';
import { withRequestedRetention } from '../schema/requested-retention.js';
import { type LifecycleStep, lifecycleSteps } from './steps.js';

const setTimeouts = readSqlFile(import.meta.url, 'set-timeouts.sql');

/** The interval of the check for due steps. */
const tickMs = 1_000;

/** The interval in which clocks are compared and retentions set or confirmed in SQL are read. */
const timeEveryMs = 10_000;

/** A failed step is tried again after this time, or earlier if it is due earlier. */
const retryMs = 15_000;

/**
 * Maximum wait for a lock. In the worst case writers wait as long behind the lifecycle, so it is short: the work can be
 * done later.
 */
const lockTimeoutMs = 1_000;

/**
 * Maintains the database in the background. Of several stores on one database, one does it at a time, on a connection of
 * its own. A failure is logged and tried again, and never ends the store.
 */
@Injectable()
export class LifecycleService implements OnApplicationBootstrap, OnApplicationShutdown {
  private readonly logger = new Logger(LifecycleService.name);
  private readonly stop = new AbortController();
  private readonly dueAtMs = new Map<string, number>();
  /** The logged failures of steps, and their start, so that each is logged once. */
  private readonly failures = new Map<string, { readonly reason: string; readonly sinceMs: number }>();
  private readonly lock: StoreLock;
  /** The logged warnings by reason. */
  private readonly warned = new Map<string, string | undefined>();
  private readonly time = new ObservedTime();
  /** The retentions of the last run of this store. */
  private applied: LifecycleConfig | undefined;
  private client: Client | undefined;
  private timer: NodeJS.Timeout | undefined;
  private running: Promise<void> | undefined;

  constructor(
    @Inject(DatabaseService) private readonly database: DatabaseService,
    @Inject(DatabaseClockService) private readonly clock: DatabaseClockService,
    @Inject(IngestMetricsService) private readonly metrics: IngestMetricsService,
    @Inject(TRACESTORE_CONFIG) private readonly config: TracestoreConfig,
  ) {
    this.lock = new StoreLock('lifecycle', () => database.connectAside('tracestore lock'));
  }

  onApplicationBootstrap(): void {
    const tick = (): void => {
      this.running ??= this.runDue()
        .then(() => this.noteSuccess('lifecycle'))
        .catch((error: unknown) => this.noteFailure('lifecycle', error))
        .finally(() => {
          this.running = undefined;
        });
    };
    this.timer = setInterval(tick, tickMs);
    tick();
  }

  /** Ends a current step after its statement, or with its connection if that takes long. */
  async onApplicationShutdown(): Promise<void> {
    clearInterval(this.timer);
    this.stop.abort();
    await this.client?.end().catch(() => undefined);
    await this.running;
    await this.lock.end();
  }

  private async runDue(): Promise<void> {
    const due = lifecycleSteps.filter(({ name }) => this.isDue(name));
    if (due.length === 0 && !this.isDue('time')) return;
    const client = await this.connect();
    const isHeld = await this.lock.hold(async (lost) => {
      const stop = (): void => void this.database.stopAside(client);
      lost.addEventListener('abort', stop, { once: true });
      const clocksAgree = await this.clock.agrees(client);
      const config = await this.noteTime(client);
      this.dueAtMs.set('time', performance.now() + timeEveryMs);
      for (const step of due) {
        if (this.stop.signal.aborted || lost.aborted) return;
        if (step.goesByAge && !clocksAgree) this.dueAtMs.set(step.name, performance.now() + retryMs);
        else await this.run(step, client, config);
      }
    });
    if (isHeld) return;
    for (const name of ['time', ...due.map((step) => step.name)]) this.dueAtMs.set(name, performance.now() + retryMs);
  }

  private isDue(name: string): boolean {
    return (this.dueAtMs.get(name) ?? 0) <= performance.now();
  }

  /** Advances observed time, determines the retentions that apply, and reports delayed ones. */
  private async noteTime(client: Client): Promise<LifecycleConfig> {
    const { retentionMs: appliedMs } = this.applied ?? this.config.lifecycle;
    const wanted = await withRequestedRetention(client, this.config.lifecycle);
    await this.time.note(client, wanted);
    const { config, pendingMs } = await applyRetentions(client, wanted);
    // A confirmed retention applies within seconds.
    if (config.retentionMs < appliedMs) this.dueAtMs.delete('retention');
    this.applied = config;
    this.warn('retention', pendingRetentionWarning(config, pendingMs));
    this.warn('time-gap', this.time.gapMs === undefined ? undefined : timeGapWarning(this.time.gapMs));
    return config;
  }

  /** Logs once that less is dropped than configured, and once that the reason has gone. */
  private warn(reason: 'retention' | 'time-gap', warning: Required<OperatorWarning> | undefined): void {
    const before = this.warned.get(reason);
    if (warning?.message === before) return;
    if (warning === undefined) this.logger.log(`${reason}: this is over: ${before}`);
    else this.logger.warn(`${reason}: ${warning.message}: ${warning.statement}`);
    this.warned.set(reason, warning?.message);
    this.database.noteWarning(reason, warning);
    this.metrics.lifecycleHeld(reason, warning !== undefined);
  }

  private async run(step: LifecycleStep, client: Client, config: LifecycleConfig): Promise<void> {
    const { capabilities } = this.database;
    if (capabilities === undefined) return;
    const startMs = performance.now();
    try {
      await client.query(setTimeouts, [String(lockTimeoutMs), String(step.statementTimeoutMs)]);
      const { signal } = this.stop;
      const done = await step.run({ client, capabilities, config, signal });
      this.dueAtMs.set(step.name, startMs + step.everyMs);
      this.noteSuccess(step.name);
      if (done !== undefined) {
        this.logger.log(`${step.name}: ${done} in ${Math.round(performance.now() - startMs)} ms`);
      }
    } catch (error) {
      this.dueAtMs.set(step.name, performance.now() + Math.min(retryMs, step.everyMs));
      this.noteFailure(step.name, error);
    }
  }

  /** Returns the connection, a new one if there is none. @throws DatabaseUnavailableError while the database is unavailable */
  private async connect(): Promise<Client> {
    if (this.client !== undefined) return this.client;
    const client = await this.database.connectAside();
    client.on('end', () => {
      if (this.client === client) this.client = undefined;
    });
    this.client = client;
    return client;
  }

  private noteFailure(name: string, error: unknown): void {
    // This does not make the store unready: writers must go on if a step fails. An unavailable database is reported
    // elsewhere.
    if (this.stop.signal.aborted || error instanceof DatabaseUnavailableError) return;
    const reason = error instanceof Error ? error.message || error.name : String(error);
    const before = this.failures.get(name);
    if (before?.reason === reason) return;
    this.failures.set(name, { reason, sinceMs: before?.sinceMs ?? performance.now() });
    this.logger.warn(`${name}: ${reason}; it will be tried again`);
  }

  private noteSuccess(name: string): void {
    const before = this.failures.get(name);
    if (before === undefined) return;
    this.failures.delete(name);
    this.logger.log(`${name}: works again after ${Math.round((performance.now() - before.sinceMs) / 1000)} s`);
  }
}
