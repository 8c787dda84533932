import { fileURLToPath } from 'node:url';
import { variable } from '@spandrel/service';

/** The file that turns all injected faults on. It is beside both `src` and `dist`. */
export const defaultFlagsFile = fileURLToPath(new URL('../flags.json', import.meta.url));

/** Configuration of a service with injected faults. */
export interface FaultConfig {
  /** Path of a file of flag definitions in the format of flagd. */
  readonly FLAGS_FILE: string;
}

/** Makes the variable of a service that has injected faults. */
export function faultVariables() {
  return {
    FLAGS_FILE: variable
      .path(defaultFlagsFile, '`libs/characters/flags.json`')
      .describe('File of flags in the format of flagd that turn injected faults on and off. It is reread on a change.'),
  };
}

/** Makes the variable of a service that calls other services. */
export function upstreamVariables() {
  return {
    UPSTREAM_TIMEOUT_MS: variable
      .integer(5_000, 1, 600_000, 'ms')
      .describe('Time within which a called service must respond.'),
  };
}

/**
 * Makes the variable with the address of a character service.
 *
 * @param name the service
 * @param defaultPort the service's port in `ports`
 */
export function characterUrl(name: string, defaultPort: number) {
  return variable.url(['http', 'https'], `http://127.0.0.1:${defaultPort}`).describe(`Address of ${name}.`);
}
