import { globSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { format, resolveConfig } from 'prettier';
import { describe, expect, it } from 'vitest';
import type { z } from 'zod';
import { tracestoreVariables } from '../apps/tracestore/src/config/tracestore.config.ts';
import { describeVariables } from '../libs/service/src/environment.ts';
import { serviceVariables } from '../libs/service/src/service.config.ts';
import { services } from '../libs/service/src/services.ts';
import { configurationPage } from './configuration.ts';
import { foreignVariables, k6Variables, toolVariables } from './tool-variables.ts';

const root = path.dirname(import.meta.dirname);
const page = path.join(root, 'docs/configuration.md');

/** The file that reads `process.env` for all apps and libs. */
const reader = 'libs/service/src/environment.ts';

const content = configurationPage(
  describeVariables(tracestoreVariables),
  describeVariables(serviceVariables(1)),
  await Promise.all(services.map(async ({ name }) => ({ name, variables: describeVariables(await shapeOf(name)) }))),
);

describe('docs/configuration.md', () => {
  // `npm run generate` writes it.
  it('lists every variable of every schema that parses the environment', async () => {
    const formatted = await format(content, { ...(await resolveConfig(page)), filepath: page });
    await expect(formatted).toMatchFileSnapshot(page);
  });
});

describe('the environment', () => {
  const sources = sourceFiles();

  it('is read by apps and libs in one file only', () => {
    const readers = sources.filter(
      (file) =>
        /^(?:apps|libs(?!\/(?:embedded|testing)\/))\/[^/]+\/src\/(?!.*spec\.ts$)/.test(file) &&
        /\bprocess\.env\b/.test(text(file)),
    );
    expect(readers).toEqual([reader]);
  });

  it.each(['apps', 'libs', 'load', 'stack', 'bench', 'test'])(
    'has no variable that %s reads without listing it',
    (folder) => {
      const documented = new Set(
        [...content.matchAll(/^\| (?:\w+ \| )?`([A-Z][A-Z0-9_]*)`/gm)].map(([, name]) => name),
      );
      const read = sources
        .filter((file) => file.startsWith(`${folder}/`))
        .flatMap((file) => namesReadIn(text(file)).map((name) => ({ file, name })));
      expect(read.filter(({ name }) => !documented.has(name) && !foreignVariables.has(name))).toEqual([]);
    },
  );

  it('has no tool variable that nothing reads', () => {
    // Node itself reads this one.
    const read = new Set(['NO_COLOR', ...sources.flatMap((file) => namesReadIn(text(file)))]);
    expect([...toolVariables, ...k6Variables].filter(({ name }) => !read.has(name))).toEqual([]);
  });
});

/** Every service exports its variables as `<name>Variables` from `<name>.config.ts`. */
async function shapeOf(service: string): Promise<z.ZodRawShape> {
  const module = (await import(`../apps/${service}/src/${service}.config.ts`)) as Readonly<Record<string, unknown>>;
  const shape = module[`${service}Variables`];
  if (shape === undefined) throw new Error(`apps/${service}/src/${service}.config.ts exports no ${service}Variables`);
  return shape as z.ZodRawShape;
}

function sourceFiles(): readonly string[] {
  return globSync('{apps,libs,load,stack,bench,test,docker,dashboards,k8s}/**/*.{ts,tsx,mjs}', {
    cwd: root,
    exclude: (name) => name === 'node_modules' || name === 'dist',
  });
}

function text(file: string): string {
  return readFileSync(path.join(root, file), 'utf8');
}

/** The names in `process.env.NAME`, `process.env['NAME']`, `const { NAME } = process.env`, and `__ENV['NAME']` of k6. */
function namesReadIn(source: string): readonly string[] {
  return [
    ...[...source.matchAll(/process\.env\.(\w+)|(?:process\.env|__ENV)\['(\w+)'\]/g)].map(
      ([, dot, bracket]) => dot ?? bracket,
    ),
    ...[...source.matchAll(/\{([^{}]*)\} = process\.env\b/g)].flatMap(([, names = '']) => names.split(/[\s,]+/)),
  ].filter((name): name is string => name !== undefined && name !== '');
}
