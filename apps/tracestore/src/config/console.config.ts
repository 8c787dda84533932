import { isIP } from 'node:net';
import { fileURLToPath } from 'node:url';
import { EnvironmentError, variable } from '@spandrel/service';
import { z } from 'zod';
import { duration, unitMs } from '../duration.js';
import { limits } from '../limits.js';

/** Who may use the console and its API. */
export type ConsoleAccess =
  /** Everybody who reaches the port. */
  | { readonly kind: 'none' }
  /** Clients with the token: as a bearer token, or with the cookie from the sign-in page. */
  | { readonly kind: 'token'; readonly token: string }
  /** Users of a proxy, which names the user in this header and removes the header from client requests. */
  | { readonly kind: 'proxy'; readonly userHeader: string };

/** Configuration of the console and its API. */
export interface ConsoleConfig {
  readonly access: ConsoleAccess;
  /** How long after signing in a session ends at the latest. */
  readonly sessionLifetimeMs: number;
  /** How long after its last use a session ends. */
  readonly sessionIdleMs: number;
  /** Where the built console is. */
  readonly webFolder: string;
  readonly sqlConnections: number;
  readonly sqlTimeoutMs: number;
  readonly sqlMaxRows: number;
  /** Of one client's address. */
  readonly sqlPerMinute: number;
}

const accessKinds = ['none', 'token', 'proxy'] as const;

/** Variables that console and API have. */
export const consoleVariables = {
  TRACESTORE_CONSOLE_ACCESS: z.enum(accessKinds, `should be one of ${accessKinds.join(', ')}`).optional(),
  TRACESTORE_CONSOLE_TOKEN: variable.secret(
    z
      .string()
      .min(16, 'should have at least 16 characters')
      // What a header can carry.
      .regex(
        /^[\x21-\x7e]*$/,
        'should have letters, digits and punctuation of ASCII only, without blanks and without a line break at its end',
      )
      .optional(),
  ),
  TRACESTORE_CONSOLE_USER_HEADER: z
    .string()
    .regex(/^[\w-]+$/, "should be a header's name")
    .default('x-forwarded-user'),
  TRACESTORE_SESSION_LIFETIME: duration(unitMs.m, '1m').default(limits.sessionMs.value),
  TRACESTORE_SESSION_IDLE: duration(unitMs.m, '1m').default(limits.sessionIdleMs.value),
  TRACESTORE_SQL_CONNECTIONS: variable.integer(limits.sqlStatements.value, 1, 20),
  TRACESTORE_SQL_TIMEOUT_MS: variable.integer(limits.sqlMs.value, 10, 600_000),
  TRACESTORE_SQL_MAX_ROWS: variable.integer(limits.sqlRows.value, 1, 1_000_000),
  TRACESTORE_SQL_PER_MINUTE: variable.integer(limits.sqlPerMinute.value, 1, 100_000),
};

type ConsoleValues = z.infer<z.ZodObject<typeof consoleVariables>>;

/**
 * On loopback no sign-in is required, unless a token is set. On any other address the access must be configured.
 *
 * @param host where the port listens
 * @throws EnvironmentError if it is not, or the token is missing
 */
export function consoleConfigOf(values: ConsoleValues, host: string): ConsoleConfig {
  return {
    access: accessOf(values, host),
    sessionLifetimeMs: values.TRACESTORE_SESSION_LIFETIME,
    sessionIdleMs: values.TRACESTORE_SESSION_IDLE,
    webFolder: fileURLToPath(new URL('../console/web/files', import.meta.url)),
    sqlConnections: values.TRACESTORE_SQL_CONNECTIONS,
    sqlTimeoutMs: values.TRACESTORE_SQL_TIMEOUT_MS,
    sqlMaxRows: values.TRACESTORE_SQL_MAX_ROWS,
    sqlPerMinute: values.TRACESTORE_SQL_PER_MINUTE,
  };
}

function accessOf(values: ConsoleValues, host: string): ConsoleAccess {
  const token = values.TRACESTORE_CONSOLE_TOKEN;
  const kind = values.TRACESTORE_CONSOLE_ACCESS ?? (token === undefined ? undefined : 'token');
  switch (kind) {
    case 'none':
      return { kind };
    case 'proxy':
      return { kind, userHeader: values.TRACESTORE_CONSOLE_USER_HEADER.toLowerCase() };
    case 'token':
      if (token === undefined) {
        throw new EnvironmentError(
          'The environment has 1 bad value(s):\n  TRACESTORE_CONSOLE_TOKEN is not set: should be set, as TRACESTORE_CONSOLE_ACCESS is token',
        );
      }
      return { kind, token };
    case undefined:
      if (isLoopback(host)) return { kind: 'none' };
      throw new EnvironmentError(
        `The environment has 1 bad value(s):\n  TRACESTORE_CONSOLE_TOKEN is not set: should be set, as TRACESTORE_HOST is ${host}, where ` +
          'others can reach the console; or say by TRACESTORE_CONSOLE_ACCESS that a proxy checks who they are (proxy) or that nobody has to (none)',
      );
  }
}

/** Whether only this machine reaches an address. */
export function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || (isIP(host) === 4 && host.startsWith('127.'));
}
