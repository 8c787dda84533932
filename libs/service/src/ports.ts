/**
 * Every TCP port of Spandrel, in one place. Each can be set: a service by `PORT`,
 * tracestore by `TRACESTORE_*_PORT`, the whole embedded stack by `--port-offset`.
 */
export const ports = {
  frontend: 3001,
  backend: 3002,
  generator: 5050,
  digit: 5051,
  special: 5052,
  lower: 5053,
  upper: 5054,
  otlpGrpc: 4317,
  otlpHttp: 4318,
  jaegerGrpc: 17271,
  tracestore: 8080,
  database: 5999,
} as const;
