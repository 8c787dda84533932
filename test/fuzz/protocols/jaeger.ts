/** Requests to Jaeger's storage over gRPC (versions 1 and 2, with health) and to Jaeger's HTTP APIs. */
import type { DescField, DescMessage } from '@bufbuild/protobuf';
import { ScalarType } from '@bufbuild/protobuf';
import type { SeededRandom } from '../../../bench/corpus/random.ts';
import {
  anyText,
  attributeKeys,
  awkwardDoubles,
  awkwardIntegers,
  logUniform,
  serviceNames,
  spanNames,
} from '../awkward.ts';
import { grpcFrame, grpcHeaders } from '../grpc-client.ts';
import { httpBytes } from '../http-client.ts';
import type { FuzzOrigin, Protocol } from '../requests.ts';
import { jaegerServices } from '../schemas.ts';
import { wireTypeOf } from '../well-formed.ts';
import { mutateBytes, mutateFields } from '../wire-mutations.ts';
import { bytes, double, encodeTree, fixed32, fixed64, message, varint, type WireField } from '../wire-tree.ts';
import { anyTraceId } from './console-api.ts';
import { anyPattern } from './patterns.ts';

const methods = jaegerServices.flatMap(({ typeName, methods: ofService }) =>
  ofService.map(({ name, input }) => ({ path: `/${typeName}/${name}`, input })),
);

/** A random message of a type. Its values match the names of the fields. */
function anyMessage(origin: FuzzOrigin, schema: DescMessage, depth: number): WireField[] {
  if (schema.typeName === 'google.protobuf.Timestamp') return anyTimestamp(origin);
  if (schema.typeName === 'google.protobuf.Duration') return anyDuration(origin.random);
  const { random } = origin;
  if (schema.typeName === 'jaeger.expression.v1.Call' && random.chance(0.8)) return validCall(random, 3);
  const isChosen = chooser(random, schema);
  return schema.fields.filter(isChosen).flatMap((field) => {
    const count = field.fieldKind === 'list' || field.fieldKind === 'map' ? random.below(3) : 1;
    return Array.from({ length: count }, () => anyField(origin, field, depth)).filter((made) => made !== undefined);
  });
}

/** A valid call in Jaeger's expression language. */
function validCall(random: SeededRandom, depth: number): WireField[] {
  const call = (): WireField => message(2, [message(6, validCall(random, depth - 1))]);
  if (depth > 0 && random.chance(0.4)) {
    const op = random.pick(['and', 'or', 'not', 'some'] as const);
    const level = message(2, [message(3, [bytes(1, random.pick(['event', 'link']))])]);
    return [bytes(1, op), ...(op === 'not' ? [call()] : op === 'some' ? [level, call()] : [call(), call()])];
  }
  const reference = message(2, [
    random.chance(0.6)
      ? message(1, [
          bytes(1, anyText(random, attributeKeys)),
          bytes(2, random.pick(['', 'span', 'resource', 'scope', 'event'])),
        ])
      : message(2, [
          bytes(1, random.pick(['name', 'duration', 'kind', 'status', 'service', 'trace_id'])),
          bytes(2, random.pick(['span', 'resource'])),
        ]),
  ]);
  const op = random.pick(operators.filter((operator) => !['and', 'or', 'not', 'some'].includes(operator)));
  if (op === 'exists') return [bytes(1, op), reference];
  const value = (): string => (op === 'regex' ? anyPattern(random) : anyText(random, ['ann', '200', '0.5', 'true']));
  const type = bytes(2, random.pick(['', 'string', 'int', 'double', 'bool']));
  const constant = ['in', 'not_in'].includes(op)
    ? message(5, [...Array.from({ length: 1 + random.below(5) }, () => bytes(1, value())), type])
    : message(4, [bytes(1, value()), type]);
  return [bytes(1, op), reference, message(2, [constant])];
}

/** Chooses one field of each oneof and most of the others. */
function chooser(random: SeededRandom, schema: DescMessage): (field: DescField) => boolean {
  const chosen = new Set(schema.oneofs.map((oneof) => random.pick(oneof.fields)));
  return (field) => (field.oneof === undefined ? random.chance(0.75) : chosen.has(field));
}

