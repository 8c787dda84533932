import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { chmodSync, chownSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

/** A user by number. On macOS the uid of `nobody` is negative for processes and unsigned for files. */
export interface User {
  readonly uid: number;
  readonly gid: number;
}

/** The clone that this file belongs to. */
const root = path.resolve(import.meta.dirname, '../../..');
const sharedFolder = '/var/lib/spandrel';
let nobody: User | undefined;

/** The user that PostgreSQL runs as: it refuses root, so `nobody` for root, otherwise the current user (undefined). */
export function databaseUser(): User | undefined {
  if (process.getuid?.() !== 0) return undefined;
  nobody ??= { uid: idOfNobody('-u'), gid: idOfNobody('-g') };
  return nobody;
}

function idOfNobody(option: '-u' | '-g'): number {
  const { status, stdout } = spawnSync('id', [option, 'nobody'], { encoding: 'utf8' });
  return status === 0 ? Number(stdout) : 65_534;
}

/** Runs a short command in `/` as `user`, with an empty environment. Only a trial counts mounts, ACLs and capabilities. */
export function tryAs(
  user: User | undefined,
  command: string,
  args: readonly string[],
): { readonly ok: boolean; readonly output: string } {
  const { status, stdout, stderr, error } = spawnSync(command, args, {
    cwd: '/',
    env: { PATH: process.env['PATH'], LC_ALL: 'C' },
    encoding: 'utf8',
    ...user,
  });
  return { ok: status === 0, output: error?.message ?? `${stdout}${stderr}`.trim() };
}

/** Creates a folder, and its parents, that only `user` can enter. */
export function makePrivateFolder(folder: string, user: User | undefined): void {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  if (user !== undefined) chownSync(folder, user.uid >>> 0, user.gid >>> 0);
}

/** Whether `user` can create files in a folder. */
export function canWriteIn(folder: string, user: User | undefined): boolean {
  return tryAs(user, '/bin/sh', ['-c', 'probe=$1/.probe.$$ && : >"$probe" && rm "$probe"', 'probe', folder]).ok;
}

/** Creates a folder outside the clone that every user can enter. */
export function outsideFolder(): string {
  const folder = path.join(sharedFolder, createHash('sha256').update(root).digest('hex').slice(0, 16));
  for (const level of [sharedFolder, folder]) {
    mkdirSync(level, { recursive: true });
    chmodSync(level, 0o755);
  }
  return folder;
}

/** Creates a temporary folder that belongs to `user`, in memory where the host has such a folder. */
export function makeTemporaryFolder(user: User | undefined): string {
  const parent = ['/dev/shm', tmpdir(), '/tmp'].find((candidate) => canWriteIn(candidate, user));
  if (parent === undefined)
    throw new Error(`uid ${user?.uid ?? process.getuid?.()} cannot write to a temporary folder`);
  const folder = mkdtempSync(path.join(parent, 'spandrel-'));
  if (user !== undefined) chownSync(folder, user.uid >>> 0, user.gid >>> 0);
  return folder;
}

/** Removes a folder and its contents, if it exists. */
export function removeFolder(folder: string): void {
  rmSync(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
}
