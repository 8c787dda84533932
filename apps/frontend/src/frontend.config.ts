import { parseEnvironment, ports, type ServiceConfig, serviceVariables, variable } from '@spandrel/service';

export interface FrontendConfig extends ServiceConfig {
  readonly BACKEND_URL: string;
  /** Timeout of a request to backend, in ms. */
  readonly BACKEND_TIMEOUT_MS: number;
}

export function parseFrontendConfig(): FrontendConfig {
  return parseEnvironment({
    ...serviceVariables(ports.frontend),
    BACKEND_URL: variable.url(['http', 'https'], `http://127.0.0.1:${ports.backend}`),
    BACKEND_TIMEOUT_MS: variable.integer(3000, 1, 60_000),
  });
}
