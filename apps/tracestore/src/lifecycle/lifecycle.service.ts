import { Inject, Injectable, Logger, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import type { Client } from 'pg';
import { IngestMetricsService } from '../metrics/ingest-metrics.service.js';
import { LifecycleMetricsService } from '../metrics/lifecycle-metrics.service.js';
import { DatabaseService, type OperatorWarning } from '../database/database.service.js';
import { LockedJob } from '../database/locked-job.js';
import { readSql } from '../sql.js';
import { TRACESTORE_CONFIG, type TracestoreConfig } from '../config/tracestore.config.js';
import { applyRetentions, pendingRetentionWarning } from './applied-retention.js';
import { DatabaseClockService } from './database-clock.service.js';
import type { LifecycleConfig } from '../config/lifecycle.config.js';
import { ObservedTime, timeGapWarning } from './observed-time.js';
import { withRequestedRetention } from '../schema/requested-retention.js';
import { type LifecycleStep, lifecycleSteps } from './steps.js';

const setTimeouts = readSql<{ readonly lock_timeout_ms: string; readonly statement_timeout_ms: string }>(
  import.meta.url,
  'set-timeouts.sql',
);

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

/** Maintains the database: partitions, compression, retention, clean-up. One process on a database does it at a time. */
@Injectable()
export class LifecycleService implements OnApplicationBootstrap, OnApplicationShutdown {
  private readonly logger = new Logger(LifecycleService.name);
  private readonly dueAtMs = new Map<string, number>();
  private readonly job: LockedJob;
  /** The warning that was last logged, by its reason. */
  private readonly warned = new Map<string, string | undefined>();
  private readonly time = new ObservedTime();
  /** The retentions that the last run applied. */
  private applied: LifecycleConfig | undefined;

  constructor(
    private readonly database: DatabaseService,
    private readonly clock: DatabaseClockService,
    private readonly metrics: IngestMetricsService,
    private readonly runs: LifecycleMetricsService,
    @Inject(TRACESTORE_CONFIG) private readonly config: TracestoreConfig,
  ) {
    this.job = new LockedJob(database, {
      lock: 'lifecycle',
      everyMs: tickMs,
      isDue: () => this.isDue('time') || this.dueSteps().length > 0,
      run: (client, signal) => this.runDue(client, signal),
      afterwards: (_client, hasRun) => {
        if (!hasRun) this.postponeDue();
      },
    });
  }

  onApplicationBootstrap(): void {
    this.database.afterStart(() => this.job.start());
  }

  /** Stops a step after its current statement, or closes its connection if that takes long. */
  async onApplicationShutdown(): Promise<void> {
    await this.job.stop();
  }

  private async runDue(client: Client, signal: AbortSignal): Promise<void> {
    const due = this.dueSteps();
    const clocksAgree = await this.clock.agrees(client);
    const config = await this.noteTime(client);
    this.dueAtMs.set('time', performance.now() + timeEveryMs);
    for (const step of due) {
      if (signal.aborted) return;
      if (step.goesByAge && !clocksAgree) this.dueAtMs.set(step.name, performance.now() + retryMs);
      else await this.run(step, client, config, signal);
    }
  }

  /** While another process holds the lock. */
  private postponeDue(): void {
    for (const name of ['time', ...this.dueSteps().map((step) => step.name)]) {
      this.dueAtMs.set(name, performance.now() + retryMs);
    }
  }

  private dueSteps(): readonly LifecycleStep[] {
    return lifecycleSteps.filter(({ name }) => this.isDue(name));
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

  private async run(step: LifecycleStep, client: Client, config: LifecycleConfig, signal: AbortSignal): Promise<void> {
    const { capabilities } = this.database;
    if (capabilities === undefined) return;
    const startMs = performance.now();
    const note = (outcome: 'success' | 'failure'): void =>
      this.runs.ran({ step: step.name, outcome, durationSeconds: (performance.now() - startMs) / 1000 });
    try {
      const timeouts = {
        lock_timeout_ms: String(lockTimeoutMs),
        statement_timeout_ms: String(step.statementTimeoutMs),
      };
      await client.query(setTimeouts.bind(timeouts));
      const done = await step.run({
        client,
        capabilities,
        config,
        signal,
        worked: (work, count) => this.runs.worked(work, count),
      });
      this.dueAtMs.set(step.name, startMs + step.everyMs);
      this.job.noteSuccess(step.name);
      note('success');
      if (done !== undefined) {
        this.logger.log(`${step.name}: ${done} in ${Math.round(performance.now() - startMs)} ms`);
      }
    } catch (error) {
      this.dueAtMs.set(step.name, performance.now() + Math.min(retryMs, step.everyMs));
      this.job.noteFailure(step.name, error);
      note('failure');
    }
  }
}
