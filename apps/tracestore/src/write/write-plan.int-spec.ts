import { afterEach, beforeEach, expect, it } from 'vitest';
import { createFreshDatabase, type FreshDatabase } from '@spandrel/testing/fresh-database';
import { encodeProtobuf } from '@spandrel/testing/otlp-client';
import { fullRequest } from '@spandrel/testing/requests';
import { queryOnce } from '@spandrel/testing/running-tracestore';
import { readTracestoreConfig } from '../config/tracestore.config.js';
import { DatabaseService } from '../database/database.service.js';
import { IngestMetricsService } from '../metrics/ingest-metrics.service.js';
import { TraceIngestService } from '../receive/trace-ingest.service.js';
import { completeWritePlan, type WritePlan } from '../storage/write-plan.js';
import { TraceWriterService } from './trace-writer.service.js';

let database: FreshDatabase;
let service: DatabaseService;

beforeEach(async () => {
  database = await createFreshDatabase();
  const config = readTracestoreConfig({ TRACESTORE_DATABASE_URL: database.url });
  service = new DatabaseService(config);
  service.onModuleInit();
  await service.started();
});

afterEach(async () => {
  await service.onApplicationShutdown();
  await database.drop();
});

// The request has 3 spans in 2 blocks. Without the ledger, a retry stores them again.
it.each([
  { plan: completeWritePlan, rows: { spans: 3, blocks: 2, ledger: 1 } },
  { plan: { ...completeWritePlan, blocks: false }, rows: { spans: 3, blocks: 0, ledger: 1 } },
  { plan: { ...completeWritePlan, ledger: false }, rows: { spans: 6, blocks: 4, ledger: 0 } },
  { plan: { ledger: false, blocks: false }, rows: { spans: 6, blocks: 0, ledger: 0 } },
])('the writer with the plan $plan stores $rows of a request that is sent twice', async ({ plan, rows }) => {
  const ingest = new TraceIngestService(writerWith(plan), new IngestMetricsService());
  const body = encodeProtobuf(fullRequest());
  for (let time = 1; time <= 2; time++) await ingest.ingest(body, 'protobuf', 'grpc');
  expect(await countRows()).toEqual(rows);
});

function writerWith(plan: WritePlan): TraceWriterService {
  return new TraceWriterService({ databaseConnections: 2 }, service, new IngestMetricsService(), plan);
}

async function countRows(): Promise<unknown> {
  const [row] = await queryOnce(
    database.url,
    `SELECT (SELECT count(*)::int FROM tracestore.span) AS spans,
       (SELECT count(*)::int FROM tracestore.span_block) AS blocks,
       (SELECT count(*)::int FROM tracestore.ledger) AS ledger`,
  );
  return row;
}
