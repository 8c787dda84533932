import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { allocatorEnvironment } from '../stack/services.ts';

const root = path.dirname(import.meta.dirname);
const read = (file: string): string => readFileSync(path.join(root, file), 'utf8');
const dockerfile = read('docker/Dockerfile');

describe('the Dockerfile', () => {
  it('runs the Node that the scripts run under', () => {
    const { devDependencies } = JSON.parse(read('package.json')) as {
      readonly devDependencies: Record<string, string>;
    };
    expect(dockerfile).toContain(`ARG NODE_IMAGE=node:${devDependencies['node']}-bookworm-slim\n`);
  });

  it('has glibc give memory back as the embedded stack does', () => {
    for (const [name, value] of Object.entries(allocatorEnvironment))
      expect(dockerfile).toContain(` ${name}=${value} `);
  });

  it('has the package.json of every lib before it installs', () => {
    const beforeInstall = dockerfile.slice(0, dockerfile.indexOf('npm ci'));
    for (const lib of readdirSync(path.join(root, 'libs'))) {
      expect(beforeInstall).toContain(`COPY libs/${lib}/package.json libs/${lib}/\n`);
    }
  });
});

describe('what has to name every app', () => {
  const { components } = parse(read('helm/spandrel/values.yaml')) as {
    readonly components: Readonly<Record<string, unknown>>;
  };
  const apps = Object.keys(components);

  it('is the Makefile', () => {
    const [, named = ''] = /^apps := (.*)$/m.exec(read('Makefile')) ?? [];
    expect(named.split(' ').toSorted()).toEqual(apps.toSorted());
  });

  it('is skaffold.yaml', () => {
    const { build } = parse(read('skaffold.yaml')) as {
      readonly build: { readonly artifacts: readonly { readonly image: string }[] };
    };
    expect(build.artifacts.map(({ image }) => image).toSorted()).toEqual(
      apps.map((app) => `spandrel/${app}`).toSorted(),
    );
  });

  it('is the workflow that publishes them', () => {
    const [, named = ''] = /^ +app: \[(.*)\]$/m.exec(read('.github/workflows/images.yaml')) ?? [];
    expect(named.split(', ').toSorted()).toEqual(apps.toSorted());
  });
});
