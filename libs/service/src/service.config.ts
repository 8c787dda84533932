import { variable } from './environment.js';

/** How a service listens and how much it says; every service has these variables. */
export interface ServiceConfig {
  readonly HOST: string;
  readonly PORT: number;
  readonly LOG_LEVEL: LogLevel;
  /** How long it still serves requests after SIGTERM, in ms; by default 0. */
  readonly SHUTDOWN_DELAY_MS?: number;
}

const logLevels = ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'] as const;
export type LogLevel = (typeof logLevels)[number];

/**
 * The variables that every service has, to be spread into its own.
 *
 * @param defaultPort the service's port in `ports`
 */
export function serviceVariables(defaultPort: number) {
  return {
    HOST: variable.host('127.0.0.1'),
    PORT: variable.port(defaultPort),
    LOG_LEVEL: variable.oneOf(logLevels, 'info'),
    SHUTDOWN_DELAY_MS: variable.integer(0, 0, 60_000),
  };
}
