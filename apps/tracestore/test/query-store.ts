import type { ExportTraceServiceRequest } from '../src/gen/opentelemetry/proto/collector/trace/v1/trace_service_pb.js';
import { QueryDatabaseService } from '../src/query/query-database.service.js';
import { encodeProtobuf, sendGrpc } from './otlp-client.js';
import { startTracestore } from './running-tracestore.js';

/** A store, and connections to query it. */
export interface QueryStore {
  readonly database: QueryDatabaseService;
  /** Resolves when the spans are stored. */
  send(...requests: readonly ExportTraceServiceRequest[]): Promise<void>;
  stop(): Promise<void>;
}

export async function startQueryStore(databaseUrl: string): Promise<QueryStore> {
  const store = await startTracestore(databaseUrl);
  const database = new QueryDatabaseService({ databaseUrl, queryConnections: 4, queryTimeoutMs: 30_000 });
  return {
    database,
    send: async (...requests) => {
      for (const request of requests) await sendGrpc(store.grpcAddress, encodeProtobuf(request));
    },
    stop: async () => {
      await database.onApplicationShutdown();
      await store.stop();
    },
  };
}
