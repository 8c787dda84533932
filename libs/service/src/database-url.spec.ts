import pg from 'pg';
import { describe, expect, it } from 'vitest';
import { completeDatabaseUrl, databaseTlsRule, databaseVariables } from './database-url.js';
import { parseEnvironment, variable } from './environment.js';

/** A readable file. Its content is not parsed here. */
const rootFile = import.meta.filename;

type Tls = false | { rejectUnauthorized?: boolean; ca?: string; checkServerIdentity?: () => void };

/** The TLS settings with which node-postgres would connect. */
function tlsOf(url: string, variables: Parameters<typeof completeDatabaseUrl>[1] = {}): Tls {
  const client = new pg.Client(completeDatabaseUrl(url, variables)) as unknown as {
    readonly connectionParameters: { readonly ssl?: Tls };
  };
  return client.connectionParameters.ssl ?? false;
}

function requirementOf(tls: Tls): string {
  if (tls === false) return 'nothing';
  if (tls.rejectUnauthorized === false) return 'encryption';
  const authority = tls.ca === undefined ? 'a public authority' : 'the authority';
  return tls.checkServerIdentity === undefined ? `${authority} and the host` : authority;
}

describe('the URL of a database', () => {
  it('is unchanged without variables of libpq', () => {
    expect(completeDatabaseUrl('postgres://app@db:5432/x?application_name=a%20b', {})).toBe(
      'postgres://app@db:5432/x?application_name=a%20b',
    );
  });

  it.each(['p@ss/w:rd', '100%', 'ü "$'])('gets the password %s of PGPASSWORD', (password) => {
    const completed = completeDatabaseUrl('postgres://app@db/x', { PGPASSWORD: password });
    expect(new pg.Client(completed).password).toBe(password);
  });

  it('keeps its own password, mode and file of authorities', () => {
    const url = 'postgres://app:own@db/x?sslmode=disable';
    const completed = completeDatabaseUrl(url, { PGPASSWORD: 'other', PGSSLMODE: 'require', PGSSLROOTCERT: rootFile });
    expect(new URL(completed)).toMatchObject({ password: 'own' });
    expect(tlsOf(url, { PGSSLMODE: 'require' })).toBe(false);
    expect(
      tlsOf(`postgres://db/x?sslmode=verify-full&sslrootcert=${rootFile}`, { PGSSLROOTCERT: '/none' }),
    ).toMatchObject({
      ca: expect.stringContaining('node-postgres would connect'),
    });
  });

  // As https://www.postgresql.org/docs/current/libpq-ssl.html has it.
  it.each([
    ['disable', false, 'nothing'],
    ['require', false, 'encryption'],
    ['require', true, 'the authority'],
    ['prefer', false, 'encryption'],
    ['allow', false, 'encryption'],
    ['verify-ca', true, 'the authority'],
    ['verify-full', true, 'the authority and the host'],
    ['verify-full', false, 'a public authority and the host'],
    ['no-verify', true, 'encryption'],
  ] as const)('with the mode %s and a file of authorities %s requires %s', (mode, hasRoot, required) => {
    const variables = hasRoot ? { PGSSLROOTCERT: rootFile } : {};
    expect(requirementOf(tlsOf(`postgres://db/x?sslmode=${mode}`, variables))).toBe(required);
    expect(requirementOf(tlsOf('postgres://db/x', { ...variables, PGSSLMODE: mode }))).toBe(required);
  });

  it.each([
    [{ URL: 'postgres://db/x?sslmode=on' }, 'URL must have one of disable, allow, prefer, require,'],
    [{ URL: 'postgres://db/x?sslmode=verify-ca' }, 'URL must have sslrootcert for sslmode verify-ca'],
    [{ URL: 'postgres://db/x', PGSSLMODE: 'verify-ca' }, 'URL must have sslrootcert for sslmode verify-ca'],
    [{ URL: 'postgres://db/x', PGSSLMODE: 'yes' }, 'PGSSLMODE must be one of disable,'],
    [{ URL: 'postgres://db/x', PGSSLROOTCERT: '/no/file' }, 'PGSSLROOTCERT must be a readable file, got "/no/file"'],
  ])('is rejected with %j', (environment, message) => {
    const shape = { URL: variable.databaseUrl(), ...databaseVariables };
    expect(() => parseEnvironment(shape, { environment, rules: [databaseTlsRule('URL')] })).toThrow(message);
  });
});
