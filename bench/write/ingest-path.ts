import { importBuilt } from './built-tracestore.ts';

type Config = typeof import('../../apps/tracestore/src/tracestore.config.ts');
type Database = typeof import('../../apps/tracestore/src/schema/database.service.ts');
type Writer = typeof import('../../apps/tracestore/src/write/trace-writer.service.ts');
type Ingest = typeof import('../../apps/tracestore/src/otlp/trace-ingest.service.ts');

/** tracestore's way from the bytes of a request to committed rows, in this process and without a receiver. */
export interface IngestPath {
  /** Resolves when every span of the request is committed. */
  ingest(body: Buffer): Promise<void>;
  close(): Promise<void>;
}

export interface IngestPathOptions {
  readonly databaseUrl: string;
  readonly connections: number;
  /** Whether retries are recognised. */
  readonly exactlyOnce: boolean;
  /** Whether calls, errors and latencies are summed up an operation. */
  readonly rollups: boolean;
}

/** Which of the options above this build can turn off. What it cannot is not measured. */
export const switches: Readonly<Record<'exactlyOnce' | 'rollups', boolean>> = { exactlyOnce: false, rollups: false };

export async function openIngestPath({ databaseUrl, connections }: IngestPathOptions): Promise<IngestPath> {
  const { readTracestoreConfig } = await importBuilt<Config>('tracestore.config');
  const { DatabaseService } = await importBuilt<Database>('schema/database.service');
  const { TraceWriterService } = await importBuilt<Writer>('write/trace-writer.service');
  const { TraceIngestService } = await importBuilt<Ingest>('otlp/trace-ingest.service');
  const config = readTracestoreConfig({
    TRACESTORE_DATABASE_URL: databaseUrl,
    TRACESTORE_DATABASE_CONNECTIONS: String(connections),
  });
  const database = new DatabaseService(config);
  await database.onModuleInit();
  const service = new TraceIngestService(new TraceWriterService(database));
  return {
    ingest: async (body) => {
      await service.ingest(body, 'protobuf');
    },
    close: () => database.onApplicationShutdown(),
  };
}

/** How many connections the store opens when nobody says. */
export async function defaultConnections(): Promise<number> {
  const { readTracestoreConfig } = await importBuilt<Config>('tracestore.config');
  return readTracestoreConfig({}).databaseConnections;
}
