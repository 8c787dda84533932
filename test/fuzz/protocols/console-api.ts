/** Requests to all routes of the console API, with valid, almost valid, hostile and long parameters. */
import { readFileSync } from 'node:fs';
import type { SeededRandom } from '../../../bench/corpus/random.ts';
import { anyText, attributeKeys, logUniform, serviceNames, spanNames } from '../awkward.ts';
import { httpBytes } from '../http-client.ts';
import { traceIdOf } from '../otlp-model.ts';
import { type FuzzOrigin, type FuzzRequest, pickWeighted, type Protocol } from '../requests.ts';
import { anyPattern } from './patterns.ts';
import { anyStatement } from './sql-statements.ts';

interface DashboardQueries {
  readonly uid: string;
  readonly panels: readonly { readonly queries: readonly { readonly name: string }[] }[];
  readonly variables: readonly { readonly query: { readonly name: string } }[];
}

const dashboards = JSON.parse(
  readFileSync(new URL('../../../apps/tracestore/src/console/dashboards.json', import.meta.url), 'utf8'),
) as readonly DashboardQueries[];
const dashboardQueries = dashboards.flatMap(({ uid, panels, variables }) =>
  [...panels.flatMap(({ queries }) => queries), ...variables.map(({ query }) => query)].map(({ name }) => ({
    uid,
    name,
  })),
);

/** Parameters of a URL; names may be repeated. */
type Parameters = readonly (readonly [name: string, value: string])[];

/** A time in ns, or an invalid one. */
export function anyTime(random: SeededRandom, about: bigint): string {
  const roll = random.below(20);
  if (roll < 14) return String(about + BigInt(random.below(2 ** 31)) * BigInt(random.pick([-1_000, -1, 1, 1_000])));
  return random.pick([
    '0',
    '1',
    '9223372036854775807',
    '9223372036854775808',
    '9999999999999999999',
    '-1',
    '1.5',
    'now',
    '',
    'NaN',
    '٣',
  ]);
}

function timeRange({ random, timeUnixNano }: FuzzOrigin): Parameters {
  return [
    ...(random.chance(0.7) ? [['from', anyTime(random, timeUnixNano)] as const] : []),
    ...(random.chance(0.7) ? [['to', anyTime(random, timeUnixNano)] as const] : []),
  ];
}

/** The trace id of an earlier request, another one, or an invalid one. */
export function anyTraceId({ random, seed, index }: FuzzOrigin): string {
  const roll = random.below(20);
  if (roll < 14) return traceIdOf(seed, Math.max(0, index - 1 - random.below(300)), 0).toString('hex');
  if (roll < 16) return Buffer.from(random.id(16)).toString('hex');
  return random.pick([
    '0',
    '00000000000000000000000000000000',
    'zz',
    'f'.repeat(33),
    '%00',
    ' ',
    '..',
    '__proto__',
    'AAAAAAAAAAAAAAAAAAAAAA==',
  ]);
}

function anySpanId({ random }: FuzzOrigin): string {
  return random.chance(0.7) ? Buffer.from(random.id(8)).toString('hex') : random.pick(['0000000000000000', 'x', '1']);
}

/** A condition on an attribute in the syntax of searches. */
function anyCondition(random: SeededRandom): string {
  const roll = random.below(100);
  if (roll >= 96) {
    const blanks = ' '.repeat(logUniform(random, 9_990));
    return random.pick([
      `${blanks}"`,
      `a${blanks}`,
      `a${blanks}!`,
      `"${'\\"'.repeat(blanks.length / 2)}`,
      `${'"'.repeat(blanks.length)}`,
    ]);
  }
  const key = anyText(random, attributeKeys);
  const quoted = random.chance(0.2) ? JSON.stringify(key) : key;
  const operator = random.pick(['', '=', '!=', '>', '>=', '<', '<=', '~', '==', '!', '~~']);
  const value =
    operator === '~' ? anyPattern(random) : anyText(random, ['ann', '200', '5', '0.5', 'true', '[1]', '{"a":1}']);
  return `${quoted}${random.chance(0.2) ? ' ' : ''}${operator}${operator === '' ? '' : value}`;
}

interface Call {
  readonly method?: string;
  readonly target: string;
  readonly parameters?: Parameters;
  readonly body?: unknown;
  readonly rawBody?: Buffer;
}