function anyField(origin: FuzzOrigin, field: DescField, depth: number): WireField | undefined {
  const { random } = origin;
  const { number } = field;
  if (field.fieldKind === 'map') {
    return message(number, [bytes(1, anyText(random, attributeKeys)), bytes(2, anyText(random, ['ann', '200']))]);
  }
  if (field.message !== undefined) {
    return depth === 0 ? undefined : message(number, anyMessage(origin, field.message, depth - 1));
  }
  switch (wireTypeOf(field)) {
    case 2:
      return bytes(number, field.scalar === ScalarType.BYTES ? anyBytes(origin, field) : textFor(origin, field));
    case 1:
      return field.scalar === ScalarType.DOUBLE
        ? double(number, random.pick(awkwardDoubles))
        : fixed64(number, random.pick(awkwardIntegers));
    case 5:
      return fixed32(number, random.uint32());
    default:
      return varint(number, BigInt.asUintN(64, numberFor(random, field)));
  }
}

function numberFor(random: SeededRandom, field: DescField): bigint {
  if (field.enum !== undefined) return BigInt(random.below(field.enum.values.length + 2));
  return random.chance(0.7) ? BigInt(random.below(30)) : random.pick(awkwardIntegers);
}

function anyBytes(origin: FuzzOrigin, { name }: DescField): Uint8Array {
  if (name.includes('trace_id')) return Buffer.from(anyTraceId(origin), 'hex');
  return origin.random.chance(0.8) ? origin.random.id(8) : new Uint8Array(logUniform(origin.random, 1_000));
}

function textFor(origin: FuzzOrigin, { name }: DescField): string {
  const { random } = origin;
  if (name.includes('service')) return anyText(random, serviceNames);
  if (name.includes('operation') || name === 'name')
    return anyText(random, [...spanNames, 'and', 'or', 'not', 'eq', 'regex', 'gt', 'exists']);
  if (name.includes('span_kind')) return anyText(random, ['server', 'client', '']);
  if (name === 'op') return anyText(random, operators);
  if (name === 'level') return anyText(random, ['span', 'resource', 'scope', 'event', 'link', '']);
  if (name === 'type') return anyText(random, ['string', 'int', 'double', 'bool', '']);
  if (name.includes('attribute') || name.includes('field') || name.includes('key')) {
    return anyText(random, [
      ...attributeKeys,
      'span.name',
      'resource.service',
      'span.duration',
      'span.kind',
      'span.status',
    ]);
  }
  if (name.includes('direction')) return anyText(random, ['asc', 'desc', '']);
  return random.chance(0.2) ? anyPattern(random) : anyText(random, ['ann', '200', 'true', '0.5']);
}

/** The operators of Jaeger's expression language. */
const operators = [
  'and',
  'or',
  'not',
  'eq',
  'ne',
  'gt',
  'gte',
  'lt',
  'lte',
  'regex',
  'exists',
  'in',
  'not_in',
  'some',
  'phrase',
  'fulltext',
] as const;

function anyTimestamp({ random, timeUnixNano }: FuzzOrigin): WireField[] {
  const seconds = random.chance(0.85)
    ? timeUnixNano / 1_000_000_000n + BigInt(random.below(1_200) - 600)
    : random.pick(awkwardIntegers);
  return [varint(1, BigInt.asUintN(64, seconds)), ...(random.chance(0.5) ? [varint(2, anyNanos(random))] : [])];
}

function anyDuration(random: SeededRandom): WireField[] {
  const seconds = random.chance(0.85) ? BigInt(random.below(3)) : random.pick(awkwardIntegers);
  return [varint(1, BigInt.asUintN(64, seconds)), ...(random.chance(0.5) ? [varint(2, anyNanos(random))] : [])];
}

function anyNanos(random: SeededRandom): bigint {
  return BigInt.asUintN(64, random.chance(0.9) ? BigInt(random.below(1_000_000_000)) : random.pick(awkwardIntegers));
}

/** All methods of the port of Jaeger's storage. */
export const jaegerGrpc: Protocol = {
  name: 'jaeger-grpc',
  weight: 5,
  make: (origin) => {
    const { random, ports } = origin;
    const { path, input } = random.pick(methods);
    const tree = anyMessage(origin, input, 6);
    const done = random.chance(0.3) ? mutateFields(random, tree, 1 + random.below(3)) : [];
    let body = encodeTree(tree);
    const isDamaged = random.chance(0.08);
    if (isDamaged) body = mutateBytes(random, body, 1 + random.below(2)).bytes;
    const isUnusual = random.chance(0.06);
    const isWatch = /Watch/.test(path);
    return {
      title: `${path}${done.length > 0 ? `, ${done.join(', ')}` : ''}${isDamaged ? ', damaged' : ''}${isUnusual ? ', unusual frame' : ''}`,
      // A message above the limit gets its response before its end, and Node's client may lose that response.
      needsResponse: !isUnusual && !isWatch && body.length < 65_536,
      isSlow: isUnusual || isWatch,
      send: {
        kind: 'grpc',
        port: ports.jaegerGrpc,
        headers: grpcHeaders(
          path,
          random.chance(0.05) ? { 'grpc-timeout': random.pick(['1m', '10m', '1S', '0n', 'x']) } : {},
        ),
        pieces: isUnusual
          ? [grpcFrame(body, random.below(3), random.pick([body.length, 0, body.length + 1, 2 ** 20, 2 ** 31]))]
          : [grpcFrame(body)],
        ends: !isUnusual || random.chance(0.5),
        // A call without an end waits for the client, and Watch does not end.
        ...((isUnusual || isWatch || random.chance(0.02)) && { abortAfterMs: 20 + random.below(500) }),
      },
    };
  },
};

