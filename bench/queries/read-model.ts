import { importBuilt } from '@spandrel/embedded/built-tracestore';

type Database = typeof import('../../apps/tracestore/src/query/query-database.service.ts');
type Filters = typeof import('../../apps/tracestore/src/query/filter/filter.ts');
type GetTraces = typeof import('../../apps/tracestore/src/query/get-traces/get-traces.ts');
type FindTraces = typeof import('../../apps/tracestore/src/query/find-traces/find-traces.ts');
type SummarizeTraces = typeof import('../../apps/tracestore/src/query/summarize-traces/summarize-traces.ts');
type FindServices = typeof import('../../apps/tracestore/src/query/services/find-services.ts');
type FindOperations = typeof import('../../apps/tracestore/src/query/operations/find-operations.ts');
export type TraceSearch = import('../../apps/tracestore/src/query/find-traces/trace-search.ts').TraceSearch;
export type Filter = import('../../apps/tracestore/src/query/filter/filter.ts').Filter;

/** The queries of tracestore, run in this process as its protocols run them. */
export interface ReadModel {
  readonly filters: Filters;
  /** Reads a whole trace. @returns the number of its spans */
  getTrace(traceId: string): Promise<number>;
  /** Reads a page of traces with their summaries. @returns the number of traces */
  search(search: TraceSearch): Promise<number>;
  findServices(): Promise<readonly string[]>;
  findOperations(serviceName: string): Promise<number>;
  close(): Promise<void>;
}

export async function openReadModel(databaseUrl: string): Promise<ReadModel> {
  const { QueryDatabaseService } = await importBuilt<Database>('query/query-database.service');
  const { getTraces } = await importBuilt<GetTraces>('query/get-traces/get-traces');
  const { findTraces } = await importBuilt<FindTraces>('query/find-traces/find-traces');
  const { summarizeTraces } = await importBuilt<SummarizeTraces>('query/summarize-traces/summarize-traces');
  const { findServices } = await importBuilt<FindServices>('query/services/find-services');
  const { findOperations } = await importBuilt<FindOperations>('query/operations/find-operations');
  const filters = await importBuilt<Filters>('query/filter/filter');
  const database = new QueryDatabaseService({ databaseUrl, queryConnections: 2, queryTimeoutMs: 60_000 });
  return {
    filters,
    getTrace: async (traceId) => {
      let spans = 0;
      for await (const chunk of getTraces(database, [{ traceId }])) spans += chunk.spans.length;
      return spans;
    },
    search: async (search) => {
      const { traces } = await findTraces(database, search);
      const summaries = await summarizeTraces(
        database,
        traces.map(({ traceId }) => traceId),
      );
      return summaries.length;
    },
    findServices: () => findServices(database),
    findOperations: async (serviceName) => (await findOperations(database, { serviceName })).length,
    close: () => database.onApplicationShutdown(),
  };
}
