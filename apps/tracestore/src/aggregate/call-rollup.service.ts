import { Inject, Injectable, Logger, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import type { Client } from 'pg';
import { IngestMetricsService } from '../metrics/ingest-metrics.service.js';
import { DatabaseUnavailableError } from '../errors/database-failure.js';
import { DatabaseService } from '../database/database.service.js';
import { StoreLock } from '../database/store-lock.js';
import { readSqlFile } from '../sql-file.js';
import { countNewCalls, prepareForPasses, recountSlice, rollLateCalls } from './call-pass.js';

const readLag = readSqlFile(import.meta.url, 'read-lag.sql');
const setTimeouts = readSqlFile(import.meta.url, 'set-timeouts.sql');

/** The interval of runs. A committed span is in the aggregates after this time and that of a run. */
const everyMs = 10_000;

/** Maximum of spans in a run, which bounds its memory. If more wait, the next run starts at once. */
const spansPerPass = 20_000;

/** Maximum time for aggregates of the past before the next run for new spans. */
const pastMs = 5_000;

const lockTimeoutMs = 10_000;
const statementTimeoutMs = 600_000;

/**
 * Maintains the aggregates of calls, a little later than the spans. Of several stores on one database, one does it at a
 * time, on a connection of its own. A failure is logged and tried again, and never ends the store.
 */
@Injectable()
export class CallRollupService implements OnApplicationBootstrap, OnApplicationShutdown {
  private readonly logger = new Logger(CallRollupService.name);
  private readonly stop = new AbortController();
  private readonly lock: StoreLock;
  private client: Client | undefined;
  private timer: NodeJS.Timeout | undefined;
  private running: Promise<void> | undefined;
  /** The failure that was logged, and its start, so that it is logged once. */
  private failure: { readonly reason: string; readonly sinceMs: number } | undefined;
  /** By this process's clock, so that the lag grows while the database is unavailable. Undefined before the first contact. */
  private countedAtMs: number | undefined;

  constructor(
    @Inject(DatabaseService) private readonly database: DatabaseService,
    @Inject(IngestMetricsService) private readonly metrics: IngestMetricsService,
  ) {
    this.lock = new StoreLock('calls', () => database.connectAside('tracestore lock'));
  }

  onApplicationBootstrap(): void {
    const tick = (): void => {
      this.running ??= this.run()
        .then(() => this.noteSuccess())
        .catch((error: unknown) => this.noteFailure(error))
        .then(() => (this.running = undefined));
    };
    this.timer = setInterval(tick, everyMs);
    tick();
  }

  /** Ends a current run with its connection. The next run repeats what was not committed. */
  async onApplicationShutdown(): Promise<void> {
    clearInterval(this.timer);
    this.stop.abort();
    await this.client?.end().catch(() => undefined);
    await this.running;
    await this.lock.end();
  }

  private async run(): Promise<void> {
    const client = await this.connect();
    await this.lock.hold(async (lost) => {
      const stop = (): void => void this.database.stopAside(client);
      lost.addEventListener('abort', stop, { once: true });
      await this.countNew(client);
      const untilMs = performance.now() + pastMs;
      const recounted = await this.repeat(untilMs, async () => (await recountSlice(client)) !== undefined);
      if (recounted > 0) this.logger.log(`calls: counted ${recounted} slices of 5 minutes again`);
      const rolled = await this.repeat(untilMs, () => rollLateCalls(client));
      if (rolled > 0) this.logger.debug(`calls: added up ${rolled} intervals again after late spans`);
    });
    // Also if another store aggregates.
    await this.noteLag(client);
  }

  private async noteLag(client: Client): Promise<void> {
    const { rows } = await client.query<{ lag_seconds: number }>(readLag);
    if (rows[0] === undefined) return;
    if (this.countedAtMs === undefined) {
      this.metrics.observeCallLag(() => (performance.now() - (this.countedAtMs ?? 0)) / 1000);
    }
    this.countedAtMs = performance.now() - rows[0].lag_seconds * 1000;
  }

  private async countNew(client: Client): Promise<void> {
    while (!this.stop.signal.aborted) {
      const startMs = performance.now();
      const { spanCount, isLast, restoredSlices } = await countNewCalls(client, spansPerPass);
      if (restoredSlices !== undefined) {
        this.logger.warn('The database was restored from a dump: the calls of all spans in it are counted again');
      }
      if (spanCount > 0) {
        this.logger.debug(`calls: counted ${spanCount} spans in ${Math.round(performance.now() - startMs)} ms`);
      }
      if (isLast) return;
    }
  }

  /** Repeats a step while it finds work, until a time. @returns the number of steps with work */
  private async repeat(untilMs: number, step: () => Promise<boolean>): Promise<number> {
    let count = 0;
    while (!this.stop.signal.aborted && performance.now() < untilMs && (await step())) count += 1;
    return count;
  }

  /** Returns the connection, a new one if there is none. @throws DatabaseUnavailableError while the database is unavailable */
  private async connect(): Promise<Client> {
    if (this.client !== undefined) return this.client;
    const client = await this.database.connectAside();
    client.on('end', () => {
      if (this.client === client) this.client = undefined;
    });
    this.client = client;
    try {
      await client.query(setTimeouts, [String(lockTimeoutMs), String(statementTimeoutMs)]);
      await prepareForPasses(client);
      return client;
    } catch (error) {
      await client.end().catch(() => undefined);
      throw error;
    }
  }

  private noteFailure(error: unknown): void {
    // This does not make the store unready: writers must go on if the aggregation fails. An unavailable database is
    // reported elsewhere.
    if (this.stop.signal.aborted || error instanceof DatabaseUnavailableError) return;
    const reason = error instanceof Error ? error.message || error.name : String(error);
    if (this.failure?.reason === reason) return;
    this.failure = { reason, sinceMs: this.failure?.sinceMs ?? performance.now() };
    this.logger.warn(`calls: ${reason}; it will be tried again`);
  }

  private noteSuccess(): void {
    if (this.failure === undefined) return;
    this.logger.log(`calls: works again after ${Math.round((performance.now() - this.failure.sinceMs) / 1000)} s`);
    this.failure = undefined;
  }
}
