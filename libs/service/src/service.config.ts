import { variable } from './environment.js';

/** The variables that every service has. */
export interface ServiceConfig {
  readonly HOST: string;
  readonly PORT: number;
  readonly LOG_LEVEL: LogLevel;
  /** How long it keeps responding after SIGTERM, in ms; not at all if absent. */
  readonly SHUTDOWN_DELAY_MS?: number;
}

const logLevels = ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'] as const;
export type LogLevel = (typeof logLevels)[number];

/**
 * Makes the variables that every service has.
 *
 * @param defaultPort the service's port in `ports`
 */
export function serviceVariables(defaultPort: number) {
  return {
    HOST: variable.host('127.0.0.1').describe('Address on which the service listens.'),
    PORT: variable.port(defaultPort).describe('Port on which the service listens.'),
    LOG_LEVEL: variable.oneOf(logLevels, 'info').describe('Minimum level of the log lines that are written.'),
    SHUTDOWN_DELAY_MS: variable
      .integer(0, 0, 60_000, 'ms')
      .describe('Time during which requests are still accepted after SIGTERM. Load balancers need it in Kubernetes.'),
  };
}