const routes: readonly { readonly weight: number; readonly call: (origin: FuzzOrigin) => Call }[] = [
  {
    weight: 30,
    call: (origin) => {
      const { random } = origin;
      return {
        target: '/api/traces',
        parameters: [
          ...timeRange(origin),
          ...(random.chance(0.5) ? [['service', anyText(random, serviceNames)] as const] : []),
          ...(random.chance(0.3) ? [['operation', anyText(random, spanNames)] as const] : []),
          ...(random.chance(0.2) ? [['kind', random.pick(['server', 'client', 'x', 'SERVER', ''])] as const] : []),
          ...(random.chance(0.2) ? [['status', random.pick(['ok', 'error', 'unset', 'x'])] as const] : []),
          ...(random.chance(0.2)
            ? [['minDurationNs', random.pick(['1000', '9999999999999999999', '-1', '1e3'])] as const]
            : []),
          ...(random.chance(0.2) ? [['maxDurationNs', random.pick(['1000000000', '0', 'x'])] as const] : []),
          ...Array.from(
            { length: random.chance(0.5) ? random.below(4) : 0 },
            () => ['attribute', anyCondition(random)] as const,
          ),
          ...(random.chance(0.3) ? [['order', random.pick(['newest', 'slowest', 'x'])] as const] : []),
          ['limit', random.pick(['5', '20', '1', '0', '1000', '1001', '-1', 'x', '1.5'])],
          ...(random.chance(0.15)
            ? [['cursor', random.pick(['x', 'eyJ9', '0'.repeat(200), '1-2-3', '%'])] as const]
            : []),
          ...(random.chance(0.03) ? [[random.pick(['__proto__', 'limit', 'x[]', 'service[a]']), 'x'] as const] : []),
        ],
      };
    },
  },
  { weight: 8, call: (origin) => ({ target: `/api/traces/${encodeURIComponent(anyTraceId(origin))}` }) },
  { weight: 4, call: (origin) => ({ target: `/api/traces/${encodeURIComponent(anyTraceId(origin))}/otlp` }) },
  {
    weight: 4,
    call: (origin) => ({
      target: `/api/traces/${encodeURIComponent(anyTraceId(origin))}/matches`,
      parameters: [['text', anyText(origin.random, ['GET', 'ann', '%'])]],
    }),
  },
  {
    weight: 4,
    call: (origin) => ({
      target: `/api/traces/${encodeURIComponent(anyTraceId(origin))}/spans/${anySpanId(origin)}`,
      parameters: timeRange(origin),
    }),
  },
  {
    weight: 3,
    call: (origin) => ({
      target: `/api/traces/${encodeURIComponent(anyTraceId(origin))}/matches`,
      parameters: [['attribute', anyCondition(origin.random)]],
    }),
  },
  {
    weight: 3,
    call: (origin) => ({
      target: `/api/traces/${encodeURIComponent(anyTraceId(origin))}/events`,
      parameters: [
        ['limit', origin.random.pick(['5', '1', '0', '1001', 'x'])],
        ...(origin.random.chance(0.3)
          ? [['cursor', origin.random.pick(['x', 'MS4xLjEuMS4x', 'LTEuMS4xLjEuMQ', '%'])] as const]
          : []),
      ],
    }),
  },
  {
    weight: 3,
    call: (origin) => ({
      target: `/api/traces/${encodeURIComponent(anyTraceId(origin))}/spans/${anySpanId(origin)}/links`,
      parameters: [['start', origin.random.pick(['0', '1700000000000000000', '9999999999999999999', '-1', 'x'])]],
    }),
  },
  { weight: 2, call: () => ({ target: '/api/services' }) },
  {
    weight: 5,
    call: ({ random }) => ({
      target: '/api/operations',
      parameters: [
        ...(random.chance(0.8) ? [['service', anyText(random, serviceNames)] as const] : []),
        ...(random.chance(0.3) ? [['kind', random.pick(['server', 'x'])] as const] : []),
      ],
    }),
  },
  {
    weight: 4,
    call: (origin) => ({
      target: '/api/attribute-keys',
      parameters: [['service', anyText(origin.random, serviceNames)], ...timeRange(origin)],
    }),
  },
  {
    weight: 4,
    call: (origin) => ({
      target: '/api/attribute-values',
      parameters: [['key', anyText(origin.random, attributeKeys)], ...timeRange(origin)],
    }),
  },
  {
    weight: 12,
    call: ({ random, timeUnixNano }) => {
      const { uid, name } = random.pick(dashboardQueries);
      const time = (): string =>
        random.pick([
          'now',
          'now-5m',
          'now-1h',
          'now+1h',
          'now-99999999999y',
          'now-1x',
          new Date(Number(timeUnixNano / 1_000_000n) - random.below(3_600_000)).toISOString(),
          '1',
          '-infinity',
          'infinity',
          '294277-01-01',
          '1700000000000',
          anyText(random, ['yesterday']),
        ]);
      return {
        target: `/api/dashboards/${random.chance(0.95) ? uid : 'x'}/queries/${random.chance(0.95) ? name : '__proto__'}`,
        parameters: [
          ...(random.chance(0.8) ? [['from', time()] as const] : []),
          ...(random.chance(0.8) ? [['to', time()] as const] : []),
          ...(random.chance(0.3)
            ? [
                [
                  'interval',
                  random.pick(['auto', 'sparse', '1s', '10 seconds', '0', '-1h', '1 eon', '1000 years', '\0']),
                ] as const,
              ]
            : []),
          ...(random.chance(0.3) ? [['service', anyText(random, serviceNames)] as const] : []),
          ...(random.chance(0.2) ? [['operation', anyText(random, spanNames)] as const] : []),
          ...(random.chance(0.03) ? [[random.pick(['__proto__', 'x']), 'y'] as const] : []),
        ],
      };
    },
  },
  {
    weight: 4,
    call: (origin) => {
      const { random } = origin;
      return {
        target: `/api/services/${random.pick(['operations', 'neighbours', 'history', 'versions', 'errors', 'x'])}`,
        parameters: [
          ...(random.chance(0.95) ? [['service', anyText(random, serviceNames)] as const] : []),
          ...timeRange(origin),
        ],
      };
    },
  },
  { weight: 1, call: () => ({ target: '/api/dashboards' }) },
  {
    weight: 2,
    call: ({ random }) => ({
      target: random.pick([
        '/api/system',
        '/api/system/storage',
        '/api/system/partitions',
        '/api/system/retention',
        '/api/system/traffic',
      ]),
    }),
  },
  {
    weight: 1,
    call: ({ random }) => ({
      method: 'PUT',
      target: '/api/system/retention',
      body: {
        // Never so short that spans of this run are dropped.
        retentionMs: random.pick<unknown>([86_400_000, 2_592_000_000, null, 0, -1, 1e300, '1', {}, 3_153_600_000_001]),
      },
    }),
  },
  {
    weight: 2,
    call: ({ random }) => ({
      method: random.pick(['GET', 'POST', 'DELETE']),
      target: '/api/session',
      body: random.pick<unknown>([
        { token: 'x' },
        {},
        { token: 'y'.repeat(2_000) },
        [],
        null,
        'x',
        { token: { a: 1 } },
      ]),
    }),
  },
  {
    weight: 1,
    call: ({ random }) => ({
      target: random.pick([
        '/',
        '/openapi.json',
        '/livez',
        '/readyz',
        '/metrics',
        '/search',
        '/trace/x',
        '/assets/x.js',
        '/favicon.ico',
        '/api',
        '/api/x',
        '/api/sql/limits',
      ]),
    }),
  },
  { weight: 1, call: () => ({ target: '/api/sql/catalogue' }) },
];

