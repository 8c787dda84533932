import { Injectable, Logger, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import type { Client } from 'pg';
import { IngestMetricsService } from '../metrics/ingest-metrics.service.js';
import { DatabaseService } from '../database/database.service.js';
import { LockedJob } from '../database/locked-job.js';
import { readSql } from '../sql.js';
import { countNewCalls, prepareForRuns, recountSlice, rollLateCalls } from './aggregation-run.js';

const readLag = readSql(import.meta.url, 'read-lag.sql');
const setTimeouts = readSql<{ readonly lock_timeout_ms: string; readonly statement_timeout_ms: string }>(
  import.meta.url,
  'set-timeouts.sql',
);

/** The interval of runs. A committed span is in the aggregates after this time and that of a run. */
const everyMs = 10_000;

/** Maximum of spans in a run, which bounds its memory. If more wait, the next run starts at once. */
const spansPerRun = 20_000;

/** Maximum time for aggregates of the past before the next run for new spans. */
const pastMs = 5_000;

const lockTimeoutMs = 10_000;
const statementTimeoutMs = 600_000;

/**
 * Aggregates calls, a few seconds after their spans are written. One process on a database does it at a time.
 */
@Injectable()
export class AggregationService implements OnApplicationBootstrap, OnApplicationShutdown {
  private readonly logger = new Logger(AggregationService.name);
  private readonly job: LockedJob;
  /** Calls that started before are aggregated. On the clock of this process: the lag grows while the database is unavailable. */
  private countedAtMs: number | undefined;

  constructor(
    private readonly database: DatabaseService,
    private readonly metrics: IngestMetricsService,
  ) {
    this.job = new LockedJob(database, {
      lock: 'calls',
      everyMs,
      prepare: async (client) => {
        await client.query(
          setTimeouts.bind({
            lock_timeout_ms: String(lockTimeoutMs),
            statement_timeout_ms: String(statementTimeoutMs),
          }),
        );
        await prepareForRuns(client);
      },
      run: (client, signal) => this.run(client, signal),
      // Also while another process aggregates.
      afterwards: (client) => this.noteLag(client),
    });
  }

  onApplicationBootstrap(): void {
    this.database.afterStart(() => this.job.start());
  }

  async onApplicationShutdown(): Promise<void> {
    await this.job.stop();
  }

  private async run(client: Client, signal: AbortSignal): Promise<void> {
    await this.countNew(client, signal);
    const untilMs = performance.now() + pastMs;
    const recounted = await repeat(untilMs, signal, async () => (await recountSlice(client)) !== undefined);
    if (recounted > 0) this.logger.log(`calls: aggregated ${recounted} slices of 5 minutes again`);
    const rolled = await repeat(untilMs, signal, () => rollLateCalls(client));
    if (rolled > 0) this.logger.debug(`calls: updated ${rolled} buckets that received late spans`);
  }

  private async noteLag(client: Client): Promise<void> {
    const { rows } = await client.query<{ lag_seconds: number }>(readLag.bind());
    if (rows[0] === undefined) return;
    if (this.countedAtMs === undefined) {
      this.metrics.observeCallLag(() => (performance.now() - (this.countedAtMs ?? 0)) / 1000);
    }
    this.countedAtMs = performance.now() - rows[0].lag_seconds * 1000;
  }

  private async countNew(client: Client, signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      const startMs = performance.now();
      const { spanCount, isLast, restoredSlices } = await countNewCalls(client, spansPerRun);
      if (restoredSlices !== undefined) {
        this.logger.warn('The database was restored from a dump: the calls of all its spans are aggregated again');
      }
      if (spanCount > 0) {
        this.metrics.spansAggregated(spanCount);
        this.logger.debug(`calls: counted ${spanCount} spans in ${Math.round(performance.now() - startMs)} ms`);
      }
      if (isLast) return;
    }
  }
}

/**
 * Repeats a step while it returns true.
 *
 * @param untilMs when to stop, on the clock of `performance.now()`
 * @returns how often the step returned true
 */
async function repeat(untilMs: number, signal: AbortSignal, step: () => Promise<boolean>): Promise<number> {
  let count = 0;
  while (!signal.aborted && performance.now() < untilMs && (await step())) count += 1;
  return count;
}
