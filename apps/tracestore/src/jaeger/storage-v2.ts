import { GrpcError, grpcStatus, type Implementation } from '@spandrel/grpc';
import type { Capabilities } from '../gen/storage/v2/capabilities_pb.js';
import type { DependencyReader } from '../gen/storage/v2/dependency_storage_pb.js';
import type { AnyValue, TraceQueryParameters, TraceReader } from '../gen/storage/v2/trace_storage_pb.js';
import type { Constant, TypedConstant } from '../query/filter/constant.js';
import { findTraces } from '../query/find-traces/find-traces.js';
import type { TraceSearch } from '../query/find-traces/trace-search.js';
import { type RequestedTrace, getTraces } from '../query/get-traces/get-traces.js';
import type { QueryDatabaseService } from '../query/query-database.service.js';
import { findServices } from '../query/services/find-services.js';
import { summarizeTraces, type TraceSummary } from '../query/summarize-traces/summarize-traces.js';
import { findDependencies } from './dependencies/find-dependencies.js';
import { findJaegerOperations } from './jaeger-operations.js';
import { nanosecondsOfDuration, unixNanoOfTimestamp } from './protobuf-time.js';
import { filterCapabilities, filterOfExpression } from './search/expression-filter.js';
import { traceSearchOf } from './search/trace-query.js';
import { widened } from './search/time-hints.js';
import { countsOfSummary } from './spans/summary.js';
import { TracesDataWriter } from '../query/otlp/traces-data.js';

/** Summaries in one message: about 100 kB. */
const summariesAtOnce = 200;

/** Implements `jaeger.storage.v2.TraceReader` without FindSpans, as the capabilities say. */
export function traceReader(database: QueryDatabaseService): Implementation<typeof TraceReader> {
  async function* tracesData(requested: readonly RequestedTrace[], signal: AbortSignal) {
    const writer = new TracesDataWriter();
    for await (const chunk of getTraces(database, requested, signal)) yield* writer.write(chunk);
  }

  return {
    getTraces: ({ query }, signal) =>
      tracesData(
        query.map(({ traceId, startTime, endTime }, n) => ({
          traceId: traceIdOf(traceId, `query[${n}].trace_id`),
          ...widened(unixNanoOfTimestamp(startTime), unixNanoOfTimestamp(endTime)),
        })),
        signal,
      ),
    getServices: async (_request, signal) => ({ services: [...(await findServices(database, signal))] }),
    getOperations: async ({ service, spanKind }, signal) => ({
      operations: [...(await findJaegerOperations(database, service, spanKind, signal))],
    }),
    findTraces: async function* ({ query }, signal) {
      if (query?.pagination !== undefined) throw invalid('query.pagination is not for whole traces');
      const { traces } = await findTraces(database, searchOf(query), signal);
      yield* tracesData(traces, signal);
    },
    findTraceIDs: async ({ query }, signal) => {
      const { traces, nextCursor = '' } = await findTraces(database, searchOf(query), signal);
      return {
        traceIds: traces.map(({ traceId }) => ({ traceId: Buffer.from(traceId, 'hex') })),
        nextPageToken: nextTokenOf(query, nextCursor),
      };
    },
    findTraceSummaries: async function* ({ query }, signal) {
      const { traces, nextCursor = '' } = await findTraces(database, searchOf(query), signal);
      for (let first = 0; first < traces.length; first += summariesAtOnce) {
        const last = first + summariesAtOnce;
        const ids = traces.slice(first, last).map(({ traceId }) => traceId);
        yield {
          summaries: (await summarizeTraces(database, ids, signal)).map(summaryMessage),
          nextPageToken: last < traces.length ? '' : nextTokenOf(query, nextCursor),
        };
      }
    },
  };
}

