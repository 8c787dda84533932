import { createService } from '@spandrel/service';
import pg from 'pg';
import { DatabaseService } from '../../../apps/tracestore/src/database/database.service.js';
import { JaegerGrpcService } from '../../../apps/tracestore/src/jaeger/jaeger-grpc.service.js';
import { GrpcReceiverService } from '../../../apps/tracestore/src/receive/grpc-receiver.service.js';
import { HttpReceiverService } from '../../../apps/tracestore/src/receive/http-receiver.service.js';
import { TempoPortService } from '../../../apps/tracestore/src/tempo/tempo-port.service.js';
import { compressedPaths, serverLimitsOf } from '../../../apps/tracestore/src/config/server-limits.js';
import { readTracestoreConfig, type TracestoreConfig } from '../../../apps/tracestore/src/config/tracestore.config.js';
import { TracestoreModule } from '../../../apps/tracestore/src/tracestore.module.js';

/** A tracestore in this process, on free ports. */
export interface RunningTracestore {
  /** The URL of its HTTP port, without a slash at the end. */
  readonly url: string;
  /** The URL for OTLP/HTTP. */
  readonly tracesUrl: string;
  readonly grpcAddress: string;
  /** The address of the storage gRPC API of Jaeger. */
  readonly jaegerAddress: string;
  /** The address of Tempo's API, over HTTP and gRPC. */
  readonly tempoAddress: string;
  /** The storage gRPC API of Jaeger at the port of Promscale, where it is open. */
  readonly promscaleAddress: string;
  stop(): Promise<void>;
}

/**
 * Starts a tracestore.
 *
 * @param waitsForStart whether it waits for the first try to migrate the database, as most tests need it
 * @throws Error that would end the process of a store
 */
export async function startTracestore(
  databaseUrl: string,
  overrides: Partial<TracestoreConfig> = {},
  waitsForStart = true,
): Promise<RunningTracestore> {
  const config: TracestoreConfig = {
    ...readTracestoreConfig({
      TRACESTORE_DATABASE_URL: databaseUrl,
      // Tests store spans of any time.
      TRACESTORE_RETENTION: '36500d',
      LOG_LEVEL: 'silent',
    }),
    httpPort: 0,
    otlpGrpcPort: 0,
    otlpHttpPort: 0,
    jaegerGrpcPort: 0,
    tempoPort: 0,
    ...overrides,
  };
  const app = await createService({
    name: 'tracestore',
    description: 'under test',
    module: TracestoreModule.forRoot(config),
    trustedProxies: config.access.trustedProxies,
    limits: serverLimitsOf(config),
    compressedPaths,
    config: {
      HOST: config.host,
      PORT: config.httpPort,
      LOG_LEVEL: config.logLevel,
      SHUTDOWN_DELAY_MS: config.shutdownDelayMs,
    },
  });
  await app.listen({ host: config.host, port: config.httpPort });
  const starting = waitsForStart ? app.get(DatabaseService, { strict: false }).started() : Promise.resolve();
  await starting.catch(async (error: unknown) => {
    await app.close();
    throw error;
  });
  return {
    url: await app.getUrl(),
    tracesUrl: `http://${config.host}:${app.get(HttpReceiverService).port}/v1/traces`,
    grpcAddress: `${config.host}:${app.get(GrpcReceiverService).port}`,
    jaegerAddress: `${config.host}:${app.get(JaegerGrpcService).port}`,
    tempoAddress: `${config.host}:${app.get(TempoPortService).port}`,
    promscaleAddress: `${config.host}:${app.get(JaegerGrpcService).promscalePort}`,
    stop: () => app.close(),
  };
}

/** Runs one query with the rights of ps_trace_reader. */
export async function queryAsReader<Row extends pg.QueryResultRow>(
  databaseUrl: string,
  sql: string,
  values: readonly unknown[] = [],
): Promise<readonly Row[]> {
  return query<Row>(databaseUrl, sql, values, 'SET ROLE ps_trace_reader');
}

/** Runs one query on a new connection. */
export async function queryOnce<Row extends pg.QueryResultRow>(
  databaseUrl: string,
  sql: string,
  values: readonly unknown[] = [],
): Promise<readonly Row[]> {
  return query<Row>(databaseUrl, sql, values);
}

async function query<Row extends pg.QueryResultRow>(
  databaseUrl: string,
  sql: string,
  values: readonly unknown[],
  before?: string,
): Promise<readonly Row[]> {
  const client = new pg.Client(databaseUrl);
  await client.connect();
  try {
    if (before !== undefined) await client.query(before);
    return (await client.query<Row>(sql, [...values])).rows;
  } finally {
    await client.end();
  }
}
