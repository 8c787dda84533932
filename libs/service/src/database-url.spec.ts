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
    ['disable', false, { isOn: false }],
    ['require', false, { isOn: true, isVerified: false }],
    ['require', true, { isOn: true, isVerified: true, checksHost: false }],
    ['prefer', false, { isOn: true, isVerified: false }],
    ['allow', false, { isOn: true, isVerified: false }],
    ['verify-ca', true, { isOn: true, isVerified: true, checksHost: false }],
    ['verify-full', true, { isOn: true, isVerified: true, checksHost: true }],
    ['verify-full', false, { isOn: true, isVerified: true, checksHost: true }],
    ['no-verify', true, { isOn: true, isVerified: false }],
  ] as const)('gives the mode %s, with authorities: %s, the meaning of libpq', (mode, hasRoot, expected) => {
    const variables = hasRoot ? { PGSSLROOTCERT: rootFile } : {};
    for (const tls of [
      tlsOf(`postgres://db/x?sslmode=${mode}`, variables),
      tlsOf('postgres://db/x', { ...variables, PGSSLMODE: mode }),
    ]) {
      if (!expected.isOn || tls === false) {
        expect(tls !== false).toBe(expected.isOn);
        continue;
      }
      const isVerified = tls.rejectUnauthorized !== false;
      expect(isVerified).toBe(expected.isVerified);
      if (!isVerified || !('checksHost' in expected)) continue;
      expect(tls.checkServerIdentity === undefined).toBe(expected.checksHost);
      expect(tls.ca !== undefined).toBe(hasRoot);
    }
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