type Parameters = readonly (readonly [string, string])[];

function maybe(random: SeededRandom, probability: number, name: string, value: () => string): Parameters {
  return random.chance(probability) ? [[name, value()]] : [];
}

const goDuration = (random: SeededRandom): string =>
  random.pick(['1ms', '1.5s', '1h', '-1s', '1', 'x', '999999999h', '1us', '']);

function microseconds({ random, timeUnixNano }: FuzzOrigin): string {
  return random.chance(0.8)
    ? String(timeUnixNano / 1_000n + BigInt(random.below(2 ** 31)) * random.pick([-1n, 1n]))
    : random.pick(['0', '-1', 'x', '999999999999999999', '9999999999999999999', '']);
}

function rfc3339({ random, timeUnixNano }: FuzzOrigin): string {
  return random.chance(0.85)
    ? new Date(Number(timeUnixNano / 1_000_000n) + random.below(600_000) - 300_000).toISOString()
    : random.pick([
        '',
        'x',
        '2026-13-01T00:00:00Z',
        '0000-01-01T00:00:00Z',
        '9999-12-31T23:59:59.999999999Z',
        '2026-11-30T10:00:00+99:99',
      ]);
}

const httpTargets: readonly ((origin: FuzzOrigin) => readonly [path: string, parameters: Parameters])[] = [
  () => ['/jaeger/api/services', []],
  () => ['/jaeger/api/v3/services', []],
  ({ random }) => [
    `/jaeger/api/services/${encodeURIComponent(anyText(random, serviceNames).toWellFormed())}/operations`,
    [],
  ],
  ({ random }) => [
    random.pick(['/jaeger/api/operations', '/jaeger/api/v3/operations']),
    [
      ...maybe(random, 0.9, 'service', () => anyText(random, serviceNames)),
      ...maybe(random, 0.3, 'spanKind', () => anyText(random, ['server'])),
    ],
  ],
  (origin) => [
    `/jaeger/api/traces/${encodeURIComponent(anyTraceId(origin))}`,
    [
      ...maybe(origin.random, 0.3, 'start', () => microseconds(origin)),
      ...maybe(origin.random, 0.3, 'raw', () => 'true'),
    ],
  ],
  (origin) => [
    `/jaeger/api/v3/traces/${encodeURIComponent(anyTraceId(origin))}`,
    [
      ...maybe(origin.random, 0.3, 'startTime', () => rfc3339(origin)),
      ...maybe(origin.random, 0.3, 'end_time', () => rfc3339(origin)),
    ],
  ],
  (origin) => {
    const { random } = origin;
    return [
      '/jaeger/api/traces',
      [
        ...maybe(random, 0.95, 'service', () => anyText(random, serviceNames)),
        ...maybe(random, 0.3, 'operation', () => anyText(random, spanNames)),
        ...maybe(random, 0.6, 'start', () => microseconds(origin)),
        ...maybe(random, 0.6, 'end', () => microseconds(origin)),
        ...maybe(random, 0.3, 'minDuration', () => goDuration(random)),
        ...maybe(random, 0.3, 'maxDuration', () => goDuration(random)),
        ...maybe(random, 0.3, 'tag', () => `${anyText(random, attributeKeys)}:${anyText(random, ['ann'])}`),
        ...maybe(random, 0.2, 'tags', () =>
          random.pick(['{"user":"ann"}', '{"a":1}', '[]', '{', '{"__proto__":"x"}', '{"\\u0000":"\\ud800"}']),
        ),
        ...maybe(random, 0.1, 'traceID', () => anyTraceId(origin)),
        ['limit', random.pick(['5', '20', '0', '-1', '10000', '10001', 'x', '1e3'])],
      ],
    ];
  },
  (origin) => {
    const { random } = origin;
    return [
      random.pick(['/jaeger/api/v3/traces', '/jaeger/api/v3/trace-summaries']),
      [
        ...maybe(random, 0.9, random.pick(['query.serviceName', 'query.service_name']), () =>
          anyText(random, serviceNames),
        ),
        ...maybe(random, 0.3, 'query.operationName', () => anyText(random, spanNames)),
        ...maybe(random, 0.95, random.pick(['query.startTimeMin', 'query.start_time_min']), () => rfc3339(origin)),
        ...maybe(random, 0.95, 'query.startTimeMax', () => rfc3339(origin)),
        ...maybe(random, 0.3, 'query.durationMin', () => goDuration(random)),
        ...maybe(random, 0.2, 'query.attributes', () => random.pick(['{"user":"ann"}', '{"a":{}}', 'x'])),
        ...maybe(random, 0.3, 'query.filter', () => anyFilter(random, 3)),
        ...maybe(random, 0.9, random.pick(['query.searchDepth', 'query.num_traces']), () =>
          random.pick(['5', '0', '-1', '10001', 'x']),
        ),
      ],
    ];
  },
  ({ random }) => [
    '/jaeger/api/dependencies',
    [
      ...maybe(random, 0.8, 'endTs', () =>
        random.pick([String(Date.UTC(2026, 10, 30)), '0', '-1', '999999999999999999', 'x']),
      ),
      ...maybe(random, 0.8, 'lookback', () => random.pick(['3600000', '0', '-1', '999999999999999999', 'x'])),
      ...maybe(random, 0.2, 'service', () => anyText(random, serviceNames)),
    ],
  ],
  ({ random }) => [
    `/jaeger/api/metrics/${random.pick(['calls', 'errors', 'latencies', 'minstep', 'x'])}`,
    [
      ...maybe(random, 0.95, 'service', () => anyText(random, serviceNames)),
      ...maybe(random, 0.3, 'groupByOperation', () => random.pick(['true', '1', 'x'])),
      ...maybe(random, 0.7, 'quantile', () => random.pick(['0.95', '0', '1', '2', 'NaN', 'x'])),
      ...maybe(random, 0.6, 'endTs', () =>
        random.pick([String(Date.UTC(2026, 10, 30)), '0', '-1', '999999999999999999']),
      ),
      ...maybe(random, 0.6, 'lookback', () => random.pick(['3600000', '1', '999999999999999999', '0'])),
      ...maybe(random, 0.6, 'step', () => random.pick(['5000', '1', '0', '-1', '999999999999999999'])),
      ...maybe(random, 0.4, 'ratePer', () => random.pick(['1000', '1', '999999999999999999', '0'])),
      ...maybe(random, 0.3, 'spanKind', () => random.pick(['server', 'unspecified', 'x'])),
    ],
  ],
];

