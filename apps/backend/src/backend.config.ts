import { parseEnvironment, ports, type ServiceConfig, serviceVariables, variable } from '@spandrel/service';

/** Configuration of backend. */
export interface BackendConfig extends ServiceConfig {
  readonly BACKEND_DATABASE_URL: string;
}

export const backendVariables = {
  ...serviceVariables(ports.backend),
  BACKEND_DATABASE_URL: variable
    .databaseUrl(`postgres://backend@127.0.0.1:${ports.database}/numbers`)
    .describe('Database of the numbers. The role must be allowed to create a table.'),
};

/** @throws EnvironmentError that lists all invalid variables */
export function parseBackendConfig(): BackendConfig {
  return parseEnvironment(backendVariables);
}
