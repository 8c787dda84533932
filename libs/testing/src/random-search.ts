import { create, type MessageInitShape } from '@bufbuild/protobuf';
import {
  type ExportTraceServiceRequest,
  ExportTraceServiceRequestSchema,
} from '../../../apps/tracestore/src/gen/opentelemetry/proto/collector/trace/v1/trace_service_pb.js';
import type {
  AnyValueSchema,
  KeyValueSchema,
} from '../../../apps/tracestore/src/gen/opentelemetry/proto/common/v1/common_pb.js';
import type { SpanSchema } from '../../../apps/tracestore/src/gen/opentelemetry/proto/trace/v1/trace_pb.js';
import type { Constant, TypedConstant } from '../../../apps/tracestore/src/query/filter/constant.js';
import {
  type Filter,
  type Level,
  levels,
  timeFields,
  orderedOperators,
  type Reference,
  textFields,
  enumFields,
} from '../../../apps/tracestore/src/query/filter/filter.js';
import { spanKinds, statusCodes } from '../../../apps/tracestore/src/query/span-enums.js';

/*
 * Few words for spans and filters, so that they match. Many of them break SQL that is assembled without quoting.
 */

const texts = [
  'a',
  'b',
  'GET /',
  '5',
  '5.0',
  'true',
  "'; DROP SCHEMA tracestore CASCADE; --",
  '$1',
  '{{row}}',
  '\\',
  '"',
  'a%b_',
  'NaN',
  '\u{1F600}',
  '\uFFFF',
  'ä',
  'A',
  'line\nbreak',
  'x'.repeat(3_000),
] as const;
/** Values of bytes, lists and key-value lists, and an empty value. */
const shownTexts = [
  '',
  'AA==',
  'AAE=',
  '[]',
  '{}',
  '["a"]',
  '["b"]',
  '[5]',
  '[0]',
  '["NaN"]',
  '["AA=="]',
  '[true]',
  '[null]',
  '["a","a"]',
  '[5,5]',
  '{"a":5}',
  '{"a":"a"}',
  '{"bytesValue":"a"}',
  '{"a":true,"bytesValue":5}',
] as const;
const keys = ['k', 'http.route', "it's", '"', '\\u0041', 'ключ', 'service.name', '{}', '?', '$1'] as const;
const services = ['gateway', "o'hara", 'cart', '{{block}}'] as const;
const patterns = [
  'a',
  'se?r',
  'GET',
  '[ab]+',
  '(?:a|b)',
  String.raw`\d`,
  'x{3,5}',
  '.',
  '[^a]',
  String.raw`\\`,
  '%',
  'ä|A',
  '"',
] as const;
/** Parts of texts, in either case; some of them would be wildcards of LIKE, or are escaped in JSON. */
const searchedTexts = ['get', 'A%B', '_', '\\', '"', 'TRUE', 'nan', '5.0', 'E\nB', 'ä', "o'H", '{{'] as const;
const doubles = [5, -0, 0, 1.5, 1e21, 5e-7, Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY] as const;
const ints = [5n, 0n, -1n, 2n ** 63n - 1n, -(2n ** 63n), 9_007_199_254_740_993n] as const;

type Value = MessageInitShape<typeof AnyValueSchema>;
type Attribute = MessageInitShape<typeof KeyValueSchema>;

/** A source of random numbers with a seed, so that a failure can be repeated. */
export interface Chance {
  /** An integer from 0 to `bound` - 1. */
  below(bound: number): number;
  chance(probability: number): boolean;
  pick<Item>(items: readonly Item[]): Item;
}

/** Random spans and searches. The same seed gives the same ones. */
export class RandomSearch {
  private spansMade = 0;

  /** @param dayStarts starts of the days of the spans, in ns since 1970 */
  constructor(
    private readonly random: Chance,
    private readonly dayStarts: readonly bigint[],
  ) {}

  request(): ExportTraceServiceRequest {
    return create(ExportTraceServiceRequestSchema, {
      resourceSpans: this.some(1, 3, () => ({
        schemaUrl: this.random.pick(['', 'a', 'https://example.com/1']),
        resource: {
          attributes: [
            ...this.attributes().filter(({ key }) => key !== 'service.name'),
            ...(this.random.chance(0.9)
              ? [
                  {
                    key: 'service.name',
                    value: { value: { case: 'stringValue' as const, value: this.random.pick(services) } },
                  },
                ]
              : []),
          ],
        },
        scopeSpans: this.some(1, 2, () => ({
          schemaUrl: this.random.pick(['', 'b']),
          scope: { name: this.text(), version: this.random.pick(['', '1']), attributes: this.attributes() },
          spans: this.some(1, 12, () => this.span()),
        })),
      })),
    });
  }

