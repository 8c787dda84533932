import { describe, expect, it } from 'vitest';
import { chooseHost, serviceEnvironment, services, serviceUrl, type Surroundings, tracestore } from './services.ts';
import { planPorts } from './ports.ts';

const surroundings: Surroundings = {
  ports: planPorts(100),
  host: '0.0.0.0',
  tracestoreDatabaseUrl: 'postgres://tracestore@127.0.0.1:6099/postgres',
  backendDatabaseUrl: 'postgres://backend@127.0.0.1:6099/numbers',
  flagsFile: '/state/flags.json',
  version: '1.2.3',
};

const environmentOf = (name: string, user: Record<string, string>) => {
  const service = [tracestore, ...services].find((candidate) => candidate.name === name);
  if (service === undefined) throw new Error(name);
  return serviceEnvironment(service, surroundings, user);
};

describe('serviceEnvironment', () => {
  it('has the addresses of the called services with the port offset', () => {
    expect(environmentOf('lower', {})).toMatchObject({
      PORT: '5153',
      HOST: '0.0.0.0',
      DIGIT_URL: 'http://127.0.0.1:5151',
      FLAGS_FILE: '/state/flags.json',
      OTEL_SERVICE_NAME: 'lower',
      OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:4418',
    });
  });

  it('keeps the variables of the user except PORT and OTEL_SERVICE_NAME', () => {
    const environment = environmentOf('upper', {
      PORT: '1',
      OTEL_SERVICE_NAME: 'all',
      OTEL_EXPORTER_OTLP_ENDPOINT: 'http://collector:4318',
      OTEL_RESOURCE_ATTRIBUTES: 'team=a',
      LOG_LEVEL: 'debug',
    });
    expect(environment).toMatchObject({
      PORT: '5154',
      OTEL_SERVICE_NAME: 'upper',
      OTEL_EXPORTER_OTLP_ENDPOINT: 'http://collector:4318',
      LOG_LEVEL: 'debug',
    });
    expect(environment['OTEL_RESOURCE_ATTRIBUTES']).toMatch(/^service\.namespace=spandrel,.*,team=a$/);
  });

  it('has no OTEL_SERVICE_NAME for tracestore', () => {
    expect(environmentOf('tracestore', {})).not.toHaveProperty('OTEL_SERVICE_NAME');
  });
});

it('services are listed after those that they call', () => {
  const names = services.map(({ name }) => name);
  const pairs = services.flatMap(({ name, calls }) => calls.map((callee) => [name, callee] as const));
  expect(pairs).toContainEqual(['frontend', 'backend']);
  for (const [caller, callee] of pairs) expect(names.indexOf(caller)).toBeGreaterThan(names.indexOf(callee));
});

it('chooseHost ignores a HOST that is not an address', () => {
  expect(chooseHost({ HOST: '0.0.0.0' })).toBe('0.0.0.0');
  expect(chooseHost({ HOST: 'x86_64-conda-linux-gnu' })).toBe('127.0.0.1');
  expect(serviceUrl('digit', { host: '::1', ports: planPorts(0) })).toBe('http://[::1]:5051');
});
