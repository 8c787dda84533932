import { Logger } from '@nestjs/common';
import { importBuilt } from '../../stack/built-tracestore.ts';

type Config = typeof import('../../apps/tracestore/src/config/tracestore.config.ts');
type Database = typeof import('../../apps/tracestore/src/database/database.service.ts');
type Metrics = typeof import('../../apps/tracestore/src/metrics/ingest-metrics.service.ts');
type Writer = typeof import('../../apps/tracestore/src/write/trace-writer.service.ts');
type PipelineModule = typeof import('../../apps/tracestore/src/database/pipelined-batch.ts');
type Statement = import('../../apps/tracestore/src/database/pipelined-batch.ts').Statement;
type WriteRequest = import('../../apps/tracestore/src/write/trace-writer.service.ts').WriteRequest;
type Ingest = typeof import('../../apps/tracestore/src/receive/trace-ingest.service.ts');
type Terms = typeof import('../../apps/tracestore/src/storage/term-list.ts');
type Blocks = typeof import('../../apps/tracestore/src/storage/span-blocks.ts');
type Transcoding = typeof import('../../apps/tracestore/src/transcode/transcoder.ts');

/** tracestore's way from the bytes of a request to committed rows, in this process and without a receiver. */
export interface IngestPath {
  /** Resolves when every span of the request is committed. */
  ingest(body: Buffer): Promise<void>;
  close(): Promise<void>;
}

/**
 * What a store does besides storing spans: `ledger`, by which it knows a retry; `blocks`, by which a search
 * skips spans.
 */
export type Extra = 'ledger' | 'blocks';

export interface IngestPathOptions {
  readonly databaseUrl: string;
  readonly connections: number;
  /** A store never leaves any of these out, so what they cost can only be seen where they are taken out by force. */
  readonly without: readonly Extra[];
}

export async function openIngestPath(options: IngestPathOptions): Promise<IngestPath> {
  // What it logs otherwise goes to stdout, which holds a benchmark's result alone.
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
  await database.onModuleInit();
  const metrics = new IngestMetricsService();
  const writer = new TraceWriterService(config, database, metrics);
  const close = (): Promise<void> => database.onApplicationShutdown();
  if (options.without.includes('blocks')) await sumUpNoBlocks();
  if (!options.without.includes('ledger')) {
    const service = new TraceIngestService(writer, metrics);
    return {
      ingest: async (body) => {
        await service.ingest(body, 'protobuf');
      },
      close,
    };
  }
  await keepNoLedger();
  const { Transcoder } = await importBuilt<Transcoding>('transcode/transcoder');
  const transcoder = new Transcoder();
  let sent = 0;
  return {
    ingest: async (body) => {
      const digest = Buffer.alloc(8);
      digest.writeDoubleBE(++sent);
      const fill: WriteRequest['fill'] = (batch) => transcoder.transcode(body, batch, sent << 12);
      const fillSlowly: WriteRequest['fillSlowly'] = async (batch) => transcoder.transcode(body, batch, sent << 12);
      await writer.write({ digest, byteLength: body.byteLength, fill, fillSlowly });
    },
    close,
  };
}

/** No attribute is hashed, and no block is written. */
async function sumUpNoBlocks(): Promise<void> {
  const { TermList } = await importBuilt<Terms>('storage/term-list');
  const { SpanBlocks } = await importBuilt<Blocks>('storage/span-blocks');
  TermList.prototype.addAttributes = () => {};
  SpanBlocks.prototype.add = () => {};
}

/** Leaves the ledger's statement out of every transaction. */
async function keepNoLedger(): Promise<void> {
  const { PipelinedBatch } = await importBuilt<PipelineModule>('database/pipelined-batch');
  const { submit } = PipelinedBatch.prototype;
  PipelinedBatch.prototype.submit = function (connection) {
    const pipeline = this as unknown as { calls: readonly { readonly statement: Statement }[] };
    const without = pipeline.calls.filter(({ statement }) => statement.name !== 'insert-ledger');
    if (without.length === pipeline.calls.length) throw new Error('there is no ledger that could be left out');
    pipeline.calls = without;
    submit.call(this, connection);
  };
}

/** Over how many connections the store writes when nobody says. */
export async function defaultConnections(): Promise<number> {
  const { readTracestoreConfig } = await importBuilt<Config>('config/tracestore.config');
  const { maxSlots } = await importBuilt<Writer>('write/trace-writer.service');
  return Math.min(readTracestoreConfig({}).databaseConnections, maxSlots);
}
