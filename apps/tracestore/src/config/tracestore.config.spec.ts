import { EnvironmentError } from '@spandrel/service';
import { describe, expect, it } from 'vitest';
import { HostList } from '../access/host-list.js';
import { OriginList } from '../access/origin-list.js';
import { readTracestoreConfig } from './tracestore.config.js';

describe('the configuration of tracestore', () => {
  it('has defaults that work with the embedded stack', () => {
    expect(readTracestoreConfig({})).toEqual({
      host: '127.0.0.1',
      httpPort: 8080,
      otlpGrpcPort: 4317,
      otlpHttpPort: 4318,
      jaegerGrpcPort: 17271,
      jaegerGrpcAccess: 'console',
      tempoPort: 3200,
      tempoAccess: 'console',
      jaegerHttpAccess: 'console',
      maxRequestBytes: 67_108_864,
      maxBytesInFlight: 268_435_456,
      bodyTimeoutMs: 30_000,
      maxConnections: 4096,
      databaseUrl: 'postgres://tracestore@127.0.0.1:5999/postgres',
      databaseConnections: 4,
      queryConnections: 4,
      queryTimeoutMs: 30_000,
      access: {
        hosts: new HostList([]),
        otlpOrigins: new OriginList([]),
        apiOrigins: new OriginList([]),
        trustedProxies: [],
      },
      console: {
        access: { kind: 'none' },
        sessionLifetimeMs: 604_800_000,
        sessionIdleMs: 86_400_000,
        webFolder: expect.stringMatching(/console.web.files$/) as string,
        sqlConnections: 3,
        sqlTimeoutMs: 30_000,
        sqlMaxRows: 10_000,
        sqlPerMinute: 60,
        linkPatterns: [],
      },
      lifecycle: {
        retentionMs: 2_592_000_000,
        ledgerRetentionMs: 2_592_000_000,
        aggregateRetentionMs: 2_592_000_000,
        compressAfterMs: 21_600_000,
        followRetention: ['ledgerRetentionMs', 'aggregateRetentionMs'],
      },
      migrations: 'apply',
      maxClockOffsetMs: 300_000,
      logLevel: 'info',
      shutdownDelayMs: 0,
    });
  });

  it('has room for at least one request of the maximum size', () => {
    const config = readTracestoreConfig({
      TRACESTORE_MAX_BYTES_IN_FLIGHT: '2048',
      TRACESTORE_MAX_REQUEST_BYTES: '4096',
    });
    expect(config.maxBytesInFlight).toBe(4096);
  });

  it('lists every invalid variable at once, without passwords', () => {
    const read = (): unknown =>
      readTracestoreConfig({
        TRACESTORE_HTTP_PORT: '99999',
        TRACESTORE_DATABASE_URL: 'mysql://root:secret@db/x',
        TRACESTORE_MAX_REQUEST_BYTES: '1e9',
        TRACESTORE_HOST: '0.0.0.0',
      });
    expect(read).toThrow(EnvironmentError);
    expect(read).toThrow(
      [
        'The environment has 4 errors:',
        '  TRACESTORE_HTTP_PORT must be a TCP port from 1 to 65535, got "99999"',
        '  TRACESTORE_MAX_REQUEST_BYTES must be an integer from 1024 to 134217728 (bytes), got "1e9"',
        '  TRACESTORE_DATABASE_URL must be a URL that starts with postgres:// or postgresql://, got a value that is not shown',
        '  TRACESTORE_CONSOLE_TOKEN must be set, because other machines reach the console if TRACESTORE_HOST is 0.0.0.0; ' +
          'or set TRACESTORE_CONSOLE_ACCESS to proxy (a proxy signs users in) or to none (no sign-in)',
      ].join('\n'),
    );
    expect(read).not.toThrow('secret');
  });

  it.each([
    ['TRACESTORE_ALLOWED_HOSTS', 'tracestore:4318'],
    ['TRACESTORE_ALLOWED_HOSTS', 'a,,b'],
    ['TRACESTORE_OTLP_ALLOWED_ORIGINS', 'https://shop.example/'],
    ['TRACESTORE_API_ALLOWED_ORIGINS', 'shop.example'],
    ['TRACESTORE_TRUSTED_PROXIES', 'traefik'],
    ['TRACESTORE_TRUSTED_PROXIES', '10.0.0.0/33'],
    ['TRACESTORE_SESSION_LIFETIME', '7'],
    ['TRACESTORE_CONSOLE_USER_HEADER', 'x user'],
    ['TRACESTORE_ALLOWED_HOSTS', Array.from({ length: 101 }, (_, n) => `host${n}`).join(',')],
  ])('refuses %s=%s', (name, value) => {
    const read = () => readTracestoreConfig({ [name]: value });
    expect(read).toThrow(new RegExp(`^The environment has 1 error:\\n  ${name} must be .*, got "[^"]*"$`));
    expect(read).toThrow(`got "${value}"`);
  });

  it.each(['0123456789abcdef\n', ' 0123456789abcdef', '0123456789abcd\u00e9f', 'short'])(
    'does not show the invalid token %j',
    (token) => {
      const read = (): unknown => readTracestoreConfig({ TRACESTORE_CONSOLE_TOKEN: token });
      expect(read).toThrow('TRACESTORE_CONSOLE_TOKEN must be 16 or more printable ASCII characters');
      expect(read).not.toThrow(token.trim());
    },
  );
});