const sql: readonly { readonly weight: number; readonly call: (origin: FuzzOrigin) => Call }[] = [
  {
    weight: 20,
    call: ({ random }) => ({
      method: 'POST',
      target: '/api/sql',
      body: {
        sql: anyStatement(random),
        ...(random.chance(0.2) && { explain: random.pick(['plan', 'analyze', 'no', 'x']) }),
      },
    }),
  },
  {
    weight: 1,
    call: ({ random }) => ({
      method: 'POST',
      target: '/api/sql',
      rawBody: Buffer.from(
        random.pick([
          '',
          '{',
          'null',
          '[]',
          '{"sql":1}',
          '{"sql":""}',
          '{"sql":"SELECT 1","__proto__":{"x":1}}',
          '{"sql":"SELECT 1","constructor":{"prototype":{"x":1}}}',
          '{"sql":"SELECT 1","sql":"SELECT 2"}',
          `{"sql":"${'x'.repeat(logUniform(random, 300_000))}"}`,
          `${'['.repeat(logUniform(random, 100_000))}`,
          '{"sql":"\\ud800"}',
          '\u{FEFF}{"sql":"SELECT 1"}',
        ]),
      ),
    }),
  },
];

function requestOf(origin: FuzzOrigin, { method = 'GET', target, parameters = [], body, rawBody }: Call): FuzzRequest {
  const { random, ports } = origin;
  // A few values are invalid UTF-8 after decoding.
  const encode = (text: string): string =>
    random.chance(0.003) ? '%ff%fe' : encodeURIComponent(text.toWellFormed()).replaceAll('%20', '+');
  const query = parameters.map(([name, value]) => `${encode(name)}=${encode(value)}`).join('&');
  const whole = query === '' ? target : `${target}?${query}`;
  const bytes = rawBody ?? (body === undefined || method === 'GET' ? undefined : Buffer.from(JSON.stringify(body)));
  const isLong = whole.length > 15_000;
  return {
    title: `${method} ${whole.slice(0, 400)}${bytes === undefined ? '' : ` ${bytes.toString('utf8', 0, 600)}`}`,
    needsResponse: !isLong,
    isConsoleApi: target.startsWith('/api/') && !isLong,
    send: {
      kind: 'http',
      port: ports.http,
      pieces: [
        httpBytes(
          method,
          whole,
          {
            host: `127.0.0.1:${ports.http}`,
            ...(bytes !== undefined && { 'content-type': 'application/json' }),
            ...(random.chance(0.3) && { 'accept-encoding': random.pick(['gzip', 'br', 'gzip, br;q=0.5', '*', ',,,']) }),
          },
          bytes,
        ),
      ],
      keepsAlive: true,
      // A client that disconnects during its query.
      ...(random.chance(0.01) && { abortAfterMs: random.below(50) }),
    },
  };
}

/** All pages and all routes of the console API except the SQL page. */
export const consoleApi: Protocol = {
  name: 'console',
  weight: 7,
  make: (origin) => requestOf(origin, pickWeighted(origin.random, routes).call(origin)),
};

/** Statements of the SQL page. */
export const sqlPage: Protocol = {
  name: 'sql',
  weight: 2,
  // A client gets at most 2 running and 4 waiting statements.
  maxInFlight: 6,
  make: (origin) => requestOf(origin, pickWeighted(origin.random, sql).call(origin)),
};
