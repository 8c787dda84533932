import { Injectable, Logger, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import type { Client } from 'pg';
import { IngestMetricsService } from '../metrics/ingest-metrics.service.js';
import { DatabaseUnavailableError } from '../errors/database-failure.js';
import { DatabaseService } from '../database/database.service.js';
import { StoreLock } from '../database/store-lock.js';
import { readSqlFile } from '../sql-file.js';
import { countNewCalls, prepareForPasses, recountSlice, rollLateCalls } from './call-pass.js';

const readLag = readSqlFile(import.meta.url, 'read-lag.sql');
const setTimeouts = readSqlFile(import.meta.url, 'set-timeouts.sql');

/** How often what is new is counted: what is committed is in the figures after that and the time of a pass. */
const everyMs = 10_000;

/** Bounds a transaction, and what of it is in memory; more that waits is counted at once afterwards. */
const spansPerPass = 20_000;

/** For so long at most figures of the past are made again before what is new has its turn. */
const pastMs = 5_000;

const lockTimeoutMs = 10_000;
const statementTimeoutMs = 600_000;

/**
 * Keeps the figures of calls, a little behind the spans. Of several stores on one database one does it at a time, on a
 * connection of its own. Whatever fails is logged and tried again; nothing that happens here ends the store.
 */
@Injectable()
export class CallRollupService implements OnApplicationBootstrap, OnApplicationShutdown {
  private readonly logger = new Logger(CallRollupService.name);
  private readonly stop = new AbortController();
  private readonly lock: StoreLock;
  private client: Client | undefined;
  private timer: NodeJS.Timeout | undefined;
  private running: Promise<void> | undefined;
  /** What was logged of a failure, and when it began, so that it is said once. */
  private failure: { readonly reason: string; readonly sinceMs: number } | undefined;
  /** On this process's clock, so that a database that is away makes the lag grow; undefined until it was reached. */
  private countedAtMs: number | undefined;

  constructor(
    private readonly database: DatabaseService,
    private readonly metrics: IngestMetricsService,
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

  /** Ends with the connection a pass that runs; the next one does again what it has not committed. */
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
      if (rolled > 0) this.logger.debug(`calls: summed up ${rolled} buckets again to which late spans had come`);
    });
    // Also of what another store counts.
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

  /** Takes a step while there is one to take, until a time. @returns how many */
  private async repeat(untilMs: number, step: () => Promise<boolean>): Promise<number> {
    let count = 0;
    while (!this.stop.signal.aborted && performance.now() < untilMs && (await step())) count += 1;
    return count;
  }

  /** The connection, made anew where there is none. @throws DatabaseUnavailableError while the database is away */
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
    // Not a failure of the database as its writers know it: what is wrong with the figures must not stop them. And it is
    // said elsewhere that the database is away.
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