  private span(): MessageInitShape<typeof SpanSchema> {
    this.spansMade += 1;
    const start = this.time();
    return {
      traceId: this.traceId(),
      spanId: this.id(this.spansMade),
      parentSpanId: this.random.chance(0.4) ? new Uint8Array() : this.id(1 + this.random.below(this.spansMade + 5)),
      traceState: this.random.pick(['', 'a', 'b=1']),
      name: this.random.pick(['', ...texts]),
      kind: this.random.below(6),
      startTimeUnixNano: start,
      endTimeUnixNano: this.duration(start),
      attributes: this.attributes(),
      events: this.some(0, 2, () => ({
        timeUnixNano: start + BigInt(this.random.below(2_000)),
        name: this.random.pick(['', ...texts]),
        attributes: this.attributes(),
      })),
      links: this.some(0, 2, () => ({
        traceId: this.random.chance(0.3) ? new Uint8Array() : this.traceId(),
        spanId: this.random.chance(0.3) ? new Uint8Array(8) : this.id(1 + this.random.below(20)),
        traceState: this.random.pick(['', 'a']),
        attributes: this.attributes(),
      })),
      status: { code: this.random.below(3), message: this.random.pick(['', ...texts]) },
    };
  }

  filter(depth = 3): Filter {
    const kind = depth === 0 ? 10 : this.random.below(17);
    if (kind < 3) return { op: 'and', filters: this.some(0, 3, () => this.filter(depth - 1)) };
    if (kind < 6) return { op: 'or', filters: this.some(0, 3, () => this.filter(depth - 1)) };
    if (kind === 6) return { op: 'not', filter: this.filter(depth - 1) };
    if (kind === 7) return { op: 'some', level: this.random.pick(['event', 'link']), filter: this.leafFilter() };
    if (kind === 9 && depth > 0) return { op: 'and', filters: this.outcome() };
    if (kind === 8) {
      const level = this.random.pick(['event', 'link'] as const);
      return { op: 'some', level, filter: { op: 'and', filters: [this.leafFilter(), this.leafFilter()] } };
    }
    return this.leafFilter();
  }

  /** The most frequent search: calls of a service or an operation by status. */
  private outcome(): Filter[] {
    const filters: Filter[] = [];
    const is = (field: 'resource.service' | 'span.name' | 'span.status', value: string): void => {
      filters.push({ op: 'eq', reference: { field }, value: { type: 'string', value } });
    };
    if (this.random.chance(0.8)) is('resource.service', this.random.pick(services));
    if (this.random.chance(0.3)) is('span.name', this.text());
    if (this.random.chance(0.5)) is('span.status', 'error');
    if (this.random.chance(0.3)) {
      const failed: Filter = {
        op: 'eq',
        reference: { field: 'span.status' },
        value: { type: 'string', value: 'error' },
      };
      const others = this.some(0, 1, (): Filter => this.leafFilter());
      filters.push({ op: 'or', filters: [failed, ...others] });
    }
    for (const op of this.some(0, 2, () => this.random.pick([...orderedOperators, 'eq'] as const))) {
      const value = { type: 'int' as const, value: this.nanos('span.duration') };
      filters.push({ op, reference: { field: 'span.duration' }, value });
    }
    return filters;
  }

  private leafFilter(): Filter {
    const kind = this.random.below(13);
    if (kind === 0) return { op: 'exists', reference: this.attribute() };
    if (kind === 1) return { op: 'exists', reference: { field: this.random.pick([...textFields, ...timeFields]) } };
    if (kind === 2)
      return {
        op: 'regex',
        reference: this.random.chance(0.2) ? { field: this.random.pick(enumFields) } : this.textReference(),
        pattern: this.random.pick(patterns),
      };
    if (kind === 3) {
      const field = this.random.pick(timeFields);
      const value = { type: 'int' as const, value: this.nanos(field) };
      return { op: this.random.pick([...orderedOperators, 'eq', 'ne']), reference: { field }, value };
    }
    if (kind === 4) {
      const field = this.random.pick(['span.kind', 'span.status'] as const);
      const words: readonly string[] = field === 'span.kind' ? spanKinds : statusCodes;
      const values = this.some(0, 2, () => ({ type: 'string' as const, value: this.random.pick(words) }));
      return { op: this.random.pick(['in', 'not_in']), reference: { field }, values };
    }
    if (kind === 5) {
      const value = { type: 'string' as const, value: this.text() };
      return { op: this.random.pick([...orderedOperators, 'eq', 'ne']), reference: this.textReference(), value };
    }
    if (kind === 6) {
      return {
        op: 'eq',
        reference: { field: this.random.pick(['span.trace_id', 'link.trace_id'] as const) },
        value: { type: 'string', value: Buffer.from(this.traceId()).toString('hex') },
      };
    }
    if (kind === 7) {
      return {
        op: 'eq',
        reference: { field: 'resource.service' },
        value: { type: 'string', value: this.random.pick(services) },
      };
    }
    if (kind === 12) return { op: 'contains', text: this.random.pick(searchedTexts) };
    if (kind === 8)
      return { op: this.random.pick(orderedOperators), reference: this.attribute(), value: this.orderedConstant() };
    if (kind === 9) {
      const values = this.some(0, 3, () => this.constant());
      return { op: this.random.pick(['in', 'not_in']), reference: this.attribute(), values };
    }
    return { op: this.random.pick(['eq', 'eq', 'ne']), reference: this.attribute(), value: this.constant() };
  }

