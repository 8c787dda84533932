import { createHash, createHmac, pbkdf2Sync, randomBytes } from 'node:crypto';
import { closeSync, fchownSync, mkdirSync, openSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { z } from 'zod';
import type { User } from './unprivileged.ts';

/** The roles of the stack's own server that log in. `postgres` is its superuser, which only set-up uses. */
export const loginRoles = ['postgres', 'tracestore', 'backend'] as const;
export type LoginRole = (typeof loginRoles)[number];

/** A password for each role, of letters and digits alone, so that no URL, passfile or shell has to quote it. */
export type DatabasePasswords = Readonly<Record<LoginRole, string>>;

const passwordsSchema = z.strictObject({
  postgres: z.string().regex(/^\w{20,}$/),
  tracestore: z.string().regex(/^\w{20,}$/),
  backend: z.string().regex(/^\w{20,}$/),
});

const scramIterations = 4_096;

/** Generates a password for each role. */
export function generatePasswords(): DatabasePasswords {
  return { postgres: generatePassword(), tracestore: generatePassword(), backend: generatePassword() };
}

function generatePassword(): string {
  return randomBytes(16).toString('hex');
}

/**
 * The passwords that a file holds.
 *
 * @returns undefined when there is no such file, or it holds something else
 */
export function readPasswords(file: string): DatabasePasswords | undefined {
  try {
    return passwordsSchema.parse(JSON.parse(readFileSync(file, 'utf8')));
  } catch {
    return undefined;
  }
}

/** Writes the passwords to a file that only this user can read. */
export function writePasswords(file: string, passwords: DatabasePasswords): void {
  writePrivateFile(file, `${JSON.stringify(passwords, undefined, 2)}\n`);
}

/**
 * Replaces a file by one that only one user can read. A symbolic link in its place is replaced, too, and not followed.
 *
 * @param user whom it belongs to, if not to us
 */
export function writePrivateFile(file: string, text: string, user?: User): void {
  const unfinished = `${file}.${process.pid}`;
  rmSync(unfinished, { force: true });
  const descriptor = openSync(unfinished, 'wx', 0o600);
  try {
    writeFileSync(descriptor, text);
    if (user !== undefined) fchownSync(descriptor, user.uid >>> 0, user.gid >>> 0);
  } finally {
    closeSync(descriptor);
  }
  renameSync(unfinished, file);
}

/**
 * What PostgreSQL keeps of a password (RFC 5803). Given in place of the password, it keeps the password itself out of
 * statements, which the server may log.
 */
export function scramVerifier(password: string): string {
  const salt = randomBytes(16);
  const salted = pbkdf2Sync(password, salt, scramIterations, 32, 'sha256');
  const keyOf = (name: string): Buffer => createHmac('sha256', salted).update(name).digest();
  const storedKey = createHash('sha256').update(keyOf('Client Key')).digest('base64');
  return `SCRAM-SHA-256$${scramIterations}:${salt.toString('base64')}$${storedKey}:${keyOf('Server Key').toString('base64')}`;
}

/** Where psql and `npm run sql` find the passwords of the database at a port: a passfile, as libpq reads it. */
export function passfileOf(root: string, port: number): string {
  return path.join(root, '.spandrel', `pgpass-${port}`);
}

/** Writes the passfile of the database at a port. @returns its path */
export function writePassfile(root: string, port: number, passwords: DatabasePasswords): string {
  const file = passfileOf(root, port);
  mkdirSync(path.dirname(file), { recursive: true });
  const lines = loginRoles.flatMap((role) =>
    ['localhost', '127.0.0.1', String.raw`\:\:1`].map((host) => `${host}:${port}:*:${role}:${passwords[role]}`),
  );
  writePrivateFile(file, `${lines.join('\n')}\n`);
  return file;
}

/**
 * The URL with which a role connects to the database of a stack that runs on this machine.
 *
 * @throws Error when there is no passfile for the port, or it has no password for the role
 */
export function databaseUrlFromPassfile(root: string, port: number, role: string): string {
  const file = passfileOf(root, port);
  let lines: readonly string[];
  try {
    lines = readFileSync(file, 'utf8').split('\n');
  } catch (cause) {
    throw new Error(`${path.relative(root, file)} cannot be read; is \`npm start\` running?`, { cause });
  }
  const [password] = lines
    .map((line) => line.split(':'))
    .filter(([host, , , user]) => host === '127.0.0.1' && user === role)
    .map((fields) => fields[4]);
  if (password === undefined) throw new Error(`${path.relative(root, file)} has no password for the role ${role}`);
  return `postgres://${role}:${password}@127.0.0.1:${port}/postgres`;
}
