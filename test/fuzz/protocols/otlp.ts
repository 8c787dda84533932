/** OTLP over HTTP and gRPC: valid, damaged and hostile requests, plain and compressed, whole and in pieces. */
import { deflateRawSync, deflateSync, gzipSync, zstdCompressSync } from 'node:zlib';
import type { SeededRandom } from '../../../bench/corpus/random.ts';
import { logUniform } from '../awkward.ts';
import { grpcFrame, grpcHeaders } from '../grpc-client.ts';
import { httpBytes } from '../http-client.ts';
import { jsonContent } from '../json-content.ts';
import { protobufContent } from '../protobuf-content.ts';
import type { FuzzOrigin, FuzzRequest, OtlpContent, Protocol } from '../requests.ts';
import { mutateBytes } from '../wire-mutations.ts';

export const exportPath = '/opentelemetry.proto.collector.trace.v1.TraceService/Export';

const compressors = { gzip: gzipSync, deflate: deflateSync, zstd: zstdCompressSync } as const;
const compressions = Object.keys(compressors) as (keyof typeof compressors)[];

interface Body {
  readonly bytes: Buffer;
  readonly encoding: keyof typeof compressors | undefined;
}

/** Compresses most large requests and some others. */
function compressed(random: SeededRandom, { bytes }: OtlpContent): Body {
  if (!random.chance(bytes.length > 100_000 ? 0.8 : 0.25)) return { bytes, encoding: undefined };
  const encoding = random.pick(compressions);
  return { bytes: compressors[encoding](bytes), encoding };
}

function inPieces(random: SeededRandom, bytes: Buffer): Buffer[] {
  const pieces: Buffer[] = [];
  for (let at = 0; at < bytes.length;) {
    const length = Math.ceil(bytes.length / (2 + random.below(6)));
    pieces.push(bytes.subarray(at, at + length));
    at += length;
  }
  return pieces;
}

const contentTypes = { protobuf: 'application/x-protobuf', json: 'application/json' } as const;

function overHttp(origin: FuzzOrigin, encoding: 'protobuf' | 'json', content: OtlpContent, body: Body): FuzzRequest {
  const { random, ports } = origin;
  const headers = {
    host: `127.0.0.1:${ports.otlpHttp}`,
    'content-type': contentTypes[encoding] + (random.chance(0.1) ? '; charset=utf-8' : ''),
    ...(body.encoding !== undefined && { 'content-encoding': body.encoding }),
  };
  const isChunked = random.chance(0.1);
  const request = isChunked
    ? Buffer.concat([
        httpBytes('POST', '/v1/traces', { ...headers, 'transfer-encoding': 'chunked' }),
        ...inPieces(random, body.bytes).flatMap((piece) => [
          Buffer.from(`${piece.length.toString(16)}\r\n`),
          piece,
          Buffer.from('\r\n'),
        ]),
        Buffer.from('0\r\n\r\n'),
      ])
    : httpBytes('POST', '/v1/traces', headers, body.bytes);
  const isTrickled = random.chance(0.02);
  return {
    title: `${content.title}${body.encoding === undefined ? '' : `, ${body.encoding}`}${isChunked ? ', chunked' : ''}`,
    content,
    encoding,
    needsResponse: body.bytes.length < 65_536,
    isSlow: isTrickled,
    send: {
      kind: 'http',
      port: ports.otlpHttp,
      pieces: isTrickled ? inPieces(random, request) : [request],
      pauseMs: random.below(200),
      keepsAlive: true,
    },
  };
}

/** OTLP over HTTP in protobuf. */
export const otlpProtobuf: Protocol = {
  name: 'otlp-http-protobuf',
  weight: 28,
  make: (origin) => {
    const content = protobufContent(origin, 'any');
    return overHttp(origin, 'protobuf', content, compressed(origin.random, content));
  },
};

/** OTLP over HTTP in JSON. */
export const otlpJson: Protocol = {
  name: 'otlp-http-json',
  weight: 24,
  make: (origin) => {
    const content = jsonContent(origin, 'any');
    return overHttp(origin, 'json', content, compressed(origin.random, content));
  },
};

