import {
  completeDatabaseUrl,
  databaseTlsRule,
  databaseVariables,
  type LogLevel,
  parseEnvironment,
  ports,
  serviceVariables,
  variable,
} from '@spandrel/service';
import { type AccessConfig, accessConfigOf, accessVariables } from './access.config.js';
import { consoleAccessRule, type ConsoleConfig, consoleConfigOf, consoleVariables } from './console.config.js';
import { limits } from '../limits.js';
import { type LifecycleConfig, lifecycleConfigOf, lifecycleVariables } from './lifecycle.config.js';

/** Configuration of tracestore. */
export interface TracestoreConfig {
  /** Address on which all of its servers listen. */
  readonly host: string;
  readonly httpPort: number;
  readonly otlpGrpcPort: number;
  readonly otlpHttpPort: number;
  readonly jaegerGrpcPort: number;
  /** Who may read traces through Jaeger's storage API over gRPC: the users of the console, or every client. */
  readonly jaegerGrpcAccess: (typeof readAccesses)[number];
  /** The same of Jaeger's HTTP API. */
  readonly jaegerHttpAccess: (typeof readAccesses)[number];
  /** Port of Tempo's API over HTTP and gRPC. */
  readonly tempoPort: number;
  /** Who may use Tempo's API, on each port: the users of the console, or every client. */
  readonly tempoAccess: (typeof readAccesses)[number];
  /** Port of OTLP and Jaeger's storage API for clients of Promscale; undefined if it is closed. */
  readonly promscaleGrpcPort: number | undefined;
  /** Maximum size of a request, both as received and decompressed. */
  readonly maxRequestBytes: number;
  /** Maximum memory of all requests together that are being received and written. */
  readonly maxBytesInFlight: number;
  /** Maximum time from the head of a request to the end of its body. */
  readonly bodyTimeoutMs: number;
  /** Maximum number of connections to each port. */
  readonly maxConnections: number;
  readonly databaseUrl: string;
  /** Whether the store applies missing migrations, or waits until another process has. */
  readonly migrations: (typeof migrationModes)[number];
  /** Maximum number of database connections for writing. */
  readonly databaseConnections: number;
  /** Maximum number of database connections for queries, besides those for writing. */
  readonly queryConnections: number;
  /** Maximum time of one statement of a query. */
  readonly queryTimeoutMs: number;
  readonly access: AccessConfig;
  readonly console: ConsoleConfig;
  readonly lifecycle: LifecycleConfig;
  /** Maximum difference between the store's clock and the database's. Beyond it, nothing is dropped. */
  readonly maxClockOffsetMs: number;
  readonly logLevel: LogLevel;
  /** Time during which requests are still accepted after SIGTERM. */
  readonly shutdownDelayMs: number;
}

/** The token under which the configuration is injected. */
export const TRACESTORE_CONFIG = Symbol('TRACESTORE_CONFIG');

const readAccesses = ['console', 'none'] as const;

const migrationModes = ['apply', 'wait'] as const;

const mebibyte = 1024 * 1024;

const { LOG_LEVEL, SHUTDOWN_DELAY_MS } = serviceVariables(ports.tracestore);

