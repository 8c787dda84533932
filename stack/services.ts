import { isIP } from 'node:net';
import type { PortName, PortPlan } from './ports.ts';
import { services as manifest } from '@spandrel/service/services';

/** The values that the environment of a process is made from. */
export interface Surroundings {
  readonly ports: PortPlan;
  /** The address that the processes listen on. */
  readonly host: string;
  readonly tracestoreDatabaseUrl: string;
  readonly backendDatabaseUrl: string;
  readonly flagsFile: string;
  readonly version: string;
}

/** An app of the stack. */
export interface Service {
  readonly name: string;
  readonly port: PortName;
  /** Whether it exports spans. tracestore does not: each export would cause the next. */
  readonly traced: boolean;
  /** The services that it calls. It receives their addresses as `<NAME>_URL`. */
  readonly calls: readonly PortName[];
  readonly environment: (surroundings: Surroundings) => Readonly<Record<string, string | number>>;
}

/** The environment in which the user started the stack. */
export type UserEnvironment = Readonly<Record<string, string | undefined>>;

export const tracestore: Service = {
  name: 'tracestore',
  port: 'tracestore',
  traced: false,
  calls: [],
  environment: ({ host, ports, tracestoreDatabaseUrl }) => ({
    TRACESTORE_HOST: host,
    TRACESTORE_HTTP_PORT: ports.tracestore,
    TRACESTORE_OTLP_GRPC_PORT: ports.otlpGrpc,
    TRACESTORE_OTLP_HTTP_PORT: ports.otlpHttp,
    TRACESTORE_JAEGER_GRPC_PORT: ports.jaegerGrpc,
    TRACESTORE_TEMPO_PORT: ports.tempo,
    TRACESTORE_DATABASE_URL: tracestoreDatabaseUrl,
  }),
};

/** The demo services of the manifest, each after the services that it calls. */
export const services: readonly Service[] = manifest.map(({ name, calls, faults, hasDatabase }) => ({
  name,
  port: name,
  traced: true,
  calls,
  environment: ({ flagsFile, backendDatabaseUrl }) => ({
    ...(faults.length > 0 ? { FLAGS_FILE: flagsFile } : {}),
    ...(hasDatabase === true ? { [`${name.toUpperCase()}_DATABASE_URL`]: backendDatabaseUrl } : {}),
  }),
}));

/**
 * V8 keeps up to 48 MB of short-lived objects, with the buffers that they hold. The demo services need little of that, and
 * prefer memory to speed. With less than 8 MB, tracestore spends a fifth of its CPU on garbage collection, because the
 * objects of a transaction outlive the young generation.
 */
export function nodeFlagsOf({ traced }: Service): readonly string[] {
  return traced ? ['--max-semi-space-size=1', '--optimize-for-size'] : ['--max-semi-space-size=8'];
}

/** Makes glibc return freed memory, since requests use buffers of all sizes. docker/Dockerfile sets the same. */
export const allocatorEnvironment = {
  MALLOC_ARENA_MAX: '1',
  MALLOC_MMAP_THRESHOLD_: '65536',
  MALLOC_TRIM_THRESHOLD_: '131072',
} as const;

/** The address to listen on: HOST if it is an address. Some shells keep the name of the machine there. */
export function chooseHost({ HOST }: UserEnvironment): string {
  return HOST !== undefined && (isIP(HOST) !== 0 || HOST === 'localhost') ? HOST : '127.0.0.1';
}

/** The URL of a service as seen from this machine. */
export function serviceUrl(port: PortName, { host, ports }: Pick<Surroundings, 'host' | 'ports'>): string {
  const everywhere = host === '0.0.0.0' || host === '::';
  const address = everywhere ? '127.0.0.1' : isIP(host) === 6 ? `[${host}]` : host;
  return `http://${address}:${ports[port]}`;
}

/**
 * The environment of a service: that of the user, with the settings of the stack. The user may override the variables of
 * OpenTelemetry, except the name: one name would merge all services.
 */
export function serviceEnvironment(
  service: Service,
  surroundings: Surroundings,
  user: UserEnvironment,
): Readonly<Record<string, string | undefined>> {
  const inherited = Object.entries(user).filter(([name]) => !/^npm_|^(INIT_CWD|PORT|HOST)$/.test(name));
  const own = Object.entries({
    HOST: surroundings.host,
    PORT: surroundings.ports[service.port],
    ...Object.fromEntries(service.calls.map((name) => [`${name.toUpperCase()}_URL`, serviceUrl(name, surroundings)])),
    ...service.environment(surroundings),
  }).map(([name, value]) => [name, String(value)]);
  return {
    LOG_LEVEL: 'info',
    ...allocatorEnvironment,
    ...(service.traced ? telemetryDefaults(surroundings) : {}),
    ...Object.fromEntries(inherited),
    ...Object.fromEntries(own),
    ...(service.traced ? telemetryIdentity(service, surroundings, user) : {}),
  };
}

function telemetryDefaults(surroundings: Surroundings) {
  return {
    OTEL_EXPORTER_OTLP_ENDPOINT: serviceUrl('otlpHttp', surroundings),
    OTEL_EXPORTER_OTLP_PROTOCOL: 'http/protobuf',
    // Exports traces within a second.
    OTEL_BSP_SCHEDULE_DELAY: '1000',
  };
}

function telemetryIdentity(
  { name }: Service,
  { version }: Surroundings,
  { OTEL_RESOURCE_ATTRIBUTES: own }: UserEnvironment,
) {
  const attributes = [
    'service.namespace=spandrel',
    `service.version=${version}`,
    'deployment.environment.name=development',
    ...(own ? [own] : []),
  ];
  return { OTEL_SERVICE_NAME: name, OTEL_RESOURCE_ATTRIBUTES: attributes.join(',') };
}
