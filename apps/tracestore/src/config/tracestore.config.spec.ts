import { EnvironmentError } from '@spandrel/service';
import { describe, expect, it } from 'vitest';
import { HostList } from '../access/host-list.js';
import { OriginList } from '../access/origin-list.js';
import { readTracestoreConfig } from './tracestore.config.js';

describe('the configuration', () => {
  it('has defaults that work beside the stack', () => {
    expect(readTracestoreConfig({})).toEqual({
      host: '127.0.0.1',
      httpPort: 8080,
      otlpGrpcPort: 4317,
      otlpHttpPort: 4318,
      jaegerGrpcPort: 17271,
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
      },
      lifecycle: {
        retentionMs: 2_592_000_000,
        ledgerRetentionMs: 2_592_000_000,
        rollupRetentionMs: 2_592_000_000,
        compressAfterMs: 21_600_000,
        followRetention: ['ledgerRetentionMs', 'rollupRetentionMs'],
      },
      maxClockOffsetMs: 300_000,
      logLevel: 'info',
      shutdownDelayMs: 0,
    });
  });

  it('always has room for one request of the greatest size', () => {
    const config = readTracestoreConfig({
      TRACESTORE_MAX_BYTES_IN_FLIGHT: '2048',
      TRACESTORE_MAX_REQUEST_BYTES: '4096',
    });
    expect(config.maxBytesInFlight).toBe(4096);
  });

  it('names every bad variable at once, and no password', () => {
    const read = (): unknown =>
      readTracestoreConfig({
        TRACESTORE_HTTP_PORT: '99999',
        TRACESTORE_DATABASE_URL: 'mysql://root:secret@db/x',
        TRACESTORE_MAX_REQUEST_BYTES: '1e9',
      });
    expect(read).toThrow(EnvironmentError);
    expect(read).toThrow(/TRACESTORE_HTTP_PORT[^]*TRACESTORE_MAX_REQUEST_BYTES[^]*TRACESTORE_DATABASE_URL/);
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
  ])('refuses %s=%s', (name, value) => {
    expect(() => readTracestoreConfig({ [name]: value })).toThrow(`${name} is "${value}": `);
  });

  it.each(['0123456789abcdef\n', ' 0123456789abcdef', '0123456789abcd\u00e9f', 'short'])(
    'does not show a token that is %j',
    (token) => {
      const read = (): unknown => readTracestoreConfig({ TRACESTORE_CONSOLE_TOKEN: token });
      expect(read).toThrow('TRACESTORE_CONSOLE_TOKEN is a value not shown here: should have ');
      expect(read).not.toThrow(token.trim());
    },
  );
});
