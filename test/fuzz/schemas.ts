/** Descriptors of the messages of tracestore. They come from the build, since Node cannot strip the enums of the generated code. */
import { Health } from '@spandrel/grpc/health';
import { importBuilt } from '@spandrel/embedded/built-tracestore';

type TraceService =
  typeof import('../../apps/tracestore/src/gen/opentelemetry/proto/collector/trace/v1/trace_service_pb.ts');
type TraceStorage = typeof import('../../apps/tracestore/src/gen/storage/v2/trace_storage_pb.ts');
type DependencyStorage = typeof import('../../apps/tracestore/src/gen/storage/v2/dependency_storage_pb.ts');
type Capabilities = typeof import('../../apps/tracestore/src/gen/storage/v2/capabilities_pb.ts');
type Storage = typeof import('../../apps/tracestore/src/gen/storage_pb.ts');

const gen = 'gen';

const [otlp, traces, dependencies, capabilities, v1] = await Promise.all([
  importBuilt<TraceService>(`${gen}/opentelemetry/proto/collector/trace/v1/trace_service_pb`),
  importBuilt<TraceStorage>(`${gen}/storage/v2/trace_storage_pb`),
  importBuilt<DependencyStorage>(`${gen}/storage/v2/dependency_storage_pb`),
  importBuilt<Capabilities>(`${gen}/storage/v2/capabilities_pb`),
  importBuilt<Storage>(`${gen}/storage_pb`),
]);

export const { ExportTraceServiceRequestSchema, ExportTraceServiceResponseSchema } = otlp;

/** All services of the port of Jaeger's storage API. */
export const jaegerServices = [
  traces.TraceReader,
  dependencies.DependencyReader,
  capabilities.Capabilities,
  v1.SpanReaderPlugin,
  v1.DependenciesReaderPlugin,
  v1.PluginCapabilities,
  v1.SpanWriterPlugin,
  Health,
] as const;
