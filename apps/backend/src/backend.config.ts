import { parseEnvironment, ports, type ServiceConfig, serviceVariables, variable } from '@spandrel/service';

export interface BackendConfig extends ServiceConfig {
  readonly BACKEND_DATABASE_URL: string;
}

export function parseBackendConfig(): BackendConfig {
  return parseEnvironment({
    ...serviceVariables(ports.backend),
    BACKEND_DATABASE_URL: variable.databaseUrl(`postgres://backend@127.0.0.1:${ports.database}/numbers`),
  });
}
