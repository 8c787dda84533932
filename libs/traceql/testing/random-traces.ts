/** Traces at random, with the attributes that random queries ask for. */
import type { OtlpAttribute, OtlpDocument, OtlpResourceSpans, OtlpSpan, OtlpValue } from '@spandrel/trace-files';
import type { Chance } from './random-query.ts';

const names = ['R1', 'C1', 'S1', 'GET /', 'a', ''];
const services = ['front', 'back', 'b', undefined];
const texts = ['a', 'b', 'x', '404', 'A', 'ü🙂', '', 'c\nd'];
const keys = ['http', 'n', 'f', 's', 'b', 'arr', 'ints', 'foo', 'http.status_code', 'foo bar', 'a/b'];

/**
 * Requests with whole traces and with parts of traces: events, links, arrays, missing parents, several roots, cycles,
 * ids that client and server share, and ids that spans share without a reason.
 *
 * @param start of the first trace, in nanoseconds since 1970
 */
export function randomTraces(chance: Chance, count: number, start: bigint): readonly OtlpDocument[] {
  return Array.from({ length: count }, (_, index) => randomTrace(chance, index + 1, start)).flat();
}

function randomTrace(chance: Chance, number: number, start: bigint): readonly OtlpDocument[] {
  const size = 1 + chance.below(12);
  const traceId = number
    .toString(16)
    .padStart(chance.below(4) === 0 ? 32 : 30, '0')
    .padEnd(32, 'e');
  const offset = BigInt(chance.below(60)) * 1_000_000_000n;
  const spans = Array.from({ length: size }, (_, index): OtlpResourceSpans => {
    const span = randomSpan(chance, index + 1, size, start + offset);
    const service = pick(chance, services);
    return {
      resource: {
        attributes: [
          ...(service === undefined ? [] : [{ key: 'service.name', value: { stringValue: service } }]),
          ...randomAttributes(chance, 2),
        ],
      },
      scopeSpans: [
        {
          scope: {
            name: pick(chance, ['', 'lib']),
            version: pick(chance, ['', '1']),
            attributes: randomAttributes(chance, 1),
          },
          spans: [{ ...span, traceId }],
        },
      ],
    };
  });
  // Some traces come in two requests.
  const cut = chance.below(4) === 0 ? chance.below(size) : size;
  return [spans.slice(0, cut), spans.slice(cut)]
    .filter((part) => part.length > 0)
    .map((resourceSpans) => ({ resourceSpans }));
}

function randomSpan(chance: Chance, index: number, size: number, traceStart: bigint): OtlpSpan {
  const isDuplicate = index > 1 && chance.below(25) === 0;
  const parent = [0, 99, 1 + chance.below(size)][chance.below(12)] ?? Math.floor(index / 2);
  // Whole seconds are borders of intervals.
  const spanStart = traceStart + BigInt(chance.below(20)) * 500_000_000n;
  const duration = pick(chance, [0n, 1n, 10_000_000n, 100_000_000n, 1_000_000_000n, 2n ** 27n, -5n]);
  return {
    spanId: idOf(isDuplicate ? index - 1 : index),
    parentSpanId: index === 1 ? '' : idOf(parent),
    name: pick(chance, names),
    kind: chance.below(6),
    startTimeUnixNano: String(spanStart),
    endTimeUnixNano: String(spanStart + duration),
    status: { code: chance.below(3), message: pick(chance, ['', 'a', 'boom']) },
    attributes: randomAttributes(chance, 5),
    events: Array.from({ length: chance.below(3) }, () => ({
      name: pick(chance, ['a', 'b', 'exception']),
      timeUnixNano: String(spanStart + BigInt(chance.below(3)) * 1_000_000n),
      attributes: randomAttributes(chance, 2),
    })),
    links: Array.from({ length: Math.max(0, chance.below(4) - 2) }, () => ({
      traceId: '1'.padStart(32, '0'),
      spanId: idOf(chance.below(3)),
      attributes: randomAttributes(chance, 2),
    })),
  };
}

/** Attributes with different keys. */
function randomAttributes(chance: Chance, most: number): readonly OtlpAttribute[] {
  const chosen = Array.from({ length: chance.below(most + 1) }, () => pick(chance, keys));
  return [...new Set(chosen)].map((key) => ({ key, value: randomValue(chance) }));
}

function randomValue(chance: Chance): OtlpValue {
  switch (chance.below(9)) {
    case 0:
      return { boolValue: chance.below(2) === 0 };
    case 1:
    case 2:
      return { intValue: pick(chance, ['0', '1', '2', '5', '200', '500', '-3', '9223372036854775807']) };
    case 3:
      return { doubleValue: pick(chance, [0, 1, 0.5, -2.5, 1000]) };
    case 4:
      return {
        arrayValue: { values: Array.from({ length: chance.below(3) }, () => ({ stringValue: pick(chance, texts) })) },
      };
    case 5:
      return {
        arrayValue: { values: Array.from({ length: chance.below(3) }, () => ({ intValue: pick(chance, ['1', '2']) })) },
      };
    case 6:
      return { arrayValue: { values: [{ stringValue: 'a' }, { intValue: '1' }] } };
    default:
      return { stringValue: pick(chance, texts) };
  }
}

function idOf(number: number): string {
  return number === 0 ? '' : number.toString(16).padStart(4, '0').padEnd(16, '7');
}

function pick<T>(chance: Chance, choices: readonly T[]): T {
  return choices[chance.below(choices.length)] as T;
}
