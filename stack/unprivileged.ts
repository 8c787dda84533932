import { spawnSync } from 'node:child_process';
import { chownSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

/** A user by number. On macOS that of `nobody` is negative for processes, and the same bits unsigned for files. */
export interface User {
  readonly uid: number;
  readonly gid: number;
}

/**
 * Whom PostgreSQL runs as: it refuses to be root, so for root it is `nobody`, whatever number that has here
 * (initdb wants a user with a name); else ourselves (undefined).
 */
export function databaseUser(): User | undefined {
  if (process.getuid?.() !== 0) return undefined;
  nobody ??= { uid: numberOf('-u') ?? 65_534, gid: numberOf('-g') ?? 65_534 };
  return nobody;
}

let nobody: User | undefined;

function numberOf(option: '-u' | '-g'): number | undefined {
  const { status, stdout } = spawnSync('id', [option, 'nobody'], { encoding: 'utf8' });
  return status === 0 && /^-?\d+$/.test(stdout.trim()) ? Number(stdout) : undefined;
}

/** What came of a command that was tried as a user. */
export interface Trial {
  readonly ok: boolean;
  readonly output: string;
}

/**
 * Runs a short command as `user`, from `/`, with nothing of our environment.
 * Asking the kernel by doing is the only answer that counts mounts, ACLs and capabilities.
 */
export function tryAs(user: User | undefined, command: string, args: readonly string[]): Trial {
  const { status, stdout, stderr, error } = spawnSync(command, args, {
    cwd: '/',
    env: { PATH: process.env['PATH'], LC_ALL: 'C' },
    encoding: 'utf8',
    ...user,
  });
  return { ok: status === 0, output: error?.message ?? `${stdout}${stderr}`.trim() };
}

/** Makes a folder (with its parents) that belongs to `user` alone. */
export function makeOwnFolder(folder: string, user: User | undefined): void {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  if (user !== undefined) chownSync(folder, user.uid >>> 0, user.gid >>> 0);
}

/** Whether `user` can create a file in `folder`. */
export function canWriteIn(folder: string, user: User | undefined): boolean {
  return tryAs(user, '/bin/sh', ['-c', 'probe=$1/.probe.$$ && : >"$probe" && rm "$probe"', 'probe', folder]).ok;
}

/** Makes a temporary folder that belongs to `user`, in memory where the host offers that. */
export function makeTemporaryFolder(user: User | undefined): string {
  const parent = ['/dev/shm', tmpdir(), '/tmp'].find((candidate) => canWriteIn(candidate, user));
  if (parent === undefined)
    throw new Error(`no temporary folder that uid ${user?.uid ?? process.getuid?.()} may write to`);
  const folder = mkdtempSync(path.join(parent, 'spandrel-'));
  if (user !== undefined) chownSync(folder, user.uid >>> 0, user.gid >>> 0);
  return folder;
}

/** Removes a folder and what is in it; a folder that is not there is fine. */
export function removeFolder(folder: string): void {
  rmSync(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
}
