import { importBuilt } from './built-tracestore.ts';

type Config = typeof import('../../apps/tracestore/src/tracestore.config.ts');
type Database = typeof import('../../apps/tracestore/src/schema/database.service.ts');
type Metrics = typeof import('../../apps/tracestore/src/metrics/ingest-metrics.service.ts');
type Writer = typeof import('../../apps/tracestore/src/write/trace-writer.service.ts');
type Flight = typeof import('../../apps/tracestore/src/write/batch-flight.ts');
type Statement = import('../../apps/tracestore/src/write/batch-flight.ts').Statement;
type Ingest = typeof import('../../apps/tracestore/src/otlp/trace-ingest.service.ts');
type Calls = typeof import('../../apps/tracestore/src/otlp/call-counts.ts');
type Transcoding = typeof import('../../apps/tracestore/src/otlp/transcoder.ts');

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

/** A store is always exact and sums up, so what it costs can only be seen where it is taken out by force. */
export async function openIngestPath(options: IngestPathOptions): Promise<IngestPath> {
  const { readTracestoreConfig } = await importBuilt<Config>('tracestore.config');
  const { DatabaseService } = await importBuilt<Database>('schema/database.service');
  const { IngestMetricsService } = await importBuilt<Metrics>('metrics/ingest-metrics.service');
  const { TraceWriterService } = await importBuilt<Writer>('write/trace-writer.service');
  const { TraceIngestService } = await importBuilt<Ingest>('otlp/trace-ingest.service');
  const config = readTracestoreConfig({
    TRACESTORE_DATABASE_URL: options.databaseUrl,
    TRACESTORE_DATABASE_CONNECTIONS: String(options.connections),
  });
  const database = new DatabaseService(config);
  await database.onModuleInit();
  const metrics = new IngestMetricsService();
  const writer = new TraceWriterService(config, database, metrics);
  const close = (): Promise<void> => database.onApplicationShutdown();
  if (!options.rollups) await countNoCalls();
  if (options.exactlyOnce) {
    const service = new TraceIngestService(writer, metrics);
    return {
      ingest: async (body) => {
        await service.ingest(body, 'protobuf');
      },
      close,
    };
  }
  await keepNoLedger();
  const { Transcoder } = await importBuilt<Transcoding>('otlp/transcoder');
  const transcoder = new Transcoder();
  let sent = 0;
  return {
    ingest: async (body) => {
      const digest = Buffer.alloc(8);
      digest.writeDoubleBE(++sent);
      const fill: Parameters<typeof writer.write>[0]['fill'] = (batch) => transcoder.transcode(body, batch, sent << 12);
      await writer.write({ digest, byteLength: body.byteLength, fill });
    },
    close,
  };
}

/** The transcoder still notes what there would be to count, which is next to nothing. */
async function countNoCalls(): Promise<void> {
  const { CallCounts } = await importBuilt<Calls>('otlp/call-counts');
  CallCounts.prototype.add = () => {};
}

/** Leaves the ledger's statement out of every transaction. */
async function keepNoLedger(): Promise<void> {
  const { BatchFlight } = await importBuilt<Flight>('write/batch-flight');
  const { submit } = BatchFlight.prototype;
  BatchFlight.prototype.submit = function (connection) {
    const flight = this as unknown as { calls: readonly { readonly statement: Statement }[] };
    const without = flight.calls.filter(({ statement }) => statement.name !== 'insert-ledger');
    if (without.length === flight.calls.length) throw new Error('there is no ledger that could be left out');
    flight.calls = without;
    submit.call(this, connection);
  };
}

/** The writer's own limit of transactions at once: more connections would have nothing to do. */
const writerConnections = 2;

/** Over how many connections the store writes when nobody says. */
export async function defaultConnections(): Promise<number> {
  const { readTracestoreConfig } = await importBuilt<Config>('tracestore.config');
  return Math.min(readTracestoreConfig({}).databaseConnections, writerConnections);
}
