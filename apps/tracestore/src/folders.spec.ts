import { readdirSync, readFileSync } from 'node:fs';
import { expect, it } from 'vitest';

const root = new URL('../../../', import.meta.url);

const { tracestoreFolders } = (await import(new URL('.dependency-cruiser.mjs', root).href)) as {
  readonly tracestoreFolders: Readonly<Record<string, readonly string[]>>;
};

it('docs/architecture.md lists the folders and imports that the linter allows, in its order', () => {
  const page = readFileSync(new URL('docs/architecture.md', root), 'utf8');
  const [, section = ''] = /## The folders of tracestore\n(.*?)\n## /s.exec(page) ?? [];
  const documented = [...section.matchAll(/^\| `([\w-]+)` *\|[^|]*\|([^|]*)\|$/gm)].map(([, folder, imported = '']) => [
    folder,
    imported.split(',').flatMap((name) => name.trim() || []),
  ]);
  expect(documented).toEqual(Object.entries(tracestoreFolders));
});

it('the linter allows imports of folders that exist, and lists each of them', () => {
  const files = readdirSync(new URL('.', import.meta.url), { recursive: true, encoding: 'utf8' });
  const folders = new Set(files.flatMap((file) => (/^(.+?)\/.*\.ts$/.exec(file) ?? []).slice(1)));
  expect(Object.keys(tracestoreFolders).toSorted()).toEqual([...folders].toSorted());
});
