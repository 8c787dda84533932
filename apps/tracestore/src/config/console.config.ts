import { isIP } from 'node:net';
import { fileURLToPath } from 'node:url';
import { type LinkPattern, linkPatterns } from '@spandrel/console-api';
import { type EnvironmentRule, variable } from '@spandrel/service';
import { z } from 'zod';
import { duration } from '../duration.js';
import { limits } from '../limits.js';

/** Who may use the console and its API. */
export type ConsoleAccess =
  /** Every client that reaches the port. */
  | { readonly kind: 'none' }
  /** Clients with the token: as a bearer token, or with the cookie from the sign-in page. */
  | { readonly kind: 'token'; readonly token: string }
  /** Users of a proxy, which names the user in this header and removes the header from client requests. */
  | { readonly kind: 'proxy'; readonly userHeader: string };

/** Configuration of the console and its API. */
export interface ConsoleConfig {
  readonly access: ConsoleAccess;
  /** Maximum age of a session. */
  readonly sessionLifetimeMs: number;
  /** Maximum time between two requests of a session. */
  readonly sessionIdleMs: number;
  /** The addresses of OTLP that the console shows to users; undefined: those of its ports. */
  readonly otlpHttpUrl: string | undefined;
  readonly otlpGrpcUrl: string | undefined;
  /** Folder of the built console. */
  readonly webFolder: string;
  readonly sqlConnections: number;
  readonly sqlTimeoutMs: number;
  readonly sqlMaxRows: number;
  /** Of one client's address. */
  readonly sqlPerMinute: number;
  /** Links of spans and attributes to other tools. */
  readonly linkPatterns: readonly LinkPattern[];
}

const accessKinds = ['none', 'token', 'proxy'] as const;

/** What an HTTP header can carry. */
const tokenPattern = /^[\x21-\x7e]{16,}$/;
const tokenValue = '16 or more printable ASCII characters, without spaces and line breaks';

/** An address that the console shows, for a protocol. */
function publicUrl(protocol: string) {
  const value = `an http or https URL of OTLP over ${protocol}`;
  return variable.with(z.url({ protocol: /^https?$/, message: `must be ${value}` }).optional(), { value });
}

const linkPatternsValue = 'a JSON list of at most 100 link patterns';

/** Parse the link patterns of the environment. */
function linkPatternsOf(text: string, context: z.RefinementCtx): readonly LinkPattern[] {
  const fail = (message: string): never => {
    context.addIssue({ code: 'custom', message });
    return z.NEVER;
  };
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch {
    return fail(`must be ${linkPatternsValue}`);
  }
  const patterns = linkPatterns.safeParse(parsed);
  if (patterns.success) return patterns.data;
  const [issue] = patterns.error.issues;
  return fail(`must be ${linkPatternsValue}: ${issue?.path.join('.') ?? ''} ${issue?.message ?? 'is wrong'}`);
}

/** The variables of the console and its API. */
export const consoleVariables = {
  TRACESTORE_CONSOLE_ACCESS: variable
    .optionalOneOf(accessKinds)
    .describe(
      'Who may use the console and its API: every client (`none`), clients with the token, or users that a proxy has ' +
        'signed in. If it is not set, `token` applies if there is a token; otherwise `none`, on a loopback address only.',
    ),
  TRACESTORE_CONSOLE_TOKEN: variable
    .secret(z.string().regex(tokenPattern, `must be ${tokenValue}`).optional(), { value: tokenValue })
    .describe('The token, for `Authorization: Bearer …` and the sign-in page.'),
  TRACESTORE_CONSOLE_USER_HEADER: variable
    .with(
      z
        .string()
        .regex(/^[\w-]+$/, 'must be the name of an HTTP header')
        .default('x-forwarded-user'),
      { value: 'the name of an HTTP header' },
    )
    .describe('With `proxy`: the header that names the user. The proxy must remove it from client requests.'),
  TRACESTORE_SESSION_LIFETIME: duration('1m', limits.sessionMs.value).describe('Maximum age of a session.'),
  TRACESTORE_SESSION_IDLE: duration('1m', limits.sessionIdleMs.value).describe(
    'Maximum time between two requests of a session.',
  ),
  TRACESTORE_OTLP_HTTP_URL: publicUrl('http').describe(
    'Address of OTLP over HTTP for senders, such as `https://otlp.example`. The console shows it; by default its own host ' +
      'and the port.',
  ),
  TRACESTORE_OTLP_GRPC_URL: publicUrl('gRPC').describe('The same for OTLP over gRPC.'),
  TRACESTORE_SQL_CONNECTIONS: variable
    .integer(limits.sqlStatements.value, 1, 20)
    .describe('Statements of the SQL page that run at the same time. One client never gets all.'),
  TRACESTORE_SQL_TIMEOUT_MS: variable
    .integer(limits.sqlMs.value, 10, 600_000, 'ms')
    .describe('Maximum time of a statement of the SQL page.'),
  TRACESTORE_SQL_MAX_ROWS: variable
    .integer(limits.sqlRows.value, 1, 1_000_000)
    .describe('Maximum number of rows in a result of the SQL page.'),
  TRACESTORE_SQL_PER_MINUTE: variable
    .integer(limits.sqlPerMinute.value, 1, 100_000)
    .describe('Statements of one address in a minute. Beyond it, the address gets 429.'),
  TRACESTORE_LINK_PATTERNS: variable
    .with(z.string().default('[]').transform(linkPatternsOf), { value: linkPatternsValue, defaultText: '`[]`' })
    .describe(
      'Links of the trace page to other tools: [link patterns](console.md#link-patterns). A pattern has `title`, `url` and, ' +
        'for a link at an attribute, `attribute`.',
    ),
};

