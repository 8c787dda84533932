import { EnvironmentError } from '@spandrel/service';
import { describe, expect, it } from 'vitest';
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
      databaseUrl: 'postgres://postgres@127.0.0.1:5999/postgres',
      databaseConnections: 4,
      queryConnections: 4,
      queryTimeoutMs: 30_000,
      console: {
        access: { kind: 'none' },
        webFolder: expect.stringMatching(/console.web.files$/) as string,
        sqlConnections: 2,
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
});
