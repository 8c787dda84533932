/**
 * Generates requests that cost far more than their size suggests: many empty objects, deep nesting, repeated names. Each
 * also has a valid span, which must be stored if the request is acknowledged.
 */
import type { SeededRandom } from '../../bench/corpus/random.ts';
import { logUniform } from './awkward.ts';
import { decodeIndependently, expectedSpans } from './expected-spans.ts';
import { type RequestOrigin, SpanModel, traceIdOf, witnessResource } from './otlp-model.ts';
import type { OtlpContent } from './requests.ts';
import { markOf } from './compare-spans.ts';
import { bytes, encoded, encodeTree, fixed64, message, varint, type WireField } from './wire-tree.ts';

const mebibyte = 1024 * 1024;

type Hostile = (origin: RequestOrigin, scale: number) => WireField[];

/** Repeats an empty field of two bytes. */
function emptyFields(number: number, count: number): Uint8Array {
  return Buffer.alloc(2 * Math.floor(count), Buffer.of((number << 3) | 2, 0));
}

/** Nests a message in itself. Each level consists of fields with these numbers, the outermost first. */
function nested(path: readonly number[], levels: number): Uint8Array {
  // From the innermost level, written backwards from the end of the buffer.
  const buffer = Buffer.alloc(16 + levels * path.length * 6);
  let at = buffer.length;
  for (let level = 0; level < levels; level++) {
    for (const number of path.toReversed()) {
      let length = buffer.length - at;
      const prefix = [(number << 3) | 2];
      for (; length > 0x7f; length = Math.floor(length / 128)) prefix.push((length % 128) | 0x80);
      prefix.push(length);
      at -= prefix.length;
      buffer.set(prefix, at);
    }
  }
  return buffer.subarray(at);
}

function repeated(count: number, make: (nr: number) => WireField): WireField[] {
  return Array.from({ length: count }, (_, nr) => make(nr));
}

function serviceOf(name: Uint8Array | string): WireField {
  return message(1, [message(1, [bytes(1, 'service.name'), message(2, [bytes(1, name)])])]);
}

/** A span of the request with additional fields. */
function spanWith({ seed, index, timeUnixNano }: RequestOrigin, nr: number, more: readonly WireField[]): WireField {
  const traceId = traceIdOf(seed, index, 1);
  traceId.writeUInt32BE(nr + 1, 12);
  const spanId = Buffer.alloc(8, 1);
  spanId.writeUInt32BE(nr + 1, 4);
  return message(2, [
    bytes(1, traceId),
    bytes(2, spanId),
    bytes(5, 'span'),
    fixed64(7, timeUnixNano),
    fixed64(8, timeUnixNano + 1_000n),
    ...more,
  ]);
}

/** Returns one `ResourceSpans` with one scope and these spans. */
function oneResource(spans: readonly WireField[], resource = serviceOf('hostile')): WireField[] {
  return [message(1, [resource, message(2, [...spans])])];
}

const attributeWith = (value: WireField[]): WireField => message(9, [bytes(1, 'key'), message(2, value)]);

