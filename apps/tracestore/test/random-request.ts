import { create, type MessageInitShape } from '@bufbuild/protobuf';
import {
  type ExportTraceServiceRequest,
  ExportTraceServiceRequestSchema,
} from '../src/gen/opentelemetry/proto/collector/trace/v1/trace_service_pb.js';
import { AnyValueSchema, type KeyValueSchema } from '../src/gen/opentelemetry/proto/common/v1/common_pb.js';

type Value = MessageInitShape<typeof AnyValueSchema>;
type Attribute = MessageInitShape<typeof KeyValueSchema>;

/** Texts that are difficult for some part of the write path. */
const awkwardTexts = [
  '',
  '\0',
  'a\0b',
  '\\.',
  '\\N',
  '\t\n\r\b\f\v',
  '"\'\\',
  '{}',
  '\u{1F600}',
  '\uFFFF',
  '\u2028',
  'é'.repeat(300),
  'null',
  '5.0',
  'kvlistValue',
  'bytesValue',
  'doubleValue',
  'service.name',
  'constructor',
];

const awkwardDoubles = [0, -0, 1, -1, 5e-324, 1e21, 1.5e-7, 123456789.125, Number.MAX_VALUE, NaN, Infinity, -Infinity];

/** Generates unusual requests, the same ones for the same seed. Every span is valid. */
export class RandomRequests {
  private state: number;
  private spansMade = 0;

  constructor(seed: number) {
    this.state = seed;
  }

  next(): ExportTraceServiceRequest {
    return create(ExportTraceServiceRequestSchema, {
      resourceSpans: this.some(3, () => ({
        schemaUrl: this.maybe('', () => `https://example.com/${this.below(3)}`),
        ...this.maybe({}, () => ({
          resource: { attributes: this.attributes(2), droppedAttributesCount: this.count() },
        })),
        scopeSpans: this.some(3, () => ({
          schemaUrl: this.maybe('', () => `https://example.com/${this.below(3)}`),
          ...this.maybe({}, () => ({
            scope: {
              name: `scope ${this.below(3)}`,
              version: this.maybe('', () => '1'),
              attributes: this.attributes(2),
              droppedAttributesCount: this.count(),
            },
          })),
          spans: this.some(8, () => this.span()),
        })),
      })),
    });
  }

  private span() {
    this.spansMade += 1;
    return {
      traceId: this.id(16),
      // A small range, so that some spans share it.
      spanId: this.maybe(new Uint8Array(8).fill(7), () => this.id(8)),
      parentSpanId: this.pick([new Uint8Array(), new Uint8Array(8), this.id(8)]),
      traceState: this.text(),
      flags: this.below(2 ** 32),
      name: `${this.spansMade} ${this.text()}`,
      kind: this.below(6),
      startTimeUnixNano: this.time() || 1n,
      endTimeUnixNano: this.time(),
      attributes: this.attributes(4),
      droppedAttributesCount: this.count(),
      events: this.some(3, () => ({
        timeUnixNano: this.time(),
        name: this.text(),
        attributes: this.attributes(2),
        droppedAttributesCount: this.count(),
      })),
      droppedEventsCount: this.count(),
      links: this.some(3, () => ({
        traceId: this.pick([new Uint8Array(), new Uint8Array(16), this.id(16)]),
        spanId: this.pick([new Uint8Array(), new Uint8Array(8), this.id(8)]),
        traceState: this.text(),
        attributes: this.attributes(2),
        droppedAttributesCount: this.count(),
        flags: this.below(2 ** 32),
      })),
      droppedLinksCount: this.count(),
      ...this.maybe({}, () => ({ status: { code: this.below(3), message: this.text() } })),
    };
  }

  private attributes(depth: number): Attribute[] {
    return this.some(5, () => ({ key: this.text(), ...this.maybe({}, () => ({ value: this.value(depth) })) }));
  }

  private value(depth: number): Value {
    switch (this.below(depth > 0 ? 8 : 6)) {
      case 0:
        return {};
      case 1:
        return { value: { case: 'stringValue', value: this.text() } };
      case 2:
        return { value: { case: 'boolValue', value: this.below(2) === 1 } };
      case 3:
        return { value: { case: 'intValue', value: BigInt.asIntN(64, this.bits64()) >> BigInt(this.below(64)) } };
      case 4:
        return { value: { case: 'doubleValue', value: this.double() } };
      case 5:
        return { value: { case: 'bytesValue', value: this.id(this.below(5)) } };
      case 6:
        return { value: { case: 'arrayValue', value: { values: this.some(4, () => this.value(depth - 1)) } } };
      default:
        return { value: { case: 'kvlistValue', value: { values: this.attributes(depth - 1) } } };
    }
  }

  private text(): string {
    return this.pick([...awkwardTexts, `text ${this.below(1000)}`]);
  }

  private double(): number {
    const view = new DataView(new ArrayBuffer(8));
    view.setBigUint64(0, this.bits64());
    return this.pick([...awkwardDoubles, this.below(1000) / 8, view.getFloat64(0)]);
  }

  private time(): bigint {
    return this.pick([
      0n,
      2n ** 63n - 1n,
      1_700_000_000_000_000_000n + BigInt(this.below(2 ** 32)),
      this.bits64() >> BigInt(1 + this.below(40)),
    ]);
  }

  /** A dropped count. The columns of the views are int4, as in Promscale. */
  private count(): number {
    return this.maybe(0, () => this.below(2 ** 31));
  }

  private id(length: number): Uint8Array<ArrayBuffer> {
    // Never all zeros.
    return Uint8Array.from({ length }, () => 1 + this.below(255));
  }

  private bits64(): bigint {
    return (BigInt(this.below(2 ** 32)) << 32n) | BigInt(this.below(2 ** 32));
  }

  private some<Item>(most: number, make: () => Item): Item[] {
    return Array.from({ length: this.below(most + 1) }, make);
  }

  private maybe<Item, Other>(otherwise: Other, make: () => Item): Item | Other {
    return this.below(3) === 0 ? otherwise : make();
  }

  private pick<Item>(items: readonly Item[]): Item {
    return items[this.below(items.length)] as Item;
  }

  /** @returns an integer from 0 to `bound` - 1: the upper bits of a linear congruential generator (Numerical Recipes) */
  private below(bound: number): number {
    this.state = (Math.imul(this.state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((this.state / 2 ** 32) * bound);
  }
}
