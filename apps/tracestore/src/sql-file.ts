import { readFileSync } from 'node:fs';

/**
 * The text of a `.sql` file that lies beside the module that asks.
 *
 * @param moduleUrl the asking module's `import.meta.url`
 * @param name the file's name
 * @throws Error of the file system when the build has left the file out
 */
export function readSqlFile(moduleUrl: string, name: string): string {
  return readFileSync(new URL(name, moduleUrl), 'utf8');
}
