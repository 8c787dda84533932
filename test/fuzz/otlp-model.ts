/**
 * Generates valid OTLP requests with all kinds of fields, as trees of protobuf fields. Each trace id contains the run and
 * the index of its request, so that stored spans can be assigned to requests.
 */
import type { SeededRandom } from '../../bench/corpus/random.ts';
import {
  anyText,
  attributeKeys,
  awkwardDoubles,
  awkwardIntegers,
  awkwardTexts,
  serviceNames,
  spanNames,
} from './awkward.ts';
import { bytes, double, fixed32, fixed64, message, varint, type WireField } from './wire-tree.ts';

const maxInt64 = 2n ** 63n - 1n;
const traceIdMark = 0xf5;

/** Returns the trace id of a span. Every request has a trace with `nth` 0, which other requests can query. */
export function traceIdOf(seed: number, index: number, nth: number): Buffer {
  const id = Buffer.alloc(16);
  id.writeUInt8(traceIdMark, 0);
  id.writeUIntBE(seed & 0xff_ffff, 1, 3);
  id.writeUIntBE(index, 4, 6);
  id.writeUInt16BE(nth & 0xffff, 10);
  return id;
}

/** Returns the index of the request in a trace id of 32 hex digits; undefined for other trace ids. */
export function indexOfTraceId(seed: number, traceId: string): number | undefined {
  const prefix = `${traceIdMark.toString(16)}${(seed & 0xff_ffff).toString(16).padStart(6, '0')}`;
  return traceId.startsWith(prefix) ? Number.parseInt(traceId.slice(8, 20), 16) : undefined;
}

/** The input of the generator. */
export interface RequestOrigin {
  readonly random: SeededRandom;
  readonly seed: number;
  readonly index: number;
  /** The approximate start of the spans. */
  readonly timeUnixNano: bigint;
}

/** Generates a request with a few resources. It always contains the witness span, which is valid. */
export function otlpRequest(origin: RequestOrigin): WireField[] {
  const { random } = origin;
  const spans = new SpanModel(origin);
  const resources: WireField[] = [];
  const witnessAt = random.below(2);
  const resourceCount = 1 + random.below(2);
  for (let resource = 0; resource < resourceCount; resource++) {
    const scopes: WireField[] = [];
    for (let scope = random.below(2); scope >= 0; scope--) {
      const ofScope = Array.from({ length: random.below(4) }, () => message(2, spans.span()));
      scopes.push(message(2, [...scopeFields(random, spans), ...ofScope]));
    }
    resources.push(message(1, [...resourceFields(random, spans), ...scopes]));
  }
  resources.splice(witnessAt === 0 ? 0 : resources.length, 0, witnessResource(spans));
  return resources;
}

/** Returns a `ResourceSpans` with only the witness span. */
export function witnessResource(spans: SpanModel): WireField {
  return message(1, [
    message(1, [message(1, [bytes(1, 'service.name'), message(2, [bytes(1, 'witness')])])]),
    message(2, [message(1, [bytes(1, 'fuzz')]), message(2, spans.witness())]),
  ]);
}

function resourceFields(random: SeededRandom, spans: SpanModel): WireField[] {
  const attributes = spans.attributes(1, random.below(4), 1);
  const service = random.below(10);
  if (service < 8) {
    attributes.unshift(message(1, [bytes(1, 'service.name'), message(2, [bytes(1, random.pick(serviceNames))])]));
  } else if (service === 8) {
    attributes.unshift(message(1, [bytes(1, 'service.name'), message(2, spans.value(2))]));
  }
  return [
    message(1, [...attributes, ...some(random, 0.1, () => varint(2, random.below(2 ** 31)))]),
    ...some(random, 0.2, () => bytes(3, `https://example.com/${random.below(3)}`)),
  ];
}

function scopeFields(random: SeededRandom, spans: SpanModel): WireField[] {
  return some(random, 0.8, () =>
    message(1, [
      bytes(1, `scope ${random.below(3)}`),
      ...some(random, 0.5, () => bytes(2, '1.2')),
      ...some(random, 0.2, () => message(3, spans.attribute(1))),
      ...some(random, 0.1, () => varint(4, random.below(2 ** 31))),
    ]),
  );
}

function some(random: SeededRandom, probability: number, make: () => WireField): WireField[] {
  return random.chance(probability) ? [make()] : [];
}

/** Generates the spans of one request. */
export class SpanModel {
  readonly #origin: RequestOrigin;
  readonly #random: SeededRandom;
  #made = 0;
  #parent: Uint8Array = new Uint8Array();

  constructor(origin: RequestOrigin) {
    this.#origin = origin;
    this.#random = origin.random;
  }

