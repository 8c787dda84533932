import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';

interface Flags {
  readonly flags: Readonly<Record<string, { readonly defaultVariant: string }>>;
}

/**
 * Writes the flags of the injected faults for the services of one run.
 *
 * @param on false: all faults are off
 * @returns the path of the file
 */
export function writeFlagsFile(root: string, folder: string, on: boolean): string {
  const text = readFileSync(path.join(root, 'libs/characters/flags.json'), 'utf8');
  const { flags, ...rest } = JSON.parse(text) as Flags;
  const off = Object.entries(flags).map(([name, flag]) => [name, { ...flag, defaultVariant: 'off' }]);
  const file = path.join(folder, 'flags.json');
  writeFileSync(file, on ? text : JSON.stringify({ ...rest, flags: Object.fromEntries(off) }, undefined, 2));
  return file;
}
