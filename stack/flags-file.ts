import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';

interface Flags {
  readonly flags: Readonly<Record<string, { readonly defaultVariant: string }>>;
}

/**
 * Writes the file of injected faults that the services of this run follow: all on, as in the repository, or
 * all off.
 *
 * @param root the clone's folder
 * @param folder where the file is written
 * @returns the file's path
 */
export function writeFlagsFile(root: string, folder: string, on: boolean): string {
  const { flags, ...rest } = JSON.parse(readFileSync(path.join(root, 'libs/characters/flags.json'), 'utf8')) as Flags;
  const chosen = Object.fromEntries(
    Object.entries(flags).map(([name, flag]) => [name, { ...flag, defaultVariant: on ? flag.defaultVariant : 'off' }]),
  );
  const file = path.join(folder, 'flags.json');
  writeFileSync(file, `${JSON.stringify({ ...rest, flags: chosen }, undefined, 2)}\n`);
  return file;
}
