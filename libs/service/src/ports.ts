import { type ServicePorts, services } from './services.js';

/**
 * The default TCP ports. `PORT` changes the port of a service, `TRACESTORE_*_PORT` those of tracestore, and
 * `--port-offset` moves the whole embedded stack.
 */
export const ports = {
  ...(Object.fromEntries(services.map(({ name, port }) => [name, port])) as ServicePorts),
  otlpGrpc: 4317,
  otlpHttp: 4318,
  jaegerGrpc: 17271,
  tempo: 3200,
  tracestore: 8080,
  database: 5999,
} as const;
