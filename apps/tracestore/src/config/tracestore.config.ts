import { type LogLevel, parseEnvironment, ports, serviceVariables, variable } from '@spandrel/service';
import { z } from 'zod';
import { type AccessConfig, accessConfigOf, accessVariables } from './access.config.js';
import { type ConsoleConfig, consoleConfigOf, consoleVariables } from './console.config.js';
import { limits } from '../limits.js';
import { type LifecycleConfig, lifecycleConfigOf, lifecycleVariables } from './lifecycle.config.js';

/** How tracestore listens, what it accepts and where it writes. */
export interface TracestoreConfig {
  /** Where all of its servers listen. */
  readonly host: string;
  readonly httpPort: number;
  readonly otlpGrpcPort: number;
  readonly otlpHttpPort: number;
  readonly jaegerGrpcPort: number;
  /** Who may ask Jaeger's HTTP API: those who may use the console, or everybody. */
  readonly jaegerHttpAccess: (typeof jaegerHttpAccesses)[number];
  /** Where Promscale's users have OTLP and Jaeger's storage, if they want it still. */
  readonly promscaleGrpcPort: number | undefined;
  /** Limit of a request, both as received and decompressed. */
  readonly maxRequestBytes: number;
  /** What may be in memory at once, of all requests that are being received and written. */
  readonly maxBytesInFlight: number;
  /** How long a sender may take from the head of a request to the end of its body. */
  readonly bodyTimeoutMs: number;
  /** Holds for each port. */
  readonly maxConnections: number;
  readonly databaseUrl: string;
  readonly databaseConnections: number;
  /** For those who ask; apart from the writers' connections. */
  readonly queryConnections: number;
  /** How long the database may work on one statement of a question. */
  readonly queryTimeoutMs: number;
  readonly access: AccessConfig;
  readonly console: ConsoleConfig;
  readonly lifecycle: LifecycleConfig;
  /** By how much the store's clock and the database's may differ before the store drops nothing. */
  readonly maxClockOffsetMs: number;
  readonly logLevel: LogLevel;
  /** How long it goes on taking and answering after it was told to end. */
  readonly shutdownDelayMs: number;
}

/** The token under which the configuration is injected. */
export const TRACESTORE_CONFIG = Symbol('TRACESTORE_CONFIG');

const jaegerHttpAccesses = ['console', 'none'] as const;

const mebibyte = 1024 * 1024;

/**
 * Reads the configuration from the environment.
 *
 * @throws EnvironmentError naming every bad variable
 */
export function readTracestoreConfig(environment?: Readonly<Record<string, string | undefined>>): TracestoreConfig {
  const values = parseEnvironment(
    {
      TRACESTORE_HOST: variable.host('127.0.0.1'),
      TRACESTORE_HTTP_PORT: variable.port(ports.tracestore),
      TRACESTORE_OTLP_GRPC_PORT: variable.port(ports.otlpGrpc),
      TRACESTORE_OTLP_HTTP_PORT: variable.port(ports.otlpHttp),
      TRACESTORE_JAEGER_GRPC_PORT: variable.port(ports.jaegerGrpc),
      TRACESTORE_JAEGER_HTTP_ACCESS: z
        .enum(jaegerHttpAccesses, `should be one of ${jaegerHttpAccesses.join(', ')}`)
        .default('console'),
      TRACESTORE_PROMSCALE_GRPC_PORT: variable.optionalPort(),
      // At most what a jsonb value can surely hold when one attribute is all of the request.
      TRACESTORE_MAX_REQUEST_BYTES: variable.integer(limits.requestBytes.value, 1024, 128 * mebibyte),
      TRACESTORE_MAX_BYTES_IN_FLIGHT: variable.integer(limits.bytesInFlight.value, 1024, 16 * 1024 * mebibyte),
      TRACESTORE_BODY_TIMEOUT_MS: variable.integer(limits.bodyMs.value, 100, 600_000),
      TRACESTORE_MAX_CONNECTIONS: variable.integer(limits.connections.value, 1, 65_536),
      TRACESTORE_DATABASE_URL: variable.databaseUrl(`postgres://tracestore@127.0.0.1:${ports.database}/postgres`),
      TRACESTORE_DATABASE_CONNECTIONS: variable.integer(4, 1, 100),
      TRACESTORE_QUERY_CONNECTIONS: variable.integer(4, 1, 100),
      TRACESTORE_QUERY_TIMEOUT_MS: variable.integer(30_000, 10, 600_000),
      ...accessVariables,
      ...consoleVariables,
      ...lifecycleVariables,
      LOG_LEVEL: serviceVariables(ports.tracestore).LOG_LEVEL,
      SHUTDOWN_DELAY_MS: serviceVariables(ports.tracestore).SHUTDOWN_DELAY_MS,
    },
    environment,
  );
  return {
    host: values.TRACESTORE_HOST,
    httpPort: values.TRACESTORE_HTTP_PORT,
    otlpGrpcPort: values.TRACESTORE_OTLP_GRPC_PORT,
    otlpHttpPort: values.TRACESTORE_OTLP_HTTP_PORT,
    jaegerGrpcPort: values.TRACESTORE_JAEGER_GRPC_PORT,
    jaegerHttpAccess: values.TRACESTORE_JAEGER_HTTP_ACCESS,
    promscaleGrpcPort: values.TRACESTORE_PROMSCALE_GRPC_PORT,
    maxRequestBytes: values.TRACESTORE_MAX_REQUEST_BYTES,
    maxBytesInFlight: Math.max(values.TRACESTORE_MAX_BYTES_IN_FLIGHT, values.TRACESTORE_MAX_REQUEST_BYTES),
    bodyTimeoutMs: values.TRACESTORE_BODY_TIMEOUT_MS,
    maxConnections: values.TRACESTORE_MAX_CONNECTIONS,
    databaseUrl: values.TRACESTORE_DATABASE_URL,
    databaseConnections: values.TRACESTORE_DATABASE_CONNECTIONS,
    queryConnections: values.TRACESTORE_QUERY_CONNECTIONS,
    queryTimeoutMs: values.TRACESTORE_QUERY_TIMEOUT_MS,
    access: accessConfigOf(values),
    console: consoleConfigOf(values, values.TRACESTORE_HOST),
    lifecycle: lifecycleConfigOf(values),
    maxClockOffsetMs: values.TRACESTORE_MAX_CLOCK_OFFSET,
    logLevel: values.LOG_LEVEL,
    shutdownDelayMs: values.SHUTDOWN_DELAY_MS,
  };
}
