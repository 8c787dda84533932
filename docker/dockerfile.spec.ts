import { execFileSync } from 'node:child_process';
import { cpSync, globSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { appNames } from '@spandrel/service/services';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { allocatorEnvironment } from '../stack/services.ts';

const root = path.dirname(import.meta.dirname);
const read = (file: string): string => readFileSync(path.join(root, file), 'utf8');
const dockerfile = read('docker/Dockerfile');

describe('the Dockerfile', () => {
  it('uses the same version of Node as the scripts', () => {
    const { devDependencies } = JSON.parse(read('package.json')) as {
      readonly devDependencies: Record<string, string>;
    };
    expect(dockerfile).toContain(`ARG NODE_IMAGE=node:${devDependencies['node']}-bookworm-slim\n`);
  });

  it('configures the allocator as the embedded stack does', () => {
    for (const [name, value] of Object.entries(allocatorEnvironment))
      expect(dockerfile).toContain(` ${name}=${value} `);
  });

  it('makes the apps listen on IPv6 and IPv4', () => {
    const hosts = [...dockerfile.matchAll(/^ +(\w*HOST)=(\S+) /gm)].map(([, name, host]) => `${name} ${host}`);
    expect(new Set(hosts)).toEqual(new Set(['HOST ::', 'TRACESTORE_HOST ::']));
  });

  it('copies only files that .dockerignore lets through', () => {
    const sources = [...dockerfile.matchAll(/^COPY (?!--from)(.+) \S+$/gm)].flatMap(([, list = '']) => list.split(' '));
    expect(sources).toContain('docker/develop.sh');
    const allowed = read('.dockerignore').split('\n');
    for (const source of sources) expect(allowed).toContain(`!${source}`);
  });

  it('copies every file of settings that a project of the build extends', () => {
    const sources = [...dockerfile.matchAll(/^COPY (?!--from)(.+) \S+$/gm)].flatMap(([, list = '']) => list.split(' '));
    const { projects } = JSON.parse(read('nest-cli.json')) as {
      readonly projects: Readonly<Record<string, { readonly compilerOptions: { readonly tsConfigPath: string } }>>;
    };
    for (const { compilerOptions } of Object.values(projects)) {
      const [, extended = ''] = /"extends": "\.\.\/\.\.\/([^"]+)"/.exec(read(compilerOptions.tsConfigPath)) ?? [];
      expect(sources, compilerOptions.tsConfigPath).toContain(extended);
    }
  });

  describe('before npm ci', () => {
    let folder: string;
    beforeEach(() => {
      folder = mkdtempSync(path.join(tmpdir(), 'spandrel-dockerfile-'));
      cpSync(path.join(root, 'libs'), path.join(folder, 'libs'), { recursive: true });
    });
    afterEach(() => rmSync(folder, { recursive: true }));

    it('keeps the package.json of every lib and no other file', () => {
      const [, command = ''] = /^RUN (find libs .*)$/m.exec(dockerfile) ?? [];
      const packages = globSync('libs/*/package.json', { cwd: root }).toSorted();
      execFileSync('sh', ['-c', command], { cwd: folder });
      const left = globSync('libs/**/*', { cwd: folder, withFileTypes: true });
      expect(
        left
          .filter((entry) => !entry.isDirectory())
          .map((entry) => path.relative(folder, path.join(entry.parentPath, entry.name)))
          .toSorted(),
      ).toEqual(packages);
      expect(left.filter((entry) => entry.isDirectory())).toHaveLength(packages.length);
    });
  });
});

describe('every app has an image', () => {
  const listApps = (): string => execFileSync('make', ['--silent', 'apps'], { cwd: root, encoding: 'utf8' });

  it('by the Makefile', () => {
    expect(listApps().trim().split(' ').toSorted()).toEqual(appNames.toSorted());
  });

  it('that the workflow publishes', () => {
    const { jobs } = parse(read('.github/workflows/images.yaml')) as {
      readonly jobs: {
        readonly chart: { readonly steps: readonly { readonly id?: string; readonly run?: string }[] };
        readonly images: { readonly strategy: { readonly matrix: { readonly app: string } } };
      };
    };
    const step = jobs.chart.steps.find(({ id }) => id === 'apps');
    expect(step?.run).toContain('$(make --silent apps | jq ');
    expect(jobs.images.strategy.matrix.app).toBe('${{ fromJSON(needs.chart.outputs.apps) }}');
  });
});
