import { readFileSync } from 'node:fs';
import { z } from 'zod';
import { type EnvironmentRule, variable } from './environment.js';

/** The modes of libpq, and `no-verify` of node-postgres. */
const tlsModes = ['disable', 'allow', 'prefer', 'require', 'verify-ca', 'verify-full', 'no-verify'] as const;

/** Variables of libpq that complete the URL of a database. */
export interface DatabaseVariables {
  readonly PGPASSWORD?: string | undefined;
  readonly PGSSLMODE?: (typeof tlsModes)[number] | undefined;
  readonly PGSSLROOTCERT?: string | undefined;
}

/** The variables of an app that connects to a database. */
export const databaseVariables = {
  PGPASSWORD: variable
    .secret(z.string().optional(), { value: 'a text' })
    .describe('Password for the database, if its URL has none.'),
  PGSSLMODE: variable
    .optionalOneOf(tlsModes)
    .describe('TLS mode as in libpq, if the URL has no parameter `sslmode`. `no-verify` accepts any certificate.'),
  PGSSLROOTCERT: variable
    .with(z.string().refine(isReadable, 'must be a readable file').optional(), { value: 'a path of a file' })
    .describe('Certificates of the authorities of the database in PEM, if the URL has no parameter `sslrootcert`.'),
};

/**
 * Gives the URL of a database what libpq's clients read from the environment, and its TLS modes the meaning that they have in
 * libpq. Otherwise node-postgres verifies the certificate in the mode `require`, too. A server without TLS is an error in
 * every mode except `disable`: there is no fallback as in the modes `allow` and `prefer` of libpq.
 *
 * @returns a URL for node-postgres
 */
export function completeDatabaseUrl(url: string, variables: DatabaseVariables): string {
  const { PGPASSWORD: password, PGSSLMODE, PGSSLROOTCERT: rootFile } = variables;
  const completed = new URL(url);
  const { searchParams } = completed;
  if (password !== undefined && completed.password === '' && !searchParams.has('password')) {
    completed.password = encodeURIComponent(password);
  }
  const mode = searchParams.get('sslmode') ?? PGSSLMODE;
  // Such a URL has settings of node-postgres.
  if (mode !== undefined && !searchParams.has('uselibpqcompat')) {
    searchParams.set('sslmode', mode === 'allow' ? 'prefer' : mode);
    if (mode !== 'no-verify') searchParams.set('uselibpqcompat', 'true');
    if (rootFile !== undefined && !searchParams.has('sslrootcert') && !['disable', 'no-verify'].includes(mode)) {
      searchParams.set('sslrootcert', rootFile);
    }
  }
  return completed.href === new URL(url).href ? url : completed.href;
}

/**
 * Checks the TLS mode of a URL.
 *
 * @param name the variable that has the URL
 */
export function databaseTlsRule<Name extends string>(
  name: Name,
): EnvironmentRule<DatabaseVariables & { readonly [Key in Name]: string }> {
  return {
    variables: [name, 'PGSSLMODE', 'PGSSLROOTCERT'] as const,
    check: (values) => {
      const { searchParams } = new URL(values[name]);
      const mode = searchParams.get('sslmode') ?? values.PGSSLMODE;
      const rootFile = searchParams.get('sslrootcert') ?? values.PGSSLROOTCERT;
      if (mode !== undefined && !(tlsModes as readonly string[]).includes(mode)) {
        return { variable: name, message: `must have one of ${tlsModes.join(', ')} as sslmode` };
      }
      if (mode === 'verify-ca' && rootFile === undefined) {
        return { variable: name, message: 'must have sslrootcert for sslmode verify-ca, or PGSSLROOTCERT must be set' };
      }
      return undefined;
    },
  };
}

function isReadable(file: string): boolean {
  try {
    readFileSync(file);
    return true;
  } catch {
    return false;
  }
}