  /** A time at or near the start of a span. */
  time(): bigint {
    const day = this.random.pick(this.dayStarts);
    return (
      day +
      BigInt(this.random.below(4)) * 3_600_000_000_000n +
      BigInt(this.random.below(3)) * 1_000n +
      BigInt(this.random.below(3))
    );
  }

  private duration(start: bigint): bigint {
    const end = start + this.random.pick([-5n, 0n, 1n, 999n, 1_000n, 5_000_000n, 7_000_000_000n]);
    return end < 0n ? 0n : end;
  }

  private nanos(field: (typeof timeFields)[number]): bigint {
    if (field === 'span.duration' || field === 'event.time_since_start') {
      return this.random.pick([0n, 1n, 999n, 1_000n, 5_000_000n, -1n, 7_000_000_000n, 2n ** 70n]);
    }
    return this.time();
  }

  private attribute(): Reference {
    const some = levels.filter(() => this.random.chance(0.4));
    const at: readonly Level[] = some.length === 0 ? [this.random.pick(levels)] : some;
    return { attribute: this.random.pick(keys), levels: at };
  }

  private textReference(): Reference {
    return this.random.chance(0.5) ? this.attribute() : { field: this.random.pick(textFields) };
  }

  private constant(): Constant {
    return this.random.chance(0.4) ? { type: 'any', text: this.random.pick([...texts, ...shownTexts]) } : this.typed(1);
  }

  private orderedConstant(): Constant {
    switch (this.random.below(4)) {
      case 0:
        return { type: 'any', text: this.random.pick([...texts, '1.5', '-1', '1e3', 'Infinity']) };
      case 1:
        return { type: 'string', value: this.text() };
      case 2:
        return { type: 'int', value: this.random.pick(ints) };
      default:
        return { type: 'double', value: this.random.pick(doubles) };
    }
  }

  private typed(depth: number): TypedConstant {
    switch (this.random.below(depth > 0 ? 7 : 5)) {
      case 0:
        return { type: 'string', value: this.text() };
      case 1:
        return { type: 'int', value: this.random.pick(ints) };
      case 2:
        return { type: 'double', value: this.random.pick(doubles) };
      case 3:
        return { type: 'bool', value: this.random.chance(0.5) };
      case 4:
        return { type: 'bytes', value: Uint8Array.from(this.some(0, 2, () => this.random.below(2))) };
      case 5:
        return { type: 'array', values: this.some(0, 2, () => this.typed(depth - 1)) };
      default: {
        const entries = new Map(
          this.some(0, 2, () => [this.random.pick(['a', 'bytesValue', 'doubleValue']), this.typed(depth - 1)]),
        );
        return { type: 'kvlist', entries: [...entries] };
      }
    }
  }

  private attributes(): Attribute[] {
    const some = new Map(this.some(0, 3, () => [this.random.pick(keys), this.value()]));
    return [...some].map(([key, value]) => ({ key, value }));
  }

  private value(): Value {
    return this.random.chance(0.05) ? {} : valueOf(this.typed(1));
  }

  private text(): string {
    return this.random.pick(texts);
  }

  private traceId(): Uint8Array<ArrayBuffer> {
    const id = new Uint8Array(16);
    id[0] = 0xab;
    id[15] = this.random.below(60);
    id[14] = id[15];
    return id;
  }

  private id(number: number): Uint8Array<ArrayBuffer> {
    const id = new Uint8Array(8);
    new DataView(id.buffer).setUint32(4, number);
    // Includes ids that are negative in the database.
    id[0] = number % 2 === 0 ? 0xff : 0;
    return id;
  }

  private some<Item>(least: number, most: number, make: () => Item): Item[] {
    return Array.from({ length: least + this.random.below(most - least + 1) }, make);
  }
}

function valueOf(constant: TypedConstant): Value {
  switch (constant.type) {
    case 'empty':
      return {};
    case 'string':
      return { value: { case: 'stringValue', value: constant.value } };
    case 'int':
      return { value: { case: 'intValue', value: constant.value } };
    case 'double':
      return { value: { case: 'doubleValue', value: constant.value } };
    case 'bool':
      return { value: { case: 'boolValue', value: constant.value } };
    case 'bytes':
      return { value: { case: 'bytesValue', value: new Uint8Array(constant.value) } };
    case 'array':
      return { value: { case: 'arrayValue', value: { values: constant.values.map(valueOf) } } };
    case 'kvlist':
      return {
        value: {
          case: 'kvlistValue',
          value: { values: constant.entries.map(([key, value]) => ({ key, value: valueOf(value) })) },
        },
      };
  }
}
