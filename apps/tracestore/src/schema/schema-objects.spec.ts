import { globSync, readFileSync } from 'node:fs';
import { basename, sep } from 'node:path';
import { describe, expect, it } from 'vitest';
import { checksumOfObjects, readObjects } from './schema-objects.js';

const objects = readObjects();
const all = [...objects.beforeTables, ...objects.afterTables];
const folder = new URL('objects/', import.meta.url);

describe('the files of views and functions', () => {
  it('are all in order.json, once', () => {
    const files = globSync('*/*.sql', { cwd: folder }).map((file) => file.split(sep).join('/'));
    expect(all.map(({ file }) => file).toSorted()).toEqual(files.toSorted());
  });

  it.each(all.filter(({ file }) => /^(views|functions)\//.test(file)))(
    '$file creates or replaces the object of its name, and nothing else',
    ({ file, sql }) => {
      const kind = file.startsWith('views/') ? 'VIEW' : 'FUNCTION|AGGREGATE';
      const created = [...sql.matchAll(/^ *CREATE .*$/gm)].map(([line]) => line.trim());
      expect(created.length).toBeGreaterThan(0);
      for (const line of created) {
        expect(line).toMatch(new RegExp(`^CREATE OR REPLACE (${kind}) ${basename(file, '.sql')}\\b`));
      }
    },
  );

  it.each(all.filter(({ sql }) => sql.includes('SECURITY DEFINER')))('$file has a fixed search_path', ({ sql }) => {
    expect(sql.match(/SECURITY DEFINER/g)?.length).toBe(
      sql.match(/SECURITY DEFINER[^;$]*SET search_path = pg_catalog, pg_temp/g)?.length,
    );
  });

  // `npm run generate` raises it. Stores leave the objects of a higher revision as they are.
  it('have a revision that was raised with the last change', async () => {
    const { revision, checksum } = JSON.parse(readFileSync(new URL('revision.json', folder), 'utf8')) as {
      revision: number;
      checksum: string;
    };
    const present = checksumOfObjects(objects);
    const expected = { revision: checksum === present ? revision : revision + 1, checksum: present };
    await expect(`${JSON.stringify(expected, null, 2)}\n`).toMatchFileSnapshot('objects/revision.json');
  });
});