/** Every variable of tracestore. docs/configuration.md is generated from it. */
export const tracestoreVariables = {
  TRACESTORE_HOST: variable.host('127.0.0.1').describe('Address on which all ports listen.'),
  TRACESTORE_HTTP_PORT: variable
    .port(ports.tracestore)
    .describe("Port of the console, its API, Jaeger's HTTP API, `/livez`, `/readyz` and `/metrics`."),
  TRACESTORE_OTLP_GRPC_PORT: variable.port(ports.otlpGrpc).describe('Port of OTLP over gRPC.'),
  TRACESTORE_OTLP_HTTP_PORT: variable.port(ports.otlpHttp).describe('Port of OTLP over HTTP.'),
  TRACESTORE_JAEGER_GRPC_PORT: variable.port(ports.jaegerGrpc).describe("Port of Jaeger's storage API over gRPC."),
  TRACESTORE_JAEGER_GRPC_ACCESS: variable
    .oneOf(readAccesses, 'console')
    .describe(
      "Who may read traces through Jaeger's storage API over gRPC: clients that send the credentials of the console as " +
        'metadata, or every client (`none`).',
    ),
  TRACESTORE_JAEGER_HTTP_ACCESS: variable
    .oneOf(readAccesses, 'console')
    .describe("Who may use Jaeger's HTTP API: the users of the console, or every client (`none`)."),
  TRACESTORE_TEMPO_PORT: variable.port(ports.tempo).describe("Port of Tempo's API: HTTP and gRPC."),
  TRACESTORE_TEMPO_ACCESS: variable
    .oneOf(readAccesses, 'console')
    .describe("Who may use Tempo's API: clients with the credentials of the console, or every client (`none`)."),
  TRACESTORE_PROMSCALE_GRPC_PORT: variable
    .optionalPort()
    .describe("Also serves OTLP and Jaeger's storage API on this port, as Promscale does on 9202."),
  // At most what a jsonb value can hold if one attribute is the whole request.
  TRACESTORE_MAX_REQUEST_BYTES: variable
    .integer(limits.requestBytes.value, 1024, 128 * mebibyte, 'bytes')
    .describe('Maximum size of an OTLP request, both as received and decompressed.'),
  TRACESTORE_MAX_BYTES_IN_FLIGHT: variable
    .integer(limits.bytesInFlight.value, 1024, 16 * 1024 * mebibyte, 'bytes')
    .describe(
      'Maximum memory of all OTLP requests together, from their first byte to their response. At least one request of ' +
        'the maximum size always fits.',
    ),
  TRACESTORE_BODY_TIMEOUT_MS: variable
    .integer(limits.bodyMs.value, 100, 600_000, 'ms')
    .describe('Maximum time from the head of an OTLP request to the end of its body.'),
  TRACESTORE_MAX_CONNECTIONS: variable
    .integer(limits.connections.value, 1, 65_536)
    .describe('Maximum number of connections to each port. An idle or slow one is closed in favor of a new one.'),
  TRACESTORE_DATABASE_URL: variable
    .databaseUrl(`postgres://tracestore@127.0.0.1:${ports.database}/postgres`)
    .describe('Database of the store: [operations](operations.md).'),
  ...databaseVariables,
  TRACESTORE_MIGRATIONS: variable
    .oneOf(migrationModes, 'apply')
    .describe(
      'Whether a store applies missing migrations (`apply`), or waits until the command `migrate` has (`wait`): ' +
        '[upgrading](upgrading.md#migrations-as-a-job).',
    ),
  TRACESTORE_DATABASE_CONNECTIONS: variable
    .integer(4, 1, 100)
    .describe('Maximum number of database connections for writing.'),
  TRACESTORE_QUERY_CONNECTIONS: variable
    .integer(4, 1, 100)
    .describe('Maximum number of database connections for queries, besides those for the SQL page.'),
  TRACESTORE_QUERY_TIMEOUT_MS: variable
    .integer(30_000, 10, 600_000, 'ms')
    .describe('Maximum time of one statement of a query.'),
  ...accessVariables,
  ...consoleVariables,
  ...lifecycleVariables,
  LOG_LEVEL,
  SHUTDOWN_DELAY_MS,
};

/**
 * Reads the configuration from the environment.
 *
 * @param environment that of the process by default
 * @throws EnvironmentError that lists all invalid variables
 */
export function readTracestoreConfig(environment?: Readonly<Record<string, string | undefined>>): TracestoreConfig {
  const values = parseEnvironment(tracestoreVariables, {
    environment,
    rules: [consoleAccessRule, databaseTlsRule('TRACESTORE_DATABASE_URL')],
  });
  return {
    host: values.TRACESTORE_HOST,
    httpPort: values.TRACESTORE_HTTP_PORT,
    otlpGrpcPort: values.TRACESTORE_OTLP_GRPC_PORT,
    otlpHttpPort: values.TRACESTORE_OTLP_HTTP_PORT,
    jaegerGrpcPort: values.TRACESTORE_JAEGER_GRPC_PORT,
    jaegerGrpcAccess: values.TRACESTORE_JAEGER_GRPC_ACCESS,
    jaegerHttpAccess: values.TRACESTORE_JAEGER_HTTP_ACCESS,
    tempoPort: values.TRACESTORE_TEMPO_PORT,
    tempoAccess: values.TRACESTORE_TEMPO_ACCESS,
    promscaleGrpcPort: values.TRACESTORE_PROMSCALE_GRPC_PORT,
    maxRequestBytes: values.TRACESTORE_MAX_REQUEST_BYTES,
    maxBytesInFlight: Math.max(values.TRACESTORE_MAX_BYTES_IN_FLIGHT, values.TRACESTORE_MAX_REQUEST_BYTES),
    bodyTimeoutMs: values.TRACESTORE_BODY_TIMEOUT_MS,
    maxConnections: values.TRACESTORE_MAX_CONNECTIONS,
    databaseUrl: completeDatabaseUrl(values.TRACESTORE_DATABASE_URL, values),
    migrations: values.TRACESTORE_MIGRATIONS,
    databaseConnections: values.TRACESTORE_DATABASE_CONNECTIONS,
    queryConnections: values.TRACESTORE_QUERY_CONNECTIONS,
    queryTimeoutMs: values.TRACESTORE_QUERY_TIMEOUT_MS,
    access: accessConfigOf(values),
    console: consoleConfigOf(values),
    lifecycle: lifecycleConfigOf(values),
    maxClockOffsetMs: values.TRACESTORE_MAX_CLOCK_OFFSET,
    logLevel: values.LOG_LEVEL,
    shutdownDelayMs: values.SHUTDOWN_DELAY_MS,
  };
}
