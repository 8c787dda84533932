import { readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type DatabasePasswords, readPasswords } from './database-access.ts';
import { freePort } from '@spandrel/testing/free-port';
import { prepareDatabases, query, urlOf } from './postgres.ts';
import { startPostgres } from '@spandrel/testing/embedded-postgres';
import { databaseUser, makeTemporaryFolder, removeFolder, tryAs } from './unprivileged.ts';

let folder: string;
let port: number;

beforeEach(async () => {
  folder = makeTemporaryFolder(databaseUser());
  port = await freePort();
});
afterEach(() => removeFolder(folder));

const start = () => startPostgres({ folder, port, durable: false });
function passwordsOf(): DatabasePasswords {
  const passwords = readPasswords(path.join(folder, 'passwords.json'));
  if (passwords === undefined) throw new Error('passwords.json is missing');
  return passwords;
}

/** URLs without a password and with a guessed one. */
function urlsWithoutPassword(): readonly string[] {
  return ['postgres', 'tracestore', 'backend', 'nobody'].flatMap((role) => [
    `postgres://${role}@127.0.0.1:${port}/postgres`,
    `postgres://${role}:${role}@127.0.0.1:${port}/postgres`,
    `postgres://${role}:postgres@localhost:${port}/numbers`,
  ]);
}

describe('the embedded PostgreSQL', () => {
  it('rejects connections without the password of the role', async () => {
    const server = await start();
    try {
      await prepareDatabases(server.url, passwordsOf());
      for (const url of urlsWithoutPassword()) {
        await expect(query(url, 'SELECT 1'), url).rejects.toThrow(/password/);
      }
      const rules = await query(server.url, 'SELECT type, auth_method FROM pg_hba_file_rules');
      expect(rules).toEqual(rules.map(() => ({ type: 'host', auth_method: 'scram-sha-256' })));
      expect(rules).toHaveLength(2);
    } finally {
      await server.stop();
    }
  });

  it('gives tracestore and backend different passwords and no rights of a superuser', async () => {
    const server = await start();
    try {
      const passwords = passwordsOf();
      const urls = await prepareDatabases(server.url, passwords);
      expect(new Set(Object.values(passwords)).size).toBe(3);
      const rights = `SELECT current_user AS role, rolsuper, rolcreaterole, rolcreatedb, rolreplication, rolbypassrls
                      FROM pg_roles WHERE rolname = current_user`;
      const none = {
        rolsuper: false,
        rolcreaterole: false,
        rolcreatedb: false,
        rolreplication: false,
        rolbypassrls: false,
      };
      expect(await query(urls.tracestore, rights)).toEqual([{ ...none, role: 'tracestore', rolcreaterole: true }]);
      expect(await query(urls.backend, rights)).toEqual([{ ...none, role: 'backend' }]);
      await expect(query(urls.tracestore, "COPY (SELECT 1) TO PROGRAM 'true'")).rejects.toThrow('permission denied');
      const other = urlOf(server.url, 'tracestore', passwords.backend, 'postgres');
      await expect(query(other, 'SELECT 1')).rejects.toThrow('password authentication failed');
    } finally {
      await server.stop();
    }
  });

  it('keeps its passwords in a private file and out of the list of processes', async () => {
    const server = await start();
    try {
      const passwords = Object.values(passwordsOf());
      const file = path.join(folder, 'passwords.json');
      expect(statSync(file).mode & 0o777).toBe(0o600);
      expect(statSync(folder).mode & 0o777).toBe(0o700);
      const commands = tryAs(undefined, 'ps', ['-eo', 'args']).output;
      expect(commands).toContain(folder);
      for (const password of passwords) expect(commands).not.toContain(password);
    } finally {
      await server.stop();
    }
  });

  it.skipIf(process.getuid?.() !== 0)('hides its passwords from other users (requires root)', async () => {
    const server = await start();
    try {
      const daemon = { uid: 1, gid: 1 };
      const trial = tryAs(daemon, 'cat', [path.join(folder, 'passwords.json')]);
      expect(trial).toMatchObject({ ok: false, output: expect.stringContaining('denied') });
    } finally {
      await server.stop();
    }
  });

  it('adds passwords to a cluster that trusted all connections, and keeps its data', async () => {
    const before = await start();
    await query(before.url, 'CREATE TABLE kept AS SELECT 7 AS n');
    await before.stop();
    // As `initdb --auth=trust` writes it.
    const access = path.join(folder, 'data', 'pg_hba.conf');
    const trust = ['local all all trust', 'host all all 127.0.0.1/32 trust', 'host all all ::1/128 trust'];
    writeFileSync(access, trust.join('\n'));
    rmSync(path.join(folder, 'passwords.json'));
    const after = await start();
    try {
      expect(after.url).not.toBe(before.url);
      expect(await query(after.url, 'SELECT n FROM kept')).toEqual([{ n: 7 }]);
      for (const url of [before.url, ...urlsWithoutPassword()]) {
        await expect(query(url, 'SELECT 1'), url).rejects.toThrow(/password/);
      }
      expect(readFileSync(access, 'utf8')).not.toContain('trust');
      expect(readdirSync(path.dirname(access)).filter((name) => name.startsWith('pg_hba'))).toEqual(['pg_hba.conf']);
    } finally {
      await after.stop();
    }
  });

  it('has the same passwords after a restart', async () => {
    const first = await start();
    await first.stop();
    const second = await start();
    await second.stop();
    expect(second.url).toBe(first.url);
  });
});
