import { parseEnvironment, ports, type ServiceConfig, serviceVariables, variable } from '@spandrel/service';

/** Configuration of frontend. */
export interface FrontendConfig extends ServiceConfig {
  readonly BACKEND_URL: string;
  /** Time within which backend must respond, in ms. */
  readonly BACKEND_TIMEOUT_MS: number;
}

export const frontendVariables = {
  ...serviceVariables(ports.frontend),
  BACKEND_URL: variable.url(['http', 'https'], `http://127.0.0.1:${ports.backend}`).describe('Address of backend.'),
  BACKEND_TIMEOUT_MS: variable.integer(3_000, 1, 60_000, 'ms').describe('Time within which backend must respond.'),
};

/** @throws EnvironmentError that lists all invalid variables */
export function parseFrontendConfig(): FrontendConfig {
  return parseEnvironment(frontendVariables);
}
