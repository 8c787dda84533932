import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { appNames, services } from '../libs/service/src/services.ts';
import { generatedFiles } from './generated-files.ts';
import { replaceRegion } from './region.ts';

const root = path.dirname(import.meta.dirname);

describe('the manifest of services', () => {
  it('lists every app that runs under Node', () => {
    const folders = readdirSync(path.join(root, 'apps')).filter((app) =>
      existsSync(path.join(root, 'apps', app, 'src/main.ts')),
    );
    expect(appNames.toSorted()).toEqual(folders.toSorted());
  });

  it('lists each service after the services that it calls', () => {
    const seen = new Set<string>();
    for (const { name, calls } of services) {
      for (const callee of calls) expect(seen, `${name} calls ${callee}`).toContain(callee);
      seen.add(name);
    }
  });

  it('gives each service a port of its own', () => {
    expect(new Set(services.map(({ port }) => port)).size).toBe(services.length);
  });

  it('names each fault after its service', () => {
    for (const { name, faults } of services) for (const flag of faults) expect(flag).toMatch(`${name}-`);
  });
});

it.each(await generatedFiles())('$path is fresh (npm run generate)', ({ path: file, content }) => {
  expect(readFileSync(path.join(root, file), 'utf8')).toBe(content);
});

describe('a generated part of a file', () => {
  const file = ['list:', '  # Generated items: by hand', '  - old', '  # End of generated items', 'rest: 1', ''];

  it('is replaced and indented, and the rest stays', () => {
    expect(replaceRegion(file.join('\n'), 'items', '- $1\n\n- b\n').split('\n')).toEqual([
      ...file.slice(0, 2),
      '  - $1',
      '',
      '  - b',
      ...file.slice(3),
    ]);
  });

  it('is an error when the file does not have it', () => {
    expect(() => replaceRegion(file.join('\n'), 'others', '')).toThrow('no generated part is named others');
  });
});
