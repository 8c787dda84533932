import { createHash, createHmac, pbkdf2Sync, randomBytes } from 'node:crypto';
import {
  closeSync,
  existsSync,
  fchownSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import { z } from 'zod';
import type { User } from './unprivileged.ts';

const password = z.string().regex(/^\w{20,}$/);
const passwordsSchema = z.strictObject({ postgres: password, tracestore: password, backend: password }).readonly();

/** The password of each role that can log in. They contain letters and digits only, which no URL or shell has to quote. */
export type DatabasePasswords = z.infer<typeof passwordsSchema>;

const scramIterations = 4_096;

/** Generates a password for each role. */
export function generatePasswords(): DatabasePasswords {
  const generate = (): string => randomBytes(16).toString('hex');
  return { postgres: generate(), tracestore: generate(), backend: generate() };
}

/** Reads passwords from a file. @returns undefined when it is missing or has other contents */
export function readPasswords(file: string): DatabasePasswords | undefined {
  try {
    return passwordsSchema.parse(JSON.parse(readFileSync(file, 'utf8')));
  } catch {
    return undefined;
  }
}

/**
 * Writes a file that only one user can read. It replaces a symbolic link instead of following it.
 *
 * @param user the owner, if it is not the current user
 */
export function writePrivateFile(file: string, text: string, user?: User): void {
  const partial = `${file}.${process.pid}`;
  rmSync(partial, { force: true });
  const descriptor = openSync(partial, 'wx', 0o600);
  try {
    writeFileSync(descriptor, text);
    if (user !== undefined) fchownSync(descriptor, user.uid >>> 0, user.gid >>> 0);
  } finally {
    closeSync(descriptor);
  }
  renameSync(partial, file);
}

/** Computes the SCRAM verifier of a password (RFC 5803), so that no statement, which may be logged, has the password. */
export function scramVerifier(text: string): string {
  const salt = randomBytes(16);
  const salted = pbkdf2Sync(text, salt, scramIterations, 32, 'sha256');
  const keyOf = (name: string): Buffer => createHmac('sha256', salted).update(name).digest();
  const storedKey = createHash('sha256').update(keyOf('Client Key')).digest('base64');
  return `SCRAM-SHA-256$${scramIterations}:${salt.toString('base64')}$${storedKey}:${keyOf('Server Key').toString('base64')}`;
}

/** The path of the libpq passfile with the passwords of the database at a port, for psql and `npm run sql`. */
export function passfileOf(root: string, port: number): string {
  return path.join(root, '.spandrel', `pgpass-${port}`);
}

/** Writes the passfile of the database at a port. @returns its path */
export function writePassfile(root: string, port: number, passwords: DatabasePasswords): string {
  const file = passfileOf(root, port);
  mkdirSync(path.dirname(file), { recursive: true });
  const lines = Object.entries(passwords).flatMap(([role, text]) =>
    ['localhost', '127.0.0.1', String.raw`\:\:1`].map((host) => `${host}:${port}:*:${role}:${text}\n`),
  );
  writePrivateFile(file, lines.join(''));
  return file;
}

/**
 * The URL with which tracestore connects to the database of a running stack.
 *
 * @throws Error when there is no passfile for the port
 */
export function databaseUrlFromPassfile(root: string, port: number): string {
  const file = passfileOf(root, port);
  const text = existsSync(file) ? readFileSync(file, 'utf8') : '';
  const found = /^127\.0\.0\.1:.*:tracestore:(\w+)$/m.exec(text)?.[1];
  if (found === undefined) throw new Error(`${path.relative(root, file)} has no password: is npm start running?`);
  return `postgres://tracestore:${found}@127.0.0.1:${port}/postgres`;
}
