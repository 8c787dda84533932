import { createHash } from 'node:crypto';
import { chmodSync, mkdirSync, rmdirSync, statSync } from 'node:fs';
import path from 'node:path';
import {
  canWriteIn,
  databaseUser,
  makeOwnFolder,
  makeTemporaryFolder,
  removeFolder,
  type User,
} from './unprivileged.ts';

/** Where the stack keeps what it keeps. */
export interface StateFolder {
  /** Flags and notes of ours. */
  readonly own: string;
  /** The database's: it belongs to the user that the database runs as. */
  readonly database: string;
  /** Whether all of it goes at the end. */
  readonly temporary: boolean;
  remove(): void;
}

/** For a clone that only root may enter: a place that root's unprivileged database can get to. */
const sharedStateFolder = '/var/lib/spandrel';

/** A folder outside the clone, the same one every time for the same clone. */
export function folderOutside(root: string): string {
  return path.join(sharedStateFolder, createHash('sha256').update(root).digest('hex').slice(0, 16));
}

/** The state folder in the clone, or, if the database's user cannot get to it, with the database outside. */
export function findStateFolder(root: string): StateFolder {
  const own = path.join(root, '.spandrel');
  mkdirSync(own, { recursive: true });
  return { own, database: findDatabaseFolder(root, own), temporary: false, remove: () => {} };
}

/** A state folder that is gone afterwards. */
export function createTemporaryStateFolder(): StateFolder {
  const own = makeTemporaryFolder(databaseUser());
  return { own, database: path.join(own, 'postgres'), temporary: true, remove: () => removeFolder(own) };
}

function findDatabaseFolder(root: string, own: string): string {
  const inside = path.join(own, 'postgres');
  const user = databaseUser();
  if (usable(inside, user)) return inside;
  if (user === undefined) {
    const { uid } = statSync(inside);
    throw new Error(
      `${inside} cannot be written to${uid === process.getuid?.() ? '' : ` (it belongs to uid ${uid})`}; remove it, or become its owner`,
    );
  }
  removeIfEmpty(inside);
  const outside = path.join(makeOutsideFolder(root), 'postgres');
  if (usable(outside, user)) return outside;
  throw new Error(`uid ${user.uid}, as whom the database runs, can write neither to ${inside} nor to ${outside}`);
}

function usable(folder: string, user: User | undefined): boolean {
  try {
    makeOwnFolder(folder, user);
  } catch {
    return false;
  }
  return canWriteIn(folder, user);
}

/** Makes the folder outside the clone, which everybody may enter whatever the umask says. */
export function makeOutsideFolder(root: string): string {
  const folder = folderOutside(root);
  for (const level of [sharedStateFolder, folder]) {
    mkdirSync(level, { recursive: true });
    chmodSync(level, 0o755);
  }
  return folder;
}

function removeIfEmpty(folder: string): void {
  try {
    rmdirSync(folder);
  } catch {
    // Somebody's data, or nothing at all.
  }
}