  /** Generates the witness span, the root of its trace. */
  witness(): WireField[] {
    const { seed, index, timeUnixNano } = this.#origin;
    return [
      bytes(1, traceIdOf(seed, index, 0)),
      bytes(2, Buffer.from([1, ...traceIdOf(seed, index, 0).subarray(3, 10)])),
      bytes(5, 'witness'),
      varint(6, 2),
      fixed64(7, timeUnixNano),
      fixed64(8, timeUnixNano + 1_000_000n),
      message(9, [bytes(1, 'index'), message(2, [varint(3, index)])]),
      message(11, [fixed64(1, timeUnixNano + 1n), bytes(2, 'seen')]),
      message(15, [varint(3, 1)]),
    ];
  }

  /** Generates a span with random fields of OTLP. */
  span(): WireField[] {
    const random = this.#random;
    const { seed, index, timeUnixNano } = this.#origin;
    this.#made += 1;
    const traceId = traceIdOf(seed, index, random.chance(0.5) ? 1 : this.#made);
    traceId.writeUInt32BE(1, 12);
    const spanId = random.chance(0.03) ? Buffer.alloc(8, 7) : random.id(8);
    const parent = this.#parent;
    this.#parent = spanId;
    const start = this.#time(timeUnixNano);
    return [
      bytes(1, traceId),
      bytes(2, spanId),
      ...some(random, 0.1, () => bytes(3, anyText(random, ['vendor=1']))),
      ...(parent.length > 0 && random.chance(0.7)
        ? [bytes(4, parent)]
        : some(random, 0.05, () => bytes(4, Buffer.alloc(8)))),
      bytes(5, anyText(random, spanNames)),
      varint(6, random.below(6)),
      fixed64(7, start),
      fixed64(8, random.chance(0.95) ? start + BigInt(random.below(2 ** 31)) : this.#time(timeUnixNano)),
      ...this.attributes(9, random.below(6), 2),
      ...some(random, 0.05, () => varint(10, random.below(2 ** 31))),
      ...Array.from({ length: random.chance(0.3) ? random.below(4) : 0 }, () =>
        message(11, [
          fixed64(1, this.#time(timeUnixNano)),
          bytes(2, anyText(random, ['exception', 'retry'])),
          ...this.attributes(3, random.below(3), 1),
        ]),
      ),
      ...some(random, 0.05, () => varint(12, random.below(2 ** 31))),
      ...Array.from({ length: random.chance(0.2) ? random.below(3) : 0 }, () =>
        message(13, [
          bytes(1, random.chance(0.9) ? random.id(16) : new Uint8Array()),
          bytes(2, random.chance(0.9) ? random.id(8) : Buffer.alloc(8)),
          ...this.attributes(4, random.below(2), 1),
        ]),
      ),
      ...some(random, 0.05, () => varint(14, random.below(2 ** 31))),
      ...some(random, 0.4, () =>
        message(15, [
          ...some(random, 0.3, () => bytes(2, anyText(random, ['out of stock']))),
          varint(3, random.below(3)),
        ]),
      ),
      ...some(random, 0.3, () => fixed32(16, random.chance(0.9) ? 0x101 : random.uint32())),
    ];
  }

  attributes(number: number, count: number, depth: number): WireField[] {
    return Array.from({ length: count }, () => message(number, this.attribute(depth)));
  }

  attribute(depth: number): WireField[] {
    return [bytes(1, anyText(this.#random, attributeKeys)), message(2, this.value(depth))];
  }

  value(depth: number): WireField[] {
    const random = this.#random;
    switch (random.below(depth > 0 ? 8 : 6)) {
      case 0:
        return [];
      case 1:
        return [bytes(1, anyText(random, ['ann', 'bob', '200', 'true']))];
      case 2:
        return [varint(2, random.below(2))];
      case 3:
        return [varint(3, random.chance(0.8) ? random.below(600) : random.pick(awkwardIntegers))];
      case 4:
        return [double(4, random.chance(0.7) ? random.below(1_000) / 8 : random.pick(awkwardDoubles))];
      case 5:
        return [bytes(7, random.chance(0.5) ? random.id(8) : random.pick(awkwardTexts))];
      case 6:
        return [
          message(
            5,
            Array.from({ length: random.below(4) }, () => message(1, this.value(depth - 1))),
          ),
        ];
      default:
        return [message(6, this.attributes(1, random.below(3), depth - 1))];
    }
  }

  #time(about: bigint): bigint {
    const random = this.#random;
    if (random.chance(0.98)) return about + BigInt(random.below(2 ** 31)) * 10n;
    return random.pick([0n, 1n, maxInt64, about - 3_600_000_000_000n * 24n, about + 3_600_000_000_000n]);
  }
}