/** OTLP over gRPC, also with unusual framing, compression flags, slow bodies and resets. */
export const otlpGrpc: Protocol = {
  name: 'otlp-grpc',
  weight: 18,
  make: (origin) => {
    const { random, ports } = origin;
    const content = protobufContent(origin, 'any');
    const body = compressed(random, content);
    const flag = body.encoding === undefined ? 0 : 1;
    const headers = grpcHeaders(exportPath, body.encoding === undefined ? {} : { 'grpc-encoding': body.encoding });
    // The port of Jaeger's storage accepts spans, too.
    const port = random.chance(0.1) ? ports.jaegerGrpc : ports.otlpGrpc;
    const ordinary = {
      kind: 'grpc',
      port,
      headers,
      pieces: [grpcFrame(body.bytes, flag)],
      ends: true,
    } as const;
    const title = `${content.title}${body.encoding === undefined ? '' : `, ${body.encoding}`}`;
    const variant = random.below(100);
    if (variant >= 12) {
      return { title, content, encoding: 'protobuf', needsResponse: body.bytes.length < 65_536, send: ordinary };
    }
    const unusual = unusualCalls[variant % unusualCalls.length]?.(random, body, ordinary.headers) ?? {};
    const { isWhole = false, isSlow = false, title: variantTitle = '', ...send } = unusual;
    return {
      title: `${title}, ${variantTitle}`,
      ...(isWhole && { content, encoding: 'protobuf' as const }),
      needsResponse: false,
      isSlow,
      send: { ...ordinary, ...send },
    };
  },
};

type UnusualCall = (
  random: SeededRandom,
  body: Body,
  headers: ReturnType<typeof grpcHeaders>,
) => Partial<Pick<FuzzRequest, 'isSlow' | 'title'>> & {
  readonly pieces?: readonly Buffer[];
  readonly headers?: ReturnType<typeof grpcHeaders>;
  readonly ends?: boolean;
  readonly abortAfterMs?: number;
  readonly pauseMs?: number;
  readonly isAlone?: boolean;
  readonly isWhole?: boolean;
};

const unusualCalls: readonly UnusualCall[] = [
  (random, { bytes }) => ({ title: 'flag', pieces: [grpcFrame(bytes, 1 + random.below(255))] }),
  (random, { bytes }) => ({
    title: 'announced length',
    pieces: [
      grpcFrame(
        bytes,
        0,
        random.pick([0, 1, bytes.length - 1, bytes.length + 1, 2 ** 26, 2 ** 32 - 1].filter((length) => length >= 0)),
      ),
    ],
  }),
  (_random, { bytes }) => ({ title: 'two messages', pieces: [grpcFrame(bytes), grpcFrame(bytes)] }),
  () => ({ title: 'no message', pieces: [] }),
  (random) => ({ title: 'part of a prefix', pieces: [Buffer.alloc(1 + random.below(4))] }),
  (random, { bytes, encoding }) => ({
    title: 'trickled',
    pieces: inPieces(random, grpcFrame(bytes, encoding === undefined ? 0 : 1)),
    pauseMs: random.below(200),
    isWhole: true,
    isSlow: true,
  }),
  (random, { bytes }) => ({
    title: 'reset',
    pieces: inPieces(random, grpcFrame(bytes, 0, bytes.length + 1_000)),
    ends: false,
    abortAfterMs: 1 + random.below(300),
    isSlow: true,
  }),
  (random, _body, headers) => ({
    title: 'path',
    headers: {
      ...headers,
      ':path': random.pick([
        '/',
        '/x',
        `${exportPath}/`,
        exportPath.toLowerCase(),
        `/${'x'.repeat(5_000)}`,
        '/%00',
        '*',
      ]),
    },
  }),
  (random, _body, headers) => ({
    title: 'header',
    headers: {
      ...headers,
      [random.pick(['content-type', 'grpc-encoding', 'grpc-timeout', 'te', 'x-long', 'grpc-accept-encoding'])]:
        random.pick([
          'application/grpc+json',
          'text/plain',
          'snappy',
          '0n',
          '99999999999H',
          '1n',
          'x',
          'y'.repeat(8_000),
          '',
        ]),
    },
  }),
  (random, _body, headers) => ({
    title: 'method',
    headers: { ...headers, ':method': random.pick(['GET', 'PUT', 'OPTIONS', 'DELETE', 'X']) },
  }),
  (random, { bytes }) => ({
    title: 'length announced, no data',
    pieces: [grpcFrame(bytes.subarray(0, 10), 0, logUniform(random, 64 * 1024 * 1024))],
    ends: false,
    abortAfterMs: 100 + random.below(900),
    isAlone: true,
    isSlow: true,
  }),
  (_random, { bytes }) => ({
    title: 'byte by byte',
    pieces: [...grpcFrame(bytes.subarray(0, 3_000), 0, Math.min(3_000, bytes.length))].map((byte) => Buffer.of(byte)),
    isSlow: true,
  }),
];

