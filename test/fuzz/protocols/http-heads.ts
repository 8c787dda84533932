/** HTTP/1.1 requests to the ports of OTLP and the console with unusual headers, hosts, methods, paths, lengths and slow bodies. */
import type { SeededRandom } from '../../../bench/corpus/random.ts';
import { logUniform } from '../awkward.ts';
import { httpBytes } from '../http-client.ts';
import { protobufContent } from '../protobuf-content.ts';
import type { FuzzOrigin, FuzzRequest, Protocol } from '../requests.ts';

/** Host names that an attacker can resolve to this machine (DNS rebinding). */
const foreignHosts: readonly string[] = [
  'rebound.example',
  'localhost.example',
  '127.0.0.1.example',
  'tracestore.attacker.example',
  'localhosts',
  'a--b.example.',
  '1e100.example',
];

const readTargets: readonly string[] = [
  '/api/services',
  '/api/traces?limit=1',
  '/api/system',
  '/api/dashboards',
  '/jaeger/api/services',
  '/jaeger/api/v3/services',
  '/metrics',
];

type Head = (origin: FuzzOrigin) => Omit<FuzzRequest, 'send'> & {
  readonly bytes: Buffer;
  readonly to: 'otlpHttp' | 'http';
} & {
  readonly pieces?: readonly Buffer[];
  readonly pauseMs?: number;
  readonly abortAfterMs?: number;
  readonly isHead?: boolean;
};

/** A valid request with an additional header. */
function withHeader(origin: FuzzOrigin, name: string, value: string): Buffer {
  const { bytes } = protobufContent(origin, 'none');
  return httpBytes(
    'POST',
    '/v1/traces',
    { host: `127.0.0.1:${origin.ports.otlpHttp}`, 'content-type': 'application/x-protobuf', [name]: value },
    bytes,
  );
}

