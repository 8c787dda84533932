import { fileURLToPath } from 'node:url';
import { variable } from '@spandrel/service';

/** The file that comes with the library: all faults on. It is beside both `src` and `dist`. */
export const defaultFlagsFile = fileURLToPath(new URL('../flags.json', import.meta.url));

/** The configuration of the injected faults. */
export interface FaultConfig {
  /** Path of a file with flag definitions in the format of flagd. */
  readonly FLAGS_FILE: string;
}

/** Returns the variable of a service with injected faults, to be spread into its variables. */
export function faultVariables() {
  return { FLAGS_FILE: variable.path().default(defaultFlagsFile) };
}

/** Returns the variable of a service that calls others, to be spread into its variables. */
export function upstreamVariables() {
  return { UPSTREAM_TIMEOUT_MS: variable.integer(5_000, 1, 600_000) };
}

/**
 * Returns the variable with the URL of a character service.
 *
 * @param defaultPort the port of the service in `ports`
 */
export function characterUrl(defaultPort: number) {
  return variable.url(['http', 'https'], `http://127.0.0.1:${defaultPort}`);
}
