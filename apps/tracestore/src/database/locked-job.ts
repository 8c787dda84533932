import { Logger } from '@nestjs/common';
import type { Client } from 'pg';
import { DatabaseUnavailableError } from '../errors/database-failure.js';
import type { DatabaseService } from './database.service.js';
import { StoreLock, type StoreLockName } from './store-lock.js';

/** What a `LockedJob` does and when. */
export interface LockedWork {
  /** The lock, and the name of the job in the log. */
  readonly lock: StoreLockName;
  /** Time between two starts. A run that takes longer delays the next one. */
  readonly everyMs: number;
  /** Whether a run is due; by default at each start. */
  readonly isDue?: () => boolean;
  /** Prepares a new connection. */
  readonly prepare?: (client: Client) => Promise<void>;
  /**
   * Runs while this process holds the lock.
   *
   * @param signal aborts when the process stops or the lock is lost
   */
  readonly run: (client: Client, signal: AbortSignal) => Promise<void>;
  /** Runs after `run`, and also if another process holds the lock. */
  readonly afterwards?: (client: Client, hasRun: boolean) => Promise<void> | void;
}

/**
 * A background job that only one of several processes on a database runs at a time. It has its own connection, and
 * opens another after a failure. It logs each failure once and retries at the next start. A failure never ends the
 * process and never counts as a failure of the database, because it must not stop the writers.
 */
export class LockedJob {
  private readonly logger: Logger;
  private readonly lock: StoreLock;
  /** The last reason that was logged and the start of the failure, by the name of what failed. */
  private readonly failures = new Map<string, { readonly reason: string; readonly sinceMs: number }>();
  private isStopped = false;
  private ending: AbortController | undefined;
  private client: Client | undefined;
  private timer: NodeJS.Timeout | undefined;
  private running: Promise<void> | undefined;

  constructor(
    private readonly database: Pick<DatabaseService, 'connectAside' | 'stopAside'>,
    private readonly work: LockedWork,
  ) {
    this.logger = new Logger(`LockedJob ${work.lock}`);
    this.lock = new StoreLock(work.lock, () => database.connectAside('tracestore lock'));
  }

  /** Runs the job now and then at every interval; does nothing after `stop`. */
  start(): void {
    if (this.isStopped) return;
    const tick = (): void => {
      this.running ??= this.runOnce()
        .then(() => this.noteSuccess(this.work.lock))
        .catch((error: unknown) => this.noteFailure(this.work.lock, error))
        .finally(() => (this.running = undefined));
    };
    this.timer = setInterval(tick, this.work.everyMs);
    tick();
  }

  /** Aborts a run, closes its connection, and releases the lock. Uncommitted work is done again by the next run. */
  async stop(): Promise<void> {
    this.isStopped = true;
    clearInterval(this.timer);
    this.ending?.abort();
    await this.client?.end().catch(() => undefined);
    await this.running;
    await this.lock.end();
  }

  /**
   * Logs a failure, unless it was logged already or the database is unavailable, which is logged elsewhere.
   *
   * @param name what failed: a part of the job
   */
  noteFailure(name: string, error: unknown): void {
    if (this.isStopped || error instanceof DatabaseUnavailableError) return;
    const reason = error instanceof Error ? error.message || error.name : String(error);
    const before = this.failures.get(name);
    if (before?.reason === reason) return;
    this.failures.set(name, { reason, sinceMs: before?.sinceMs ?? performance.now() });
    this.logger.warn(`${name}: ${reason}; will be retried`);
  }

  /** Logs the end of a failure, if there was one. */
  noteSuccess(name: string): void {
    const before = this.failures.get(name);
    if (before === undefined) return;
    this.failures.delete(name);
    this.logger.log(`${name}: recovered after ${Math.round((performance.now() - before.sinceMs) / 1000)} s`);
  }

  private async runOnce(): Promise<void> {
    if (this.work.isDue?.() === false) return;
    const client = await this.connect();
    const hasRun = await this.lock.hold(async (lost) => {
      const ending = new AbortController();
      this.ending = ending;
      if (this.isStopped) ending.abort();
      const onLost = (): void => {
        ending.abort();
        void this.database.stopAside(client);
      };
      lost.addEventListener('abort', onLost, { once: true });
      try {
        await this.work.run(client, ending.signal);
      } finally {
        this.ending = undefined;
      }
    });
    await this.work.afterwards?.(client, hasRun);
  }

  private async connect(): Promise<Client> {
    if (this.client !== undefined) return this.client;
    const client = await this.database.connectAside();
    client.on('end', () => {
      if (this.client === client) this.client = undefined;
    });
    this.client = client;
    try {
      await this.work.prepare?.(client);
      return client;
    } catch (error) {
      await client.end().catch(() => undefined);
      throw error;
    }
  }
}
