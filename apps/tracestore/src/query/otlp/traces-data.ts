import { toBinary } from '@bufbuild/protobuf';
import { BinaryWriter, WireType } from '@bufbuild/protobuf/wire';
import { InstrumentationScopeSchema } from '../../gen/opentelemetry/proto/common/v1/common_pb.js';
import { ResourceSchema } from '../../gen/opentelemetry/proto/resource/v1/resource_pb.js';
import { SpanSchema } from '../../gen/opentelemetry/proto/trace/v1/trace_pb.js';
import type { SpanResource, SpanScope, TraceChunk, TraceSpan } from '../get-traces/trace-span.js';
import { resourceMessage, scopeMessage, spanMessage } from './span-messages.js';
import { serviceNameOf, spansByOrigin } from './spans-by-origin.js';

/** gRPC clients accept 4 MiB by default. Resources and scopes may add as much again. */
const targetBytes = 1024 * 1024;

/** The fields of TracesData, ResourceSpans and ScopeSpans (opentelemetry/proto/trace/v1/trace.proto). */
const field = {
  resourceSpans: 1,
  resource: 1,
  scopeSpans: 2,
  scope: 1,
  spans: 2,
  schemaUrl: 3,
} as const;

/**
 * Write chunks of traces as OTLP's TracesData. Resources and scopes are encoded once, however many chunks have them.
 */
export class TracesDataWriter {
  private readonly origins = new WeakMap<SpanResource | SpanScope, Uint8Array>();

  /**
   * Write one or several TracesData of one trace, none of them empty. Each has less than 4 MiB, unless a single span with its
   * resource has more.
   */
  *write({ traceId, spans }: TraceChunk): Generator<Uint8Array, void, undefined> {
    let batch: TraceSpan[] = [];
    let encoded = new Map<TraceSpan, Uint8Array>();
    let bytes = 0;
    for (const span of spans) {
      const spanBytes = toBinary(SpanSchema, spanMessage(traceId, span));
      const cost = spanBytes.length + (this.isNew(batch, span) ? this.originBytes(span) : 0);
      if (batch.length > 0 && bytes + cost > targetBytes) {
        yield this.tracesData(batch, encoded);
        batch = [];
        encoded = new Map();
        bytes = 0;
      }
      batch.push(span);
      encoded.set(span, spanBytes);
      bytes += cost;
    }
    if (batch.length > 0) yield this.tracesData(batch, encoded);
  }

  private tracesData(spans: readonly TraceSpan[], encoded: ReadonlyMap<TraceSpan, Uint8Array>): Uint8Array {
    const writer = new BinaryWriter();
    for (const [resource, byScope] of spansByOrigin(spans)) {
      writer.tag(field.resourceSpans, WireType.LengthDelimited).fork();
      writer.tag(field.resource, WireType.LengthDelimited).bytes(this.resourceBytes(resource, serviceNameOf(byScope)));
      for (const [scope, its] of byScope) {
        writer.tag(field.scopeSpans, WireType.LengthDelimited).fork();
        writer.tag(field.scope, WireType.LengthDelimited).bytes(this.scopeBytes(scope));
        for (const span of its) {
          writer.tag(field.spans, WireType.LengthDelimited).bytes(encoded.get(span) as Uint8Array);
        }
        if (scope.schemaUrl !== '') writer.tag(field.schemaUrl, WireType.LengthDelimited).string(scope.schemaUrl);
        writer.join();
      }
      if (resource.schemaUrl !== '') writer.tag(field.schemaUrl, WireType.LengthDelimited).string(resource.schemaUrl);
      writer.join();
    }
    return writer.finish();
  }

  private isNew(batch: readonly TraceSpan[], { resource, scope }: TraceSpan): boolean {
    const last = batch.at(-1);
    return last?.resource !== resource || last.scope !== scope;
  }

  private originBytes({ resource, serviceName, scope }: TraceSpan): number {
    return this.resourceBytes(resource, serviceName).length + this.scopeBytes(scope).length;
  }

  private resourceBytes(resource: SpanResource, serviceName: string): Uint8Array {
    return this.remembered(resource, () => toBinary(ResourceSchema, resourceMessage(resource, serviceName)));
  }

  private scopeBytes(scope: SpanScope): Uint8Array {
    return this.remembered(scope, () => toBinary(InstrumentationScopeSchema, scopeMessage(scope)));
  }

  private remembered(origin: SpanResource | SpanScope, encode: () => Uint8Array): Uint8Array {
    let bytes = this.origins.get(origin);
    if (bytes === undefined) this.origins.set(origin, (bytes = encode()));
    return bytes;
  }
}
