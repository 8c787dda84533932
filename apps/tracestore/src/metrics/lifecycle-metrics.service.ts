import { Injectable, Optional } from '@nestjs/common';
import { ServiceMetrics } from '@spandrel/service';
import { Counter, Gauge } from 'prom-client';

/** What steps of the lifecycle count. */
export const lifecycleWork = [
  'partitions-added',
  'partitions-dropped',
  'rows-deleted',
  'chunks-compressed',
  'indexes-packed',
  'ledger-entries-deleted',
  'dictionary-entries-deleted',
] as const;
export type LifecycleWork = (typeof lifecycleWork)[number];

/** A run of a step. */
export interface LifecycleRun {
  /** The name of the step. */
  readonly step: string;
  readonly outcome: 'success' | 'failure';
  readonly durationSeconds: number;
}

/**
 * The metrics of maintenance. One process on a database does it at a time, so a value of the database is the maximum or sum
 * over all processes.
 */
@Injectable()
export class LifecycleMetricsService {
  private readonly runs: Counter<'step' | 'outcome'>;
  private readonly seconds: Counter<'step'>;
  private readonly lastSuccess: Gauge<'step'>;
  private readonly work: Counter<'work'>;

  /** @param service by default, one of its own */
  constructor(@Optional() { registry }: ServiceMetrics = new ServiceMetrics()) {
    const registers = [registry];
    this.runs = new Counter({
      name: 'tracestore_lifecycle_runs_total',
      help: 'Runs of a step of the lifecycle by this process, by outcome: success or failure',
      labelNames: ['step', 'outcome'],
      registers,
    });
    this.seconds = new Counter({
      name: 'tracestore_lifecycle_run_seconds_total',
      help: 'Time that this process spent on a step of the lifecycle',
      labelNames: ['step'],
      registers,
    });
    this.lastSuccess = new Gauge({
      name: 'tracestore_lifecycle_last_success_timestamp_seconds',
      help: 'When this process last ran a step of the lifecycle with success, in Unix time',
      labelNames: ['step'],
      registers,
    });
    this.work = new Counter({
      name: 'tracestore_lifecycle_work_total',
      help: 'What the lifecycle has added, dropped, deleted, compressed or packed in this process',
      labelNames: ['work'],
      registers,
    });
    for (const work of lifecycleWork) this.work.inc({ work }, 0);
  }

  /** Notes a run of a step. */
  ran({ step, outcome, durationSeconds }: LifecycleRun): void {
    this.runs.inc({ step, outcome });
    this.seconds.inc({ step }, durationSeconds);
    if (outcome === 'success') this.lastSuccess.set({ step }, Date.now() / 1000);
  }

  /** Counts work of a step. */
  worked(work: LifecycleWork, count: number): void {
    this.work.inc({ work }, count);
  }
}
