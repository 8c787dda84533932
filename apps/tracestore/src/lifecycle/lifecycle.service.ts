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

/** How often it is looked whether a step is due. */
const tickMs = 1_000;

/** How often the clocks are compared, and a retention is noticed that was requested or confirmed in SQL. */
const timeEveryMs = 10_000;

/** A step that failed is tried again after so long, or earlier if it is due earlier. */
const retryMs = 15_000;

/**
 * What is waited for a lock. Whoever writes waits as long behind us in the worst case, so it is short: what cannot be
 * done now can be done later.
 */
const lockTimeoutMs = 1_000;

/**
 * Keeps the database in shape beside its work. Of several stores on one database one does it at a time, on a connection
 * of its own. Whatever fails is logged and tried again; nothing that happens here ends the store.
 */
@Injectable()
export class LifecycleService implements OnApplicationBootstrap, OnApplicationShutdown {
  private readonly logger = new Logger(LifecycleService.name);
  private readonly stop = new AbortController();
  private readonly dueAtMs = new Map<string, number>();
  /** What was logged of a step's failure, and when it began, so that it is said once. */
  private readonly failures = new Map<string, { readonly reason: string; readonly sinceMs: number }>();
  private readonly lock: StoreLock;
  /** What was logged of what waits. */
  private readonly warned = new Map<string, string | undefined>();
  private readonly time = new ObservedTime();
  /** What the lifecycle kept to when it last ran here. */
  private applied: LifecycleConfig | undefined;
  private client: Client | undefined;
  private timer: NodeJS.Timeout | undefined;
  private running: Promise<void> | undefined;

  constructor(
    private readonly database: DatabaseService,
    private readonly clock: DatabaseClockService,
    private readonly metrics: IngestMetricsService,
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

  /** Ends the step that runs after its current statement, or with its connection when that takes long. */
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

  /** Notes the time that passed and settles what is kept for how long; says what waits. */
  private async noteTime(client: Client): Promise<LifecycleConfig> {
    const { retentionMs: appliedMs } = this.applied ?? this.config.lifecycle;
    const wanted = await withRequestedRetention(client, this.config.lifecycle);
    await this.time.note(client, wanted);
    const { config, pendingMs } = await applyRetentions(client, wanted);
    // What was confirmed is done within seconds.
    if (config.retentionMs < appliedMs) this.dueAtMs.delete('retention');
    this.applied = config;
    this.warn('retention', pendingRetentionWarning(config, pendingMs));
    this.warn('time-gap', this.time.gapMs === undefined ? undefined : timeGapWarning(this.time.gapMs));
    return config;
  }

  /** Says once that less is dropped than was wanted, and once that this is over. */
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

  /** The connection, made anew where there is none. @throws DatabaseUnavailableError while the database is away */
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
    // Not a failure of the database as its writers know it: what is wrong with a step must not stop them. And it is said
    // elsewhere that the database is away.
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