/** Hostile requests by name. `scale` is the approximate size in bytes. */
const hostile: Readonly<Record<string, Hostile>> = {
  'empty spans': (_origin, scale) => [message(1, [bytes(2, emptyFields(2, scale / 2))])],
  'empty resources': (_origin, scale) => [encoded(emptyFields(1, scale / 2))],
  'empty scopes': (_origin, scale) => [bytes(1, emptyFields(2, scale / 2))],
  'empty resource attributes': (origin, scale) =>
    oneResource([spanWith(origin, 0, [])], bytes(1, emptyFields(1, scale / 2))),
  'resource in many empty pieces': (origin, scale) => [
    message(1, [encoded(emptyFields(1, scale / 2)), message(2, [spanWith(origin, 0, [])])]),
  ],
  'scope in many empty pieces': (origin, scale) => [
    message(1, [message(2, [encoded(emptyFields(1, scale / 2)), spanWith(origin, 0, [])])]),
  ],
  'empty scope attributes': (origin, scale) => [
    message(1, [message(2, [bytes(1, emptyFields(3, scale / 2)), spanWith(origin, 0, [])])]),
  ],
  'empty entity references': (origin, scale) =>
    oneResource([spanWith(origin, 0, [])], bytes(1, emptyFields(3, scale / 2))),
  'list of empty values in a resource': (origin, scale) =>
    oneResource(
      [spanWith(origin, 0, [])],
      message(1, [message(1, [bytes(1, 'list'), message(2, [bytes(5, emptyFields(1, scale / 2))])])]),
    ),
  'list of empty values in a span': (origin, scale) =>
    oneResource([spanWith(origin, 0, [attributeWith([bytes(5, emptyFields(1, scale / 2))])])]),
  'map of empty entries in a span': (origin, scale) =>
    oneResource([spanWith(origin, 0, [attributeWith([bytes(6, emptyFields(1, scale / 2))])])]),
  'empty span attributes': (origin, scale) => oneResource([spanWith(origin, 0, [encoded(emptyFields(9, scale / 2))])]),
  'empty events': (origin, scale) => oneResource([spanWith(origin, 0, [encoded(emptyFields(11, scale / 2))])]),
  'empty links': (origin, scale) => oneResource([spanWith(origin, 0, [encoded(emptyFields(13, scale / 2))])]),
  'empty statuses': (origin, scale) => oneResource([spanWith(origin, 0, [encoded(emptyFields(15, scale / 2))])]),
  'empty attributes in an event': (origin, scale) =>
    oneResource([spanWith(origin, 0, [message(11, [bytes(3, new Uint8Array()), encoded(emptyFields(3, scale / 2))])])]),
  'smallest spans': (origin, scale) => oneResource(repeated(scale / 70, (nr) => spanWith(origin, nr, []))),
  'spans with two statuses': (origin, scale) =>
    oneResource(repeated(scale / 74, (nr) => spanWith(origin, nr, [message(15, []), message(15, [])]))),
  'long service name and many operations': (origin, scale) =>
    oneResource(
      repeated(Math.sqrt(scale), (nr) => spanWith(origin, nr, [bytes(5, `operation ${nr}`)])),
      serviceOf(new Uint8Array(Math.ceil(Math.sqrt(scale) * 20)).fill(0x73)),
    ),
  'many operations': (origin, scale) =>
    oneResource(repeated(scale / 90, (nr) => spanWith(origin, nr, [bytes(5, `${origin.index} ${nr}`)]))),
  'many resources': (origin, scale) =>
    repeated(scale / 120, (nr) =>
      message(1, [serviceOf(`${origin.index} ${nr}`), message(2, [spanWith(origin, nr, [])])]),
    ),
  'deep list in a span': (origin, scale) =>
    oneResource([spanWith(origin, 0, [message(9, [bytes(1, 'deep'), bytes(2, nested([5, 1], scale / 8))])])]),
  'deep map in a resource': (origin, scale) =>
    oneResource(
      [spanWith(origin, 0, [])],
      message(1, [message(1, [bytes(1, 'deep'), bytes(2, nested([6, 1, 2], scale / 12))])]),
    ),
  'deep groups': (origin, scale) =>
    oneResource([
      { number: 2, wireType: 2, value: Buffer.concat([Buffer.alloc(scale / 2, 0xa3), Buffer.alloc(scale / 2, 0xa4)]) },
      spanWith(origin, 0, []),
    ]),
  'varint of many bytes in a span with two statuses': (origin, scale) =>
    oneResource([
      spanWith(origin, 0, [message(15, []), message(15, []), { ...varint(10, 5), overlong: Math.min(200, scale) }]),
    ]),
  'long name': (origin, scale) => oneResource([spanWith(origin, 0, [bytes(5, new Uint8Array(scale).fill(0x6e))])]),
  'long value': (origin, scale) =>
    oneResource([spanWith(origin, 0, [attributeWith([bytes(1, new Uint8Array(scale).fill(0x1f))])])]),
  'long key': (origin, scale) =>
    oneResource([spanWith(origin, 0, [message(9, [bytes(1, new Uint8Array(scale).fill(0x6b))])])]),
  'long trace state': (origin, scale) =>
    oneResource([spanWith(origin, 0, [bytes(3, new Uint8Array(scale).fill(0x74))])]),
  'keys in falling order': (origin, scale) =>
    oneResource([
      spanWith(
        origin,
        0,
        repeated(scale / 16, (nr) => message(9, [bytes(1, String(9_999_999 - nr)), message(2, [varint(3, nr)])])),
      ),
    ]),
  'the same key': (origin, scale) =>
    oneResource([
      spanWith(
        origin,
        0,
        repeated(scale / 12, (nr) => message(9, [bytes(1, 'same'), message(2, [varint(3, nr)])])),
      ),
    ]),
  'duplicate ids in a cycle': ({ seed, index, timeUnixNano }, scale) => {
    const traceId = traceIdOf(seed, index, 2);
    return oneResource(
      repeated(Math.min(scale / 70, 2_000), (nr) =>
        message(2, [
          bytes(1, traceId),
          bytes(2, Buffer.alloc(8, 1 + (nr % 2))),
          bytes(4, Buffer.alloc(8, 2 - (nr % 2))),
          fixed64(7, timeUnixNano),
          fixed64(8, timeUnixNano + 5n),
        ]),
      ),
    );
  },
  'chain of parents': ({ seed, index, timeUnixNano }, scale) => {
    const idOf = (nr: number): Buffer => Buffer.from((nr + 1).toString(16).padStart(16, '0'), 'hex');
    const traceId = traceIdOf(seed, index, 3);
    return oneResource(
      repeated(Math.min(scale / 80, 20_000), (nr) =>
        message(2, [
          bytes(1, traceId),
          bytes(2, idOf(nr + 1)),
          bytes(4, idOf(nr)),
          fixed64(7, timeUnixNano),
          fixed64(8, timeUnixNano + 5n),
        ]),
      ),
    );
  },
  'starts far apart': (origin, scale) =>
    oneResource(
      repeated(Math.min(scale / 90, 2_000), (nr) =>
        spanWith(origin, nr, [
          fixed64(7, BigInt(nr) * 86_400_000_000_000n * 7n),
          fixed64(8, BigInt(nr) * 86_400_000_000_000n * 7n),
        ]),
      ),
    ),
};

