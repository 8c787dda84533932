import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { commandOf, untilServerEnds } from '@spandrel/embedded/running-server';
import {
  canWriteIn,
  databaseUser,
  makePrivateFolder,
  makeTemporaryFolder,
  outsideFolder,
  removeFolder,
} from '@spandrel/embedded/unprivileged';

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

/** @returns a function that removes the lock @throws Error when a running stack has it */
function lock(file: string): () => void {
  const pid = existsSync(file) ? Number.parseInt(readFileSync(file, 'utf8')) : 0;
  if (pid > 0 && commandOf(pid) === processTitle)
    throw new Error(`The stack of this clone is already running. To stop it: kill ${pid}`);
  writeFileSync(file, String(process.pid));
  return () => rmSync(file, { force: true });
}
