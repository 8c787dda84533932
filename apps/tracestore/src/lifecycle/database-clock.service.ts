import { Inject, Injectable, Logger, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import type { ClientBase } from 'pg';
import { IngestMetricsService } from '../metrics/ingest-metrics.service.js';
import { DatabaseUnavailableError } from '../errors/database-failure.js';
import { DatabaseService } from '../database/database.service.js';
import { TRACESTORE_CONFIG, type TracestoreConfig } from '../config/tracestore.config.js';
import { compareClocks } from '../database/database-clock.js';

/** The interval in which clocks are compared and the epoch is read. */
const everyMs = 30_000;

/**
 * Compares the clock of this process with the database's, at the start and regularly. If they differ by more than
 * `TRACESTORE_MAX_CLOCK_OFFSET`, one of them is wrong, and it is unknown which. This store then removes nothing by age.
 */
@Injectable()
export class DatabaseClockService implements OnApplicationBootstrap, OnApplicationShutdown {
  private readonly logger = new Logger(DatabaseClockService.name);
  private timer: NodeJS.Timeout | undefined;
  private running: Promise<void> | undefined;
  private offsetMs: number | undefined;
  private isOff = false;
  private isStopped = false;

  constructor(
    private readonly database: DatabaseService,
    private readonly metrics: IngestMetricsService,
    @Inject(TRACESTORE_CONFIG) private readonly config: TracestoreConfig,
  ) {}

  onApplicationBootstrap(): void {
    this.database.afterStart(() => this.start());
  }

  async onApplicationShutdown(): Promise<void> {
    this.isStopped = true;
    clearInterval(this.timer);
    await this.running;
  }

  private start(): void {
    if (this.isStopped) return;
    const tick = (): void => {
      this.running ??= this.run().finally(() => (this.running = undefined));
    };
    this.timer = setInterval(tick, everyMs);
    tick();
  }

  /**
   * Compares the clocks now.
   *
   * @param client to a migrated database
   * @returns whether they agree
   * @throws DatabaseError of pg
   */
  async agrees(client: ClientBase): Promise<boolean> {
    const { offsetMs, uncertaintyMs, epoch } = await compareClocks(client);
    this.database.noteEpoch(epoch);
    if (this.offsetMs === undefined) this.metrics.observeClockOffset(() => (this.offsetMs ?? 0) / 1000);
    this.offsetMs = offsetMs;
    const isOff = Math.abs(offsetMs) - uncertaintyMs > this.config.maxClockOffsetMs;
    const direction = offsetMs > 0 ? 'ahead of' : 'behind';
    const state = `The clock of this process is ${Math.round(Math.abs(offsetMs) / 1000)} s ${direction} the database's`;
    if (isOff && !this.isOff) {
      this.logger.warn(`${state}: this store drops, compresses and cleans up nothing until they agree`);
    } else if (!isOff && this.isOff) {
      this.logger.log("The clock of this process agrees with the database's again");
    }
    this.isOff = isOff;
    this.database.noteWarning(
      'clock',
      isOff ? { message: `${state}. Set the one that is wrong; until then this store drops nothing` } : undefined,
    );
    this.metrics.lifecycleHeld('clock', isOff);
    return !isOff;
  }

  private async run(): Promise<void> {
    try {
      const client = await this.database.connect();
      let failure: Error | undefined;
      try {
        await this.agrees(client);
      } catch (cause) {
        failure = cause instanceof Error ? cause : new Error(String(cause));
        this.database.noteFailure(cause);
      } finally {
        client.release(failure);
      }
    } catch (error) {
      // The database is unavailable, which is logged elsewhere.
      if (!(error instanceof DatabaseUnavailableError)) throw error;
    }
  }
}