const names = Object.keys(hostile);

/** Draws a size in bytes. One in ten is 1 to 4 MiB, 1 in 400 is 32 MiB, and the others are smaller. */
export function hostileScale(random: SeededRandom): number {
  const roll = random.below(400);
  if (roll === 0) return 32 * mebibyte;
  return roll < 40 ? (1 + random.below(4)) * mebibyte : 64 * logUniform(random, 16_384);
}

/** Generates a hostile request. */
export function hostileRequest(origin: RequestOrigin): OtlpContent {
  const { random } = origin;
  const name = random.pick(names);
  const scale = hostileScale(random);
  const costly = (hostile[name] ?? hostile['duplicate ids in a cycle'])?.(origin, Math.floor(scale)) ?? [];
  const witness = witnessResource(new SpanModel(origin));
  const request = encodeTree(random.chance(0.5) ? [witness, ...costly] : [...costly, witness]);
  return {
    title: `hostile: ${name}, ${request.length} bytes`,
    bytes: request,
    expectations: () => {
      const alone = decodeIndependently(encodeTree([witness]));
      const spans = alone === undefined ? [] : expectedSpans(alone);
      return {
        requiredSpans: spans.filter((span) => span !== undefined).map(markOf),
        possibleSpans: undefined,
        sentSpans: undefined,
        foreignSpans: 0,
        // It may be refused completely, since it may exceed a limit.
        isDecodable: false,
      };
    },
  };
}
