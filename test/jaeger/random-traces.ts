import { create, type MessageInitShape } from '@bufbuild/protobuf';
import {
  type ExportTraceServiceRequest,
  ExportTraceServiceRequestSchema,
} from '../../apps/tracestore/src/gen/opentelemetry/proto/collector/trace/v1/trace_service_pb.js';
import type {
  AnyValueSchema,
  KeyValueSchema,
} from '../../apps/tracestore/src/gen/opentelemetry/proto/common/v1/common_pb.js';
import type {
  ResourceSpansSchema,
  SpanSchema,
} from '../../apps/tracestore/src/gen/opentelemetry/proto/trace/v1/trace_pb.js';
import { SeededRandom } from '../../bench/corpus/random.ts';

type Value = MessageInitShape<typeof AnyValueSchema>;
type Attribute = MessageInitShape<typeof KeyValueSchema>;
type Span = MessageInitShape<typeof SpanSchema>;

export const services = ['gateway', 'cart', 'stock', 'mail'] as const;
export const operations = ['GET /', 'POST /orders', 'query', 'send', 'quote "and" <angle>'] as const;
/** The keys of searches. Each has values of several types. */
export const searchedKeys = ['user', 'count', 'ratio', 'ok'] as const;

/**
 * Random traces over several services with everything that OTLP has: attributes of all types at all levels, links, events,
 * errors, roots and spans with a missing parent. The same seed gives the same traces.
 */
export class RandomTraces {
  private readonly random: SeededRandom;

  /** @param startMs the approximate start of the spans */
  constructor(
    seed: number,
    private readonly startMs: number,
  ) {
    this.random = new SeededRandom(seed);
  }

  /** One request with one trace. */
  next(): ExportTraceServiceRequest {
    const traceId = this.bytes(16);
    const start = (BigInt(this.startMs) + BigInt(this.below(600_000))) * 1_000_000n + BigInt(this.below(1_000_000));
    const ids = Array.from({ length: 1 + this.below(12) }, () => this.bytes(8));
    const spans = ids.map((spanId, n) => this.span(traceId, spanId, n === 0 ? undefined : ids[this.below(n)], start));
    const byService = Map.groupBy(spans, () => this.pick(services));
    const resourceSpans = [...byService].map(([service, ofService]): MessageInitShape<typeof ResourceSpansSchema> => ({
      resource: {
        attributes: [
          { key: 'service.name', value: { value: { case: 'stringValue', value: service } } },
          ...this.attributes(['host.name', 'user', 'process.list']),
        ],
      },
      scopeSpans: [...Map.groupBy(ofService, () => this.below(2) === 0)].map(([isNamed, some]) => ({
        ...(isNamed && {
          scope: { name: 'library', version: '1.2', attributes: this.attributes(['user', 'build']) },
        }),
        spans: some,
      })),
    }));
    return create(ExportTraceServiceRequestSchema, { resourceSpans });
  }

  private span(
    traceId: Uint8Array<ArrayBuffer>,
    spanId: Uint8Array<ArrayBuffer>,
    parent: Uint8Array<ArrayBuffer> | undefined,
    traceStart: bigint,
  ): Span {
    const start = traceStart + BigInt(this.below(1_000_000_000));
    const isOrphan = this.below(12) === 0;
    return {
      traceId,
      spanId,
      ...(isOrphan ? { parentSpanId: this.bytes(8) } : parent === undefined ? {} : { parentSpanId: parent }),
      name: this.pick(operations),
      kind: this.below(6),
      startTimeUnixNano: start,
      endTimeUnixNano: start + BigInt(this.below(2_000_000_000)),
      traceState: this.below(4) === 0 ? 'vendor=1' : '',
      attributes: this.attributes([...searchedKeys, 'bytes', 'list', 'map', 'none', 'big']),
      events: Array.from({ length: this.below(3) }, () => ({
        timeUnixNano: start + BigInt(this.below(1_000_000)),
        name: this.pick(['exception', 'retry', '']),
        attributes: this.attributes(['user', 'exception.message', 'event']),
      })),
      links: Array.from({ length: this.below(3) }, () => ({
        traceId: this.below(3) === 0 ? traceId : this.bytes(16),
        spanId: parent !== undefined && this.below(3) === 0 ? parent : this.bytes(8),
        // Jaeger in memory searches links from 2.16 on only, so links have no searched keys.
        attributes: this.attributes(['reason', 'opentracing.ref_type']),
      })),
      ...(this.below(3) > 0 && { status: { code: this.below(3), message: this.below(2) === 0 ? '' : 'out of stock' } }),
    };
  }

  private attributes(keys: readonly string[]): Attribute[] {
    return keys.filter(() => this.below(2) === 0).map((key) => ({ key, value: this.value(key, 2) }));
  }

  private value(key: string, depth: number): Value {
    if (key === 'opentracing.ref_type') {
      return { value: { case: 'stringValue', value: this.pick(['child_of', 'follows_from']) } };
    }
    if (key === 'big') return { value: { case: 'intValue', value: 2n ** 60n + BigInt(this.below(1000)) } };
    switch (this.below(depth > 0 ? 8 : 5)) {
      case 0:
        return { value: { case: 'stringValue', value: this.pick(['ann', 'bob', '5', 'true', '0.5', '<b>&"é\u2028']) } };
      case 1:
        return { value: { case: 'intValue', value: BigInt(this.below(6)) } };
      case 2:
        return { value: { case: 'doubleValue', value: this.pick([0.5, 1.5, 2, 1e21, 1e-9]) } };
      case 3:
        return { value: { case: 'boolValue', value: this.below(2) === 0 } };
      case 4:
        return { value: { case: 'bytesValue', value: this.bytes(this.below(4)) } };
      case 5:
        return {};
      case 6:
        return {
          value: {
            case: 'arrayValue',
            value: { values: Array.from({ length: this.below(3) }, () => this.value('', depth - 1)) },
          },
        };
      default:
        return { value: { case: 'kvlistValue', value: { values: this.attributes(['a', 'b', '<c>']) } } };
    }
  }

  private bytes(length: number): Uint8Array<ArrayBuffer> {
    return Uint8Array.from({ length }, () => 1 + this.below(255));
  }

  private pick<Item>(items: readonly Item[]): Item {
    return items[this.below(items.length)] as Item;
  }

  private below(bound: number): number {
    return this.random.below(bound);
  }
}
