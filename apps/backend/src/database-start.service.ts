import { setTimeout as sleep } from 'node:timers/promises';
import { Injectable, Logger, type OnModuleDestroy, type OnModuleInit } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import type { DataSource } from 'typeorm';

/** How long it waits between two tries, in ms. */
const retryMs = 1_000;

/**
 * Connects to the database and applies migrations. A database that is not available yet, or does not accept the password or
 * the certificate yet, does not end the process: the service listens, is not ready, and tries again until it succeeds.
 */
@Injectable()
export class DatabaseStartService implements OnModuleInit, OnModuleDestroy {
  private readonly logger = new Logger(DatabaseStartService.name);
  private readonly stop = new AbortController();
  private retries: Promise<void> = Promise.resolve();
  private reason: string | undefined;

  constructor(@InjectDataSource() private readonly dataSource: DataSource) {}

  /** Tries once, so that a service with an available database is ready when it listens. */
  async onModuleInit(): Promise<void> {
    if (!(await this.try())) this.retries = this.retry();
  }

  async onModuleDestroy(): Promise<void> {
    this.stop.abort();
    await this.retries;
  }

  private async retry(): Promise<void> {
    do {
      await sleep(retryMs, undefined, { signal: this.stop.signal }).catch(() => undefined);
    } while (!this.stop.signal.aborted && !(await this.try()));
  }

  /** Returns whether it succeeded. It logs a reason once. */
  private async try(): Promise<boolean> {
    try {
      await this.dataSource.initialize();
      if (this.reason !== undefined) this.logger.log('The database is ready');
      return true;
    } catch (error) {
      const reason = error instanceof Error ? error.message || error.name : String(error);
      if (reason !== this.reason) this.logger.warn(`The database is not ready, trying again: ${reason}`);
      this.reason = reason;
      return false;
    }
  }
}
