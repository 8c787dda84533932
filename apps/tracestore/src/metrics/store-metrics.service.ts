import { Injectable, Optional } from '@nestjs/common';
import { ServiceMetrics } from '@spandrel/service';
import { Gauge } from 'prom-client';

/** The use of a connection pool. */
export interface PoolUsage {
  /** Connections that run statements, and those that are open and free. */
  readonly used: number;
  readonly idle: number;
  /** Callers that wait for a connection. */
  readonly waiting: number;
  readonly max: number;
}

/** Whether the store works. */
export interface StoreState {
  readonly isReady: boolean;
  /** Codes of warnings, from a short list. */
  readonly warnings: readonly string[];
}

/** A table of the store, with all its partitions. */
export interface TableSize {
  readonly table: string;
  readonly bytes: number;
  readonly indexBytes: number;
  /** Undefined for a table without partitions. */
  readonly partitions: number | undefined;
  /** Partitions that are compressed; undefined where the database does not compress. */
  readonly compressedPartitions: number | undefined;
  /** The end of the latest partition in Unix time, where partitions are created ahead of time. */
  readonly newestEndSeconds: number | undefined;
}

/** The sizes of the store at one time. */
export interface StoreSizes {
  readonly databaseBytes: number;
  readonly tables: readonly TableSize[];
}

/** The warnings that an operator can get, each a value of the label `code`. */
export const warningCodes = ['reader-role', 'clock', 'retention', 'time-gap'] as const;

/**
 * Gauges of the store that are read at each scrape. Those of the pools have the names of OpenTelemetry's semantic
 * conventions. A value that is not known has no sample.
 */
@Injectable()
export class StoreMetricsService {
  private readonly registers: [ServiceMetrics['registry']];

  /** @param service by default, one of its own */
  constructor(@Optional() { registry }: ServiceMetrics = new ServiceMetrics()) {
    this.registers = [registry];
  }

  /**
   * Shows connection pools.
   *
   * @param pools by name: reads the use of the pool; must be cheap
   */
  observePools(pools: Readonly<Record<string, () => PoolUsage>>): void {
    const { registers } = this;
    const readings = Object.entries(pools);
    const pool = 'db_client_connection_pool_name';
    const connections: Gauge<string> = new Gauge({
      name: 'db_client_connection_count',
      help: 'Connections to the database, by pool and state: idle or used',
      labelNames: [pool, 'db_client_connection_state'],
      registers,
      collect: () => {
        for (const [name, read] of readings) {
          const { used, idle } = read();
          connections.set({ [pool]: name, db_client_connection_state: 'used' }, used);
          connections.set({ [pool]: name, db_client_connection_state: 'idle' }, idle);
        }
      },
    });
    const most: Gauge<string> = new Gauge({
      name: 'db_client_connection_max',
      help: 'Connections that a pool may open',
      labelNames: [pool],
      registers,
      collect: () => readings.forEach(([name, read]) => most.set({ [pool]: name }, read().max)),
    });
    const pending: Gauge<string> = new Gauge({
      name: 'db_client_connection_pending_requests',
      help: 'Statements that wait for a connection of a pool',
      labelNames: [pool],
      registers,
      collect: () => readings.forEach(([name, read]) => pending.set({ [pool]: name }, read().waiting)),
    });
  }

  /** Shows whether the store works. @param read called at each scrape; must be cheap */
  observeState(read: () => StoreState): void {
    const { registers } = this;
    const ready: Gauge = new Gauge({
      name: 'tracestore_ready',
      help: 'Whether spans can be stored, as far as it is known: 1 or 0',
      registers,
      collect: () => ready.set(read().isReady ? 1 : 0),
    });
    const warnings: Gauge<'code'> = new Gauge({
      name: 'tracestore_warning',
      help: 'Whether the operator has to do something, by the code of the warning: 1 or 0. reader-role: the role ps_trace_reader lacks rights',
      labelNames: ['code'],
      registers,
      collect: () => {
        const current = new Set(read().warnings);
        for (const code of warningCodes) warnings.set({ code }, current.has(code) ? 1 : 0);
      },
    });
  }

  /**
   * Shows the sizes of the store. They are of the database: each process shows the same.
   *
   * @param read called at each scrape; must be cheap; undefined while they are not known
   */
  observeSizes(read: () => StoreSizes | undefined): void {
    const { registers } = this;
    const database: Gauge = new Gauge({
      name: 'tracestore_database_size_bytes',
      help: 'Size of the database on disk',
      registers,
      collect: () => {
        const sizes = read();
        if (sizes === undefined) database.remove();
        else database.set(sizes.databaseBytes);
      },
    });
    const ofTables = (name: string, help: string, valueOf: (table: TableSize) => number | undefined): void => {
      const gauge: Gauge<'table'> = new Gauge({
        name,
        help,
        labelNames: ['table'],
        registers,
        collect: () => {
          gauge.reset();
          for (const table of read()?.tables ?? []) {
            const value = valueOf(table);
            if (value !== undefined) gauge.set({ table: table.table }, value);
          }
        },
      });
    };
    ofTables('tracestore_table_size_bytes', 'Size of a table with its partitions and indexes', ({ bytes }) => bytes);
    ofTables('tracestore_table_index_size_bytes', 'Size of the indexes of a table', ({ indexBytes }) => indexBytes);
    ofTables('tracestore_partitions', 'Partitions of a table, or its chunks', ({ partitions }) => partitions);
    ofTables(
      'tracestore_partitions_compressed',
      'Chunks of a table that are compressed, where the database can compress',
      ({ compressedPartitions }) => compressedPartitions,
    );
    ofTables(
      'tracestore_partition_newest_end_timestamp_seconds',
      'End of the latest partition of a table in Unix time, where partitions are created ahead of time',
      ({ newestEndSeconds }) => newestEndSeconds,
    );
  }
}
