import { GrpcError, grpcStatus, type Implementation } from '@spandrel/grpc';
import { SpanRefType, ValueType } from '../gen/model_pb.js';
import type {
  DependenciesReaderPlugin,
  PluginCapabilities,
  SpanReaderPlugin,
  TraceQueryParameters,
} from '../gen/storage_pb.js';
import { findTraces } from '../query/find-traces/find-traces.js';
import type { TraceSearch } from '../query/find-traces/trace-search.js';
import { type RequestedTrace, getTraces } from '../query/get-traces/get-traces.js';
import type { TraceChunk } from '../query/get-traces/trace-span.js';
import type { QueryDatabaseService } from '../query/query-database.service.js';
import { findServices } from '../query/services/find-services.js';
import { findDependencies } from './dependencies/find-dependencies.js';
import { findJaegerOperations } from './jaeger-operations.js';
import { nanosecondsOfDuration, secondsAndNanos, unixNanoOfTimestamp } from './protobuf-time.js';
import { traceSearchOf } from './search/trace-query.js';
import { widened } from './search/time-hints.js';
import { type ModelSpan, modelSpanOf, type ModelTag } from './spans/model-span.js';

/** Approximate characters of the spans in a message, well below the 4 MiB that clients accept. */
const targetLength = 512 * 1024;

/** Implements `jaeger.storage.v1.SpanReaderPlugin`, which Jaeger 1 uses for a remote store such as Promscale. */
export function spanReaderPlugin(database: QueryDatabaseService): Implementation<typeof SpanReaderPlugin> {
  async function* spans(requested: readonly RequestedTrace[], signal: AbortSignal) {
    for await (const chunk of getTraces(database, requested, signal)) {
      for (const part of parts(chunk)) yield { spans: part };
    }
  }

  return {
    getTrace: async function* ({ traceId, startTime, endTime }, signal) {
      if (traceId.length !== 16) {
        throw new GrpcError(grpcStatus.INVALID_ARGUMENT, `trace_id has ${traceId.length} bytes instead of 16`);
      }
      const requested = {
        traceId: Buffer.from(traceId).toString('hex'),
        ...widened(unixNanoOfTimestamp(startTime), unixNanoOfTimestamp(endTime)),
      };
      let isFound = false;
      for await (const message of spans([requested], signal)) {
        isFound = true;
        yield message;
      }
      if (!isFound) throw new GrpcError(grpcStatus.NOT_FOUND, 'trace not found');
    },
    getServices: async (_request, signal) => ({ services: [...(await findServices(database, signal))] }),
    getOperations: async ({ service, spanKind }, signal) => {
      const operations = await findJaegerOperations(database, service, spanKind, signal);
      return { operations: [...operations], operationNames: [...new Set(operations.map(({ name }) => name))] };
    },
    findTraces: async function* ({ query }, signal) {
      const { traces } = await findTraces(database, searchOf(query), signal);
      yield* spans(traces, signal);
    },
    findTraceIDs: async ({ query }, signal) => {
      const { traces } = await findTraces(database, searchOf(query), signal);
      return { traceIds: traces.map(({ traceId }) => Buffer.from(traceId, 'hex')) };
    },
  };
}

/** `jaeger.storage.v1.DependenciesReaderPlugin` */
export function dependenciesReaderPlugin(
  database: QueryDatabaseService,
): Implementation<typeof DependenciesReaderPlugin> {
  return {
    getDependencies: async ({ startTime, endTime }, signal) => ({
      dependencies: [
        ...(await findDependencies(database, unixNanoOfTimestamp(startTime), unixNanoOfTimestamp(endTime), signal)),
      ],
    }),
  };
}

/** Implements `jaeger.storage.v1.PluginCapabilities`: no archive, and writes by OTLP only. */
export const pluginCapabilities: Implementation<typeof PluginCapabilities> = {
  capabilities: async () => ({}),
};

function searchOf(query: TraceQueryParameters | undefined): TraceSearch {
  if (query === undefined) throw new GrpcError(grpcStatus.INVALID_ARGUMENT, 'query is missing');
  return traceSearchOf({
    serviceName: query.serviceName,
    operationName: query.operationName,
    attributes: Object.entries(query.tags).map(([key, text]) => [key, { type: 'any', text }] as const),
    durationMinNs: nanosecondsOfDuration(query.durationMin),
    durationMaxNs: nanosecondsOfDuration(query.durationMax),
    startTimeMinUnixNano: unixNanoOfTimestamp(query.startTimeMin),
    startTimeMaxUnixNano: unixNanoOfTimestamp(query.startTimeMax),
    limit: query.numTraces,
  });
}

/** Splits spans into messages of limited size. */
function* parts({ traceId, spans }: TraceChunk) {
  let part: ReturnType<typeof spanMessage>[] = [];
  let length = 0;
  for (const span of spans) {
    const ownLength =
      span.attributesJson.length +
      span.resource.attributesJson.length +
      [...span.events, ...span.links].reduce((sum, { attributesJson }) => sum + attributesJson.length + 100, 1000);
    if (part.length > 0 && length + ownLength > targetLength) {
      yield part;
      part = [];
      length = 0;
    }
    part.push(spanMessage(modelSpanOf(traceId, span)));
    length += ownLength;
  }
  if (part.length > 0) yield part;
}

function spanMessage(span: ModelSpan) {
  return {
    traceId: Buffer.from(span.traceId, 'hex'),
    spanId: Buffer.from(span.spanId, 'hex'),
    operationName: span.operationName,
    references: span.references.map(({ refType, traceId, spanId }) => ({
      refType: refType === 'CHILD_OF' ? SpanRefType.CHILD_OF : SpanRefType.FOLLOWS_FROM,
      traceId: Buffer.from(traceId, 'hex'),
      spanId: Buffer.from(spanId, 'hex'),
    })),
    startTime: secondsAndNanos(span.startTimeUnixNano),
    duration: secondsAndNanos(span.durationNs),
    tags: span.tags.map(tagMessage),
    logs: span.logs.map(({ timeUnixNano, fields }) => ({
      timestamp: secondsAndNanos(timeUnixNano),
      fields: fields.map(tagMessage),
    })),
    process: { serviceName: span.process.serviceName, tags: span.process.tags.map(tagMessage) },
  };
}

function tagMessage(tag: ModelTag) {
  const { key } = tag;
  switch (tag.type) {
    case 'string':
      return { key, vType: ValueType.STRING, vStr: tag.value };
    case 'bool':
      return { key, vType: ValueType.BOOL, vBool: tag.value };
    case 'int64':
      return { key, vType: ValueType.INT64, vInt64: tag.value };
    case 'float64':
      return { key, vType: ValueType.FLOAT64, vFloat64: tag.value };
    case 'binary':
      return { key, vType: ValueType.BINARY, vBinary: new Uint8Array(tag.value) };
  }
}