const heads: readonly Head[] = [
  (origin) => {
    const { random, ports } = origin;
    const host = `${random.pick(foreignHosts)}${random.chance(0.7) ? `:${ports.otlpHttp}` : ''}`;
    const { bytes } = protobufContent(origin, 'none');
    return {
      title: `OTLP for host ${host}`,
      to: 'otlpHttp',
      needsResponse: true,
      forbidden: 'request for a foreign host',
      bytes: httpBytes('POST', '/v1/traces', { host, 'content-type': 'application/x-protobuf' }, bytes),
    };
  },
  ({ random, ports }) => {
    const host = `${random.pick(foreignHosts)}${random.chance(0.7) ? `:${ports.http}` : ''}`;
    const target = random.pick(readTargets);
    return {
      title: `${target} for host ${host}`,
      to: 'http',
      needsResponse: true,
      forbidden: 'request for a foreign host',
      bytes: httpBytes('GET', target, {
        host,
        ...(random.chance(0.3) && { 'sec-fetch-site': random.pick(['same-origin', 'none']) }),
        ...(random.chance(0.2) && { origin: `http://${host}` }),
        ...(random.chance(0.2) && { 'x-forwarded-host': 'localhost' }),
      }),
    };
  },
  ({ random, ports }) => {
    const target = random.pick(readTargets.filter((path) => path !== '/metrics'));
    return {
      title: `${target} from a cross-site page`,
      to: 'http',
      needsResponse: true,
      forbidden: 'cross-site request',
      bytes: httpBytes('GET', target, {
        host: `127.0.0.1:${ports.http}`,
        'sec-fetch-site': 'cross-site',
        'sec-fetch-mode': random.pick(['no-cors', 'cors']),
        'sec-fetch-dest': random.pick(['empty', 'image', 'script']),
      }),
    };
  },
  ({ random, ports }) => {
    const method = random.pick([
      'GET',
      'PUT',
      'DELETE',
      'OPTIONS',
      'HEAD',
      'PATCH',
      'TRACE',
      'CONNECT',
      'FOO',
      'post',
      '',
    ]);
    const to = random.pick(['otlpHttp', 'http'] as const);
    return {
      title: `method ${method}`,
      to,
      isHead: method === 'HEAD',
      needsResponse: false,
      bytes: httpBytes(method, random.pick(['/v1/traces', '/api/services', '/', '*']), {
        host: `127.0.0.1:${ports[to]}`,
      }),
    };
  },
  ({ random, ports }) => {
    const to = random.pick(['otlpHttp', 'http'] as const);
    const target = random.pick([
      '/v1/traces/',
      '//v1/traces',
      '/v1/traces?x=1',
      '/V1/Traces',
      '/v1/metrics',
      '/%2e%2e/%2e%2e/etc/passwd',
      '/../../etc/passwd',
      '/api/../metrics',
      '/%',
      '/%zz',
      '/%00',
      '/\u00ff',
      '/api/traces/%00',
      `/${'a/'.repeat(logUniform(random, 5_000))}`,
      `/?${'a=b&'.repeat(logUniform(random, 3_000))}`,
      `/api/traces?${'attribute=a&'.repeat(logUniform(random, 1_000))}`,
      'http://example.com/v1/traces',
      '/assets/../../package.json',
      '/.git/config',
    ]);
    return {
      title: `target ${target.slice(0, 60)}`,
      to,
      needsResponse: false,
      bytes: httpBytes(random.pick(['GET', 'POST']), target, { host: `127.0.0.1:${ports[to]}` }, Buffer.from('{}')),
    };
  },
  (origin) => {
    const { random } = origin;
    const [name, value] = random.pick([
      ['content-type', 'text/plain'],
      ['content-type', ''],
      ['content-type', 'application/x-protobuf; x="'],
      ['content-encoding', 'br'],
      ['content-encoding', 'gzip, gzip'],
      ['content-encoding', '__proto__'],
      ['expect', '100-continue'],
      ['expect', 'x'],
      ['connection', 'close'],
      ['connection', 'upgrade'],
      ['upgrade', 'h2c'],
      ['transfer-encoding', 'gzip, chunked'],
      ['transfer-encoding', 'identity'],
      ['content-length', '-1'],
      ['content-length', '1e3'],
      ['content-length', '99999999999999999999'],
      ['x-a', 'b'.repeat(logUniform(random, 20_000))],
      ['accept-encoding', ' '.repeat(logUniform(random, 14_000))],
      ['traceparent', '00-00000000000000000000000000000000-0000000000000000-01'],
      ['authorization', `Bearer ${'x'.repeat(1_000)}`],
      ['host', 'localhost'],
      ['origin', 'null'],
      ['x-\u00ff', 'y'],
    ] as const);
    return {
      title: `header ${name}: ${value.slice(0, 40)}`,
      to: 'otlpHttp',
      needsResponse: false,
      bytes: withHeader(origin, name, value),
    };
  },
  ({ random }) => {
    const to = random.pick(['otlpHttp', 'http'] as const);
    return {
      title: 'garbage',
      to,
      needsResponse: false,
      isSlow: true,
      bytes: random.pick([
        Buffer.from(random.id(16)),
        Buffer.from('GET / HTTP/0.9\r\n\r\n'),
        Buffer.from('GET / HTTP/2.0\r\n\r\n'),
        Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'),
        Buffer.from('\r\n\r\n\r\nGET /livez HTTP/1.1\r\nhost: localhost\r\n\r\n'),
        Buffer.from('GET /livez HTTP/1.1\r\n\r\n'),
        Buffer.from('GET /livez HTTP/1.1\nhost: localhost\n\n'),
        Buffer.from('GET /livez HTTP/1.1\r\nhost: a\r\nhost: b\r\n\r\n'),
        Buffer.from('GET /livez HTTP/1.1\r\nhost : localhost\r\n\r\n'),
        Buffer.from(`GET /livez HTTP/1.1\r\nhost: localhost\r\n${'a: b\r\n'.repeat(logUniform(random, 3_000))}\r\n`),
        Buffer.from(
          'POST /v1/traces HTTP/1.1\r\nhost: localhost\r\ncontent-length: 5\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\nGET /',
        ),
        Buffer.from(
          'POST /v1/traces HTTP/1.1\r\nhost: localhost\r\ntransfer-encoding: chunked\r\n\r\nffffffffffffffff\r\n',
        ),
      ]),
      abortAfterMs: 3_000,
    };
  },
  ({ random, ports }) => {
    const to = random.pick(['otlpHttp', 'http'] as const);
    const announced = logUniform(random, 64 * 1024 * 1024);
    return {
      title: `${announced} bytes announced but not sent`,
      to,
      needsResponse: false,
      isSlow: true,
      bytes: Buffer.from(
        `POST ${to === 'http' ? '/api/sql' : '/v1/traces'} HTTP/1.1\r\nhost: 127.0.0.1:${ports[to]}\r\ncontent-type: application/json\r\ncontent-length: ${announced}\r\n\r\n{`,
      ),
      abortAfterMs: 100 + random.below(2_000),
    };
  },
  (origin) => {
    const { random, ports } = origin;
    const content = protobufContent(origin, 'none');
    const bytes = httpBytes(
      'POST',
      '/v1/traces',
      { host: `localhost:${ports.otlpHttp}`, 'content-type': 'application/x-protobuf' },
      content.bytes,
    );
    const step = Math.ceil(bytes.length / 20);
    return {
      title: 'slow body',
      to: 'otlpHttp',
      content,
      encoding: 'protobuf',
      needsResponse: true,
      isSlow: true,
      bytes,
      pieces: Array.from({ length: 20 }, (_, nr) => bytes.subarray(nr * step, (nr + 1) * step)),
      pauseMs: random.below(100),
    };
  },
  ({ random, ports }) => ({
    title: 'origin and preflight',
    to: 'otlpHttp',
    needsResponse: true,
    bytes: httpBytes('OPTIONS', '/v1/traces', {
      host: `127.0.0.1:${ports.otlpHttp}`,
      origin: random.pick(['http://example.com', 'null', `http://127.0.0.1:${ports.otlpHttp}`, 'x'.repeat(5_000)]),
      'access-control-request-method': random.pick(['POST', 'DELETE', '']),
      'access-control-request-headers': random.pick(['content-type', 'x-a, x-b', ',']),
    }),
  }),
];

/** HTTP/1.1 requests with unusual heads. */
export const httpHeads: Protocol = {
  name: 'http',
  weight: 6,
  make: (origin) => {
    const { bytes, to, pieces, pauseMs, abortAfterMs, isHead, ...request } = pickHead(origin.random)(origin);
    return {
      ...request,
      send: {
        kind: 'http',
        port: origin.ports[to],
        pieces: pieces ?? [bytes],
        keepsAlive: false,
        ...(isHead === true && { isHead }),
        ...(pauseMs !== undefined && { pauseMs }),
        ...(abortAfterMs !== undefined && { abortAfterMs }),
      },
    };
  },
};

function pickHead(random: SeededRandom): Head {
  return random.pick(heads);
}