/** Compressed bodies that are damaged, truncated, compressed twice, or decompression bombs. */
export const compression: Protocol = {
  name: 'compression',
  weight: 6,
  make: (origin) => {
    const { random, ports } = origin;
    const isGrpc = random.chance(0.3);
    const encoding = isGrpc ? 'protobuf' : random.pick(['protobuf', 'json'] as const);
    const content = encoding === 'protobuf' ? protobufContent(origin, 'none') : jsonContent(origin, 'none');
    const named = random.pick(compressions);
    const { title, bytes, isWhole = false } = random.pick(damages)(random, content.bytes, named);
    if (isGrpc) {
      return {
        title: `${title}, ${named}, gRPC`,
        ...(isWhole && { content, encoding }),
        needsResponse: true,
        send: {
          kind: 'grpc',
          port: ports.otlpGrpc,
          headers: grpcHeaders(exportPath, { 'grpc-encoding': named }),
          pieces: [grpcFrame(bytes, 1)],
          ends: true,
        },
      };
    }
    const request = overHttp(origin, encoding, content, { bytes, encoding: named });
    const { content: _, encoding: __, ...rest } = request;
    return { ...rest, title: `${title}, ${named}`, ...(isWhole && { content, encoding }) };
  },
};

type CompressionDamage = (
  random: SeededRandom,
  bytes: Buffer,
  named: keyof typeof compressors,
) => { readonly title: string; readonly bytes: Buffer; readonly isWhole?: boolean };

const damages: readonly CompressionDamage[] = [
  (random, bytes, named) => ({
    title: 'damaged',
    bytes: mutateBytes(random, compressors[named](bytes), 1 + random.below(3)).bytes,
  }),
  (random, bytes, named) => {
    const whole = compressors[named](bytes);
    return { title: 'cut', bytes: whole.subarray(0, random.below(whole.length)) };
  },
  (random, bytes, named) => ({
    title: 'trailing garbage',
    bytes: Buffer.concat([compressors[named](bytes), random.id(16)]),
  }),
  (_random, bytes, named) => ({ title: 'compressed twice', bytes: compressors[named](compressors[named](bytes)) }),
  (random, bytes, named) => {
    const half = random.below(bytes.length);
    return {
      title: 'two members',
      bytes: Buffer.concat([compressors[named](bytes.subarray(0, half)), compressors[named](bytes.subarray(half))]),
    };
  },
  (random, bytes) => ({ title: 'another compression', bytes: compressors[random.pick(compressions)](bytes) }),
  (_random, bytes) => ({ title: 'raw deflate', bytes: deflateRawSync(bytes) }),
  (_random, bytes) => ({ title: 'not compressed', bytes }),
  () => ({ title: 'empty', bytes: Buffer.alloc(0) }),
  (random, _bytes, named) => ({
    title: 'bomb',
    bytes: bombOf(named, random.chance(0.02) ? 128 * 1024 * 1024 : logUniform(random, 8 * 1024 * 1024)),
  }),
  (random, bytes, named) => ({
    title: 'highest level',
    bytes:
      named === 'zstd' ? zstdCompressSync(bytes, { params: { 100: 1 + random.below(19) } }) : compressors[named](bytes),
    isWhole: true,
  }),
];

const bombs = new Map<string, Buffer>();

/** Returns compressed zeros, cached by size. */
function bombOf(named: keyof typeof compressors, size: number): Buffer {
  const rounded = 2 ** Math.ceil(Math.log2(size));
  const key = `${named} ${rounded}`;
  const known = bombs.get(key);
  if (known !== undefined) return known;
  const made = compressors[named](Buffer.alloc(rounded));
  bombs.set(key, made);
  return made;
}