type ConsoleValues = z.infer<z.ZodObject<typeof consoleVariables>> & { readonly TRACESTORE_HOST: string };

/** Requires a token, or an explicit decision without one where other machines reach the console. */
export const consoleAccessRule: EnvironmentRule<ConsoleValues> = {
  variables: [
    'TRACESTORE_HOST',
    'TRACESTORE_CONSOLE_ACCESS',
    'TRACESTORE_CONSOLE_TOKEN',
    'TRACESTORE_CONSOLE_USER_HEADER',
  ],
  check: (values) => {
    const access = accessOf(values);
    return typeof access === 'string' ? { variable: 'TRACESTORE_CONSOLE_TOKEN', message: access } : undefined;
  },
};

/**
 * @param values that satisfy `consoleAccessRule`
 * @throws Error if they do not
 */
export function consoleConfigOf(values: ConsoleValues): ConsoleConfig {
  const access = accessOf(values);
  if (typeof access === 'string') throw new Error(`TRACESTORE_CONSOLE_TOKEN ${access}`);
  return {
    access,
    sessionLifetimeMs: values.TRACESTORE_SESSION_LIFETIME,
    sessionIdleMs: values.TRACESTORE_SESSION_IDLE,
    otlpHttpUrl: values.TRACESTORE_OTLP_HTTP_URL,
    otlpGrpcUrl: values.TRACESTORE_OTLP_GRPC_URL,
    webFolder: fileURLToPath(new URL('../console/web/files', import.meta.url)),
    sqlConnections: values.TRACESTORE_SQL_CONNECTIONS,
    sqlTimeoutMs: values.TRACESTORE_SQL_TIMEOUT_MS,
    sqlMaxRows: values.TRACESTORE_SQL_MAX_ROWS,
    sqlPerMinute: values.TRACESTORE_SQL_PER_MINUTE,
    linkPatterns: values.TRACESTORE_LINK_PATTERNS,
  };
}

/** @returns who may use the console, or why a token is required */
function accessOf(values: ConsoleValues): ConsoleAccess | string {
  const { TRACESTORE_HOST: host, TRACESTORE_CONSOLE_ACCESS: kind, TRACESTORE_CONSOLE_TOKEN: token } = values;
  if (kind === 'none') return { kind };
  if (kind === 'proxy') return { kind, userHeader: values.TRACESTORE_CONSOLE_USER_HEADER.toLowerCase() };
  if (token !== undefined) return { kind: 'token', token };
  if (kind === 'token') return 'must be set, because TRACESTORE_CONSOLE_ACCESS is token';
  if (isLoopback(host)) return { kind: 'none' };
  return (
    `must be set, because other machines reach the console if TRACESTORE_HOST is ${host}; ` +
    'or set TRACESTORE_CONSOLE_ACCESS to proxy (a proxy signs users in) or to none (no sign-in)'
  );
}

/** Whether only this machine reaches an address. */
export function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || (isIP(host) === 4 && host.startsWith('127.'));
}
