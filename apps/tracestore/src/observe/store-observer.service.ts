import { Injectable, Logger, type OnModuleInit } from '@nestjs/common';
import { DatabaseService } from '../database/database.service.js';
import { type StoreSizes, StoreMetricsService } from '../metrics/store-metrics.service.js';
import { QueryDatabaseService } from '../query/query-database.service.js';
import { findDatabaseBytes, findTableSizes } from '../query/storage/measure-storage.js';
import { readSql } from '../sql.js';

const findNewestPartitions = readSql(import.meta.url, 'find-newest-partitions.sql');
const countCompressedChunks = readSql(import.meta.url, 'count-compressed-chunks.sql');

/** Sizes are measured at most this often, and only while something scrapes the metrics. */
const measureEveryMs = 30_000;

/** Sizes that are older are not shown. */
const staleAfterMs = 300_000;

/** Shows the pools, the state and the sizes of the store at `/metrics`. */
@Injectable()
export class StoreObserverService implements OnModuleInit {
  private readonly logger = new Logger(StoreObserverService.name);
  private sizes: StoreSizes | undefined;
  private measuredAtMs = -Infinity;
  private triedAtMs = -Infinity;

  constructor(
    private readonly database: DatabaseService,
    private readonly queries: QueryDatabaseService,
    private readonly metrics: StoreMetricsService,
  ) {}

  onModuleInit(): void {
    const { database, queries, metrics } = this;
    metrics.observePools({ write: () => database.poolUsage, query: () => queries.poolUsage });
    metrics.observeState(() => ({
      isReady: database.problems().length === 0,
      warnings: database.warnings().map(({ code }) => code),
    }));
    metrics.observeSizes(() => this.lastSizes());
  }

  /** A scrape does not wait: it gets the last sizes, and has them measured for the next one. */
  private lastSizes(): StoreSizes | undefined {
    const nowMs = performance.now();
    if (nowMs - this.triedAtMs >= measureEveryMs && this.database.capabilities !== undefined) {
      this.triedAtMs = nowMs;
      void this.measure();
    }
    return nowMs - this.measuredAtMs > staleAfterMs ? undefined : this.sizes;
  }

  /** Never rejects. */
  private async measure(): Promise<void> {
    const { queries } = this;
    const hasHypertables = this.database.capabilities?.storage === 'hypertables';
    try {
      const tables = await findTableSizes(queries, hasHypertables);
      const compressed = hasHypertables
        ? await queries.query<{ name: string; compressed: number }>(countCompressedChunks.bind(), undefined)
        : [];
      const newest = hasHypertables
        ? []
        : await queries.query<{ name: string; newest_end_s: number }>(findNewestPartitions.bind(), undefined);
      const databaseBytes = await findDatabaseBytes(queries);
      this.sizes = {
        databaseBytes,
        tables: tables.map(({ name, bytes, indexBytes, partitions }) => ({
          table: name,
          bytes,
          indexBytes,
          partitions: partitions === 0 ? undefined : partitions,
          compressedPartitions: compressed.find((row) => row.name === name)?.compressed,
          newestEndSeconds: newest.find((row) => row.name === name)?.newest_end_s,
        })),
      };
      this.measuredAtMs = performance.now();
    } catch (error) {
      this.logger.debug(
        `The sizes of the store are not known: ${error instanceof Error ? error.message : String(error)}`,
      );
    }
  }
}
