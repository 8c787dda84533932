import { readFileSync } from 'node:fs';

/**
 * Read a script of the schema as it is. Statements are read with `readSql`.
 *
 * @param moduleUrl `import.meta.url` of the module beside the file
 * @param name the file's name
 * @throws Error of the file system when there is no such file
 */
export function readSqlFile(moduleUrl: string, name: string): string {
  return readFileSync(new URL(name, moduleUrl), 'utf8');
}