/** `jaeger.storage.v2.DependencyReader` */
export function dependencyReader(database: QueryDatabaseService): Implementation<typeof DependencyReader> {
  return {
    getDependencies: async ({ startTime, endTime }, signal) => ({
      dependencies: [
        ...(await findDependencies(database, unixNanoOfTimestamp(startTime), unixNanoOfTimestamp(endTime), signal)),
      ],
    }),
  };
}

/** `jaeger.storage.v2.Capabilities` */
export const capabilities: Implementation<typeof Capabilities> = {
  getCapabilities: async () => ({
    search: {
      withoutServiceName: true,
      sameSpanConjunction: true,
      filter: { levels: [...filterCapabilities.levels], operators: [...filterCapabilities.operators] },
      paginated: true,
    },
  }),
};

function searchOf(query: TraceQueryParameters | undefined): TraceSearch {
  if (query === undefined) throw invalid('query is missing');
  const { pagination, filter, searchDepth } = query;
  const search = traceSearchOf({
    serviceName: query.serviceName,
    operationName: query.operationName,
    attributes: query.attributes.map(({ key, value }) => [key, constantOf(value, key)] as const),
    durationMinNs: nanosecondsOfDuration(query.durationMin),
    durationMaxNs: nanosecondsOfDuration(query.durationMax),
    filter: filter === undefined ? undefined : filterOfExpression(filter),
    startTimeMinUnixNano: unixNanoOfTimestamp(query.startTimeMin),
    startTimeMaxUnixNano: unixNanoOfTimestamp(query.startTimeMax),
    limit: pagination?.pageSize ?? searchDepth,
  });
  if (pagination === undefined) return search;
  if (searchDepth !== 0) throw invalid('query.pagination stands in place of query.search_depth');
  if (pagination.pageSize === 0) throw invalid('query.pagination.page_size is 0');
  return { ...search, cursor: pagination.pageToken === '' ? undefined : pagination.pageToken };
}

/** Only a client that requests pages gets the token of the next one. */
function nextTokenOf(query: TraceQueryParameters | undefined, nextCursor: string): string {
  return query?.pagination === undefined ? '' : nextCursor;
}

/** A text matches values of any type, because Jaeger's users write all values as text. Other types match exactly. */
function constantOf(value: AnyValue | undefined, key: string): Constant {
  const content = value?.value;
  return content?.case === 'stringValue' ? { type: 'any', text: content.value } : typedConstantOf(value, key);
}

function typedConstantOf(value: AnyValue | undefined, key: string): TypedConstant {
  const content = value?.value;
  switch (content?.case) {
    case 'stringValue':
      return { type: 'string', value: content.value };
    case 'boolValue':
      return { type: 'bool', value: content.value };
    case 'intValue':
      return { type: 'int', value: content.value };
    case 'doubleValue':
      return { type: 'double', value: content.value };
    case 'bytesValue':
      return { type: 'bytes', value: content.value };
    case 'arrayValue':
      return { type: 'array', values: content.value.values.map((element) => typedConstantOf(element, key)) };
    case 'kvlistValue':
      return {
        type: 'kvlist',
        entries: content.value.values.map((entry) => [entry.key, typedConstantOf(entry.value, key)] as const),
      };
    default:
      throw invalid(`query.attributes has no value for ${JSON.stringify(key.slice(0, 100))}`);
  }
}

function summaryMessage(summary: TraceSummary) {
  return {
    traceId: Buffer.from(summary.traceId, 'hex'),
    minStartTimeUnixNano: summary.startTimeUnixNano,
    maxEndTimeUnixNano: summary.endTimeUnixNano,
    ...countsOfSummary(summary),
  };
}

function traceIdOf(bytes: Uint8Array, path: string): string {
  if (bytes.length !== 16) throw invalid(`${path} has ${bytes.length} bytes instead of 16`);
  return Buffer.from(bytes).toString('hex');
}

function invalid(problem: string): GrpcError {
  return new GrpcError(grpcStatus.INVALID_ARGUMENT, problem);
}
