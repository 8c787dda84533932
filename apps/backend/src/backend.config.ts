import {
  completeDatabaseUrl,
  databaseTlsRule,
  databaseVariables,
  parseEnvironment,
  ports,
  type ServiceConfig,
  serviceVariables,
  variable,
} from '@spandrel/service';

/** Configuration of backend. */
export interface BackendConfig extends ServiceConfig {
  readonly BACKEND_DATABASE_URL: string;
}

export const backendVariables = {
  ...serviceVariables(ports.backend),
  BACKEND_DATABASE_URL: variable
    .databaseUrl(`postgres://backend@127.0.0.1:${ports.database}/numbers`)
    .describe('Database of the numbers. The role must be allowed to create a table.'),
  ...databaseVariables,
};

/** @throws EnvironmentError that lists all invalid variables */
export function parseBackendConfig(): BackendConfig {
  const values = parseEnvironment(backendVariables, { rules: [databaseTlsRule('BACKEND_DATABASE_URL')] });
  return { ...values, BACKEND_DATABASE_URL: completeDatabaseUrl(values.BACKEND_DATABASE_URL, values) };
}
