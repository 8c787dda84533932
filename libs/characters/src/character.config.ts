import { fileURLToPath } from 'node:url';
import { variable } from '@spandrel/service';

/** All faults on; stands beside `src` and `dist` alike. */
export const defaultFlagsFile = fileURLToPath(new URL('../flags.json', import.meta.url));

/** Where the faults' switches are. */
export interface FaultConfig {
  /** Path of a file of flag definitions, as flagd has them. */
  readonly FLAGS_FILE: string;
}

/** The variable of a service that has faults, to be spread into its own. */
export function faultVariables() {
  return { FLAGS_FILE: variable.path().default(defaultFlagsFile) };
}

/** The variable of a service that asks others, to be spread into its own. */
export function upstreamVariables() {
  return { UPSTREAM_TIMEOUT_MS: variable.integer(5_000, 1, 600_000) };
}

/**
 * The variable that says where a character service is.
 *
 * @param defaultPort the service's port in `ports`
 */
export function characterUrl(defaultPort: number) {
  return variable.url(['http', 'https'], `http://127.0.0.1:${defaultPort}`);
}