/** A filter in Jaeger's expression language, as JSON. */
function anyFilter(random: SeededRandom, depth: number): string {
  if (depth === 0 || random.chance(0.1)) {
    return random.pick(['{}', 'x', '[]', '{"args":[{"call":'.repeat(logUniform(random, 500)), '{"op":"and"}']);
  }
  const argument = (): string =>
    random.pick([
      `{"call":${anyFilter(random, depth - 1)}}`,
      JSON.stringify({
        attr: { key: anyText(random, attributeKeys), level: random.pick(['span', 'resource', 'x', '']) },
      }),
      JSON.stringify({ field: { name: random.pick(['name', 'duration', 'x']), level: 'span' } }),
      JSON.stringify({
        scalar: {
          value: random.chance(0.3) ? anyPattern(random) : anyText(random, ['ann', '5']),
          type: random.pick(['string', 'int', 'x']),
        },
      }),
      JSON.stringify({ list: { values: ['a', '5'], type: random.pick(['string', 'int']) } }),
      'null',
    ]);
  return `{"op":${JSON.stringify(anyText(random, operators))},"args":[${argument()},${argument()}]}`;
}

/** Jaeger's HTTP APIs, v1 and v3. */
export const jaegerHttp: Protocol = {
  name: 'jaeger-http',
  weight: 4,
  make: (origin) => {
    const { random, ports } = origin;
    const [path, parameters] = random.pick(httpTargets)(origin);
    const query = parameters
      .map(([name, value]) => `${encodeURIComponent(name)}=${encodeURIComponent(value.toWellFormed())}`)
      .join('&');
    const target = query === '' ? path : `${path}?${query}`;
    return {
      title: `GET ${target.slice(0, 500)}`,
      needsResponse: target.length < 15_000,
      send: {
        kind: 'http',
        port: ports.http,
        pieces: [httpBytes('GET', target, { host: `127.0.0.1:${ports.http}` })],
        keepsAlive: true,
        ...(random.chance(0.01) && { abortAfterMs: random.below(50) }),
      },
    };
  },
};
