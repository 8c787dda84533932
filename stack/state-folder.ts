import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { chmodSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { canWriteIn, databaseUser, makePrivateFolder, makeTemporaryFolder, removeFolder } from './unprivileged.ts';

/** Where a stack keeps its files. */
export interface StateFolder {
  /** The flags of the injected faults. */
  readonly own: string;
  /** The database. The folder belongs to the user that PostgreSQL runs as. */
  readonly database: string;
  readonly temporary: boolean;
  /** Removes a temporary folder, or allows another stack to use the folder. */
  release(): void;
}

const root = path.dirname(import.meta.dirname);
const sharedFolder = '/var/lib/spandrel';
const serverTimeoutMs = 8_000;
/** What the command line of a running stack shows, by which the lock recognises it. */
export const processTitle = 'spandrel';

/**
 * Finds or creates the state folder of the clone, and locks it. Where only root can enter the clone, the database
 * is in a folder outside, for the user that runs PostgreSQL.
 *
 * @param fresh removes the database first
 * @throws Error when another stack uses the folder
 */
export async function openStateFolder(fresh: boolean): Promise<StateFolder> {
  const own = path.join(root, '.spandrel');
  mkdirSync(own, { recursive: true });
  const release = lock(path.join(own, 'lock'));
  const user = databaseUser();
  const inside = path.join(own, 'postgres');
  makePrivateFolder(inside, user);
  const database = user === undefined || canWriteIn(inside, user) ? inside : path.join(outsideFolder(), 'postgres');
  await untilServerEnds(path.join(database, 'data'));
  if (fresh) removeFolder(database);
  return { own, database, temporary: false, release };
}

/** Creates a state folder that `release` removes. */
export function createTemporaryStateFolder(): StateFolder {
  const own = makeTemporaryFolder(databaseUser());
  return { own, database: path.join(own, 'postgres'), temporary: true, release: () => removeFolder(own) };
}

/**
 * Waits for a server whose supervisor was killed: the parent guard ends it within about 5 s. Then it removes its pid file,
 * because another process can have the same pid by then.
 *
 * @throws Error when the server does not end
 */
export async function untilServerEnds(dataFolder: string): Promise<void> {
  const pidFile = path.join(dataFolder, 'postmaster.pid');
  if (!existsSync(pidFile)) return;
  const pid = Number.parseInt(readFileSync(pidFile, 'utf8'));
  const isRunning = (): boolean => commandOf(pid).includes(dataFolder);
  for (const deadline = Date.now() + serverTimeoutMs; isRunning(); await sleep(100))
    if (Date.now() > deadline) throw new Error(`Another PostgreSQL uses ${dataFolder}. To stop it: kill -INT ${pid}`);
  rmSync(pidFile, { force: true });
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

/** @returns a function that removes the lock @throws Error when a running stack has it */
function lock(file: string): () => void {
  const pid = existsSync(file) ? Number.parseInt(readFileSync(file, 'utf8')) : 0;
  if (pid > 0 && commandOf(pid) === processTitle)
    throw new Error(`The stack of this clone is already running. To stop it: kill ${pid}`);
  writeFileSync(file, String(process.pid));
  return () => rmSync(file, { force: true });
}

/** @returns the command line of a process, '' when it has ended */
function commandOf(pid: number): string {
  try {
    return process.platform === 'linux'
      ? readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ').trim()
      : execFileSync('ps', ['-o', 'args=', '-p', String(pid)], { encoding: 'utf8' }).trim();
  } catch {
    return '';
  }
}
