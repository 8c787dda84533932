import { Logger } from '@nestjs/common';
import { importBuilt } from '@spandrel/embedded/built-tracestore';

type Config = typeof import('../../apps/tracestore/src/config/tracestore.config.ts');
type Database = typeof import('../../apps/tracestore/src/database/database.service.ts');
type Metrics = typeof import('../../apps/tracestore/src/metrics/ingest-metrics.service.ts');
type Writer = typeof import('../../apps/tracestore/src/write/trace-writer.service.ts');
type Ingest = typeof import('../../apps/tracestore/src/receive/trace-ingest.service.ts');
type WritePlan = import('../../apps/tracestore/src/storage/write-plan.ts').WritePlan;

/** tracestore's path from the bytes of a request to committed rows, in this process and without a receiver. */
export interface IngestPath {
  /** Resolves when every span of the request is committed. */
  ingest(body: Buffer): Promise<void>;
  close(): Promise<void>;
}

/** A part of writing that can be left out, to measure what it costs. */
export type Extra = keyof WritePlan;

export interface IngestPathOptions {
  readonly databaseUrl: string;
  readonly connections: number;
  /** A real store never leaves any of these out. */
  readonly without: readonly Extra[];
}

/** Opens the path, with the parts that are not left out. */
export async function openIngestPath(options: IngestPathOptions): Promise<IngestPath> {
  // Its log would go to stdout, which holds only the result of the benchmark.
  Logger.overrideLogger(['error', 'fatal']);
  const { readTracestoreConfig } = await importBuilt<Config>('config/tracestore.config');
  const { DatabaseService } = await importBuilt<Database>('database/database.service');
  const { IngestMetricsService } = await importBuilt<Metrics>('metrics/ingest-metrics.service');
  const { TraceWriterService } = await importBuilt<Writer>('write/trace-writer.service');
  const { TraceIngestService } = await importBuilt<Ingest>('receive/trace-ingest.service');
  const config = readTracestoreConfig({
    TRACESTORE_DATABASE_URL: options.databaseUrl,
    TRACESTORE_DATABASE_CONNECTIONS: String(options.connections),
  });
  const database = new DatabaseService(config);
  database.onModuleInit();
  await database.started();
  const metrics = new IngestMetricsService();
  const plan: WritePlan = {
    ledger: !options.without.includes('ledger'),
    blocks: !options.without.includes('blocks'),
  };
  const service = new TraceIngestService(new TraceWriterService(config, database, metrics, plan), metrics);
  return {
    ingest: async (body) => {
      await service.ingest(body, 'protobuf', 'grpc');
    },
    close: () => database.onApplicationShutdown(),
  };
}

/** @returns over how many connections a store writes by default */
export async function defaultConnections(): Promise<number> {
  const { readTracestoreConfig } = await importBuilt<Config>('config/tracestore.config');
  const { maxSlots } = await importBuilt<Writer>('write/trace-writer.service');
  return Math.min(readTracestoreConfig({}).databaseConnections, maxSlots);
}
