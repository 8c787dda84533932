import { isIP } from 'node:net';
import { ports as defaultPorts } from '@spandrel/service/ports';
import { services as manifest } from '@spandrel/service/services';

export type PortName = keyof typeof defaultPorts;
export type PortPlan = Readonly<Record<PortName, number>>;

/** What the processes of the stack are told. */
export interface Surroundings {
  readonly ports: PortPlan;
  /** The address that everything listens on. */
  readonly host: string;
  readonly tracestoreDatabaseUrl: string;
  readonly backendDatabaseUrl: string;
  readonly flagsFile: string;
  readonly version: string;
}

/** One process of the stack that is written in TypeScript. */
export interface Service {
  readonly name: string;
  readonly port: PortName;
  /** Whether it sends spans of its own. tracestore does not: each export would make the next. */
  readonly traced: boolean;
  /** The services that it asks over HTTP; each is told where the others are in a variable `<NAME>_URL`. */
  readonly calls: readonly PortName[];
  readonly environment: (surroundings: Surroundings) => Readonly<Record<string, string | number>>;
}

/** The environment of the user, in which every process of the stack runs. */
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
 * V8 lets short-lived objects pile up to 16 MB three times over where the machine has room, and with them the buffers
 * that they hold. A service that answers a few requests a second never needs that, and eight processes on a laptop do
 * notice. The seven are told to care for memory before speed besides. tracestore has work to do: with less than half as
 * much, what a transaction needs outlives it, and a fifth of the CPU goes into collecting it.
 */
export function nodeFlagsOf({ traced }: Service): readonly string[] {
  return traced ? ['--max-semi-space-size=1', '--optimize-for-size'] : ['--max-semi-space-size=8'];
}

/** Has glibc give back what is freed: requests come and go in buffers of all sizes. docker/Dockerfile says the same. */
export const allocatorEnvironment = {
  MALLOC_ARENA_MAX: '1',
  MALLOC_MMAP_THRESHOLD_: '65536',
  MALLOC_TRIM_THRESHOLD_: '131072',
} as const;

/** Every port, moved by the offset. */
export function planPorts(offset: number): PortPlan {
  return Object.fromEntries(Object.entries(defaultPorts).map(([name, port]) => [name, port + offset])) as Record<
    PortName,
    number
  >;
}

/** The address to listen on: HOST if it is one (some shells and tools keep a machine's name there). */
export function chooseHost({ HOST }: UserEnvironment): string {
  return HOST !== undefined && (isIP(HOST) !== 0 || HOST === 'localhost') ? HOST : '127.0.0.1';
}

/** Where we ourselves reach a service of the stack. */
export function serviceUrl(port: PortName, { host, ports }: Pick<Surroundings, 'host' | 'ports'>): string {
  const everywhere = host === '0.0.0.0' || host === '::';
  const address = everywhere ? '127.0.0.1' : isIP(host) === 6 ? `[${host}]` : host;
  return `http://${address}:${ports[port]}`;
}

/**
 * The whole environment of a service: the user's own, and what the stack says. OpenTelemetry's variables
 * are the user's where set, except for the name, since one name for all would make one service of them.
 */
export function serviceEnvironment(
  service: Service,
  surroundings: Surroundings,
  user: UserEnvironment,
): Readonly<Record<string, string | undefined>> {
  const inherited = Object.entries(user).filter(
    ([name]) => !/^npm_|^(INIT_CWD|PORT|HOST|SPANDREL_LAUNCHER_PID)$/.test(name),
  );
  const said = Object.entries({
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
    ...Object.fromEntries(said),
    ...(service.traced ? telemetryIdentity(service, surroundings, user) : {}),
  };
}

function telemetryDefaults(surroundings: Surroundings) {
  return {
    OTEL_EXPORTER_OTLP_ENDPOINT: serviceUrl('otlpHttp', surroundings),
    OTEL_EXPORTER_OTLP_PROTOCOL: 'http/protobuf',
    // Traces should show up while one looks.
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
