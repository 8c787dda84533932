import { execFile, type ChildProcess, spawn } from 'node:child_process';
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { hasHelm, renderChart } from '../k8s/chart-files.ts';
import { parseObjects, workloadsOf } from '../k8s/rendered-objects.ts';
import { freePort } from '@spandrel/testing/free-port';

// A new demo service is a folder in apps and an entry in the manifest. This test copies the repository and adds the service
// `emoji`, which is `special` under another name. It generates the files that repeat the list of services and starts `emoji`.

const root = path.dirname(import.meta.dirname);
const run = promisify(execFile);
const entry = "  { name: 'emoji', port: 5099, calls: [], faults: ['emoji-extra-process', 'emoji-failure'] },\n";

let copy: string;

beforeAll(async () => {
  copy = mkdtempSync(path.join(tmpdir(), 'spandrel-new-service-'));
  copyRepository();
  cpSync(path.join(copy, 'apps/special'), path.join(copy, 'apps/emoji'), { recursive: true });
  renameService(path.join(copy, 'apps/emoji'));
  const manifest = path.join(copy, 'libs/service/src/services.ts');
  const text = readFileSync(manifest, 'utf8');
  writeFileSync(manifest, text.replace('const manifest = [\n', `$&${entry}`));
  await run(process.execPath, ['generate/main.ts'], { cwd: copy });
});
afterAll(() => rmSync(copy, { recursive: true, force: true }));

describe('a new demo service', () => {
  let service: ChildProcess | undefined;
  afterAll(() => service?.kill('SIGKILL'));

  it('is built with the libs and responds', async () => {
    await run(process.execPath, [path.join(root, 'node_modules/typescript/bin/tsc'), '--build', 'apps/emoji'], {
      cwd: copy,
    });
    const port = await freePort();
    service = spawn(process.execPath, ['dist/apps/emoji/main.js'], {
      cwd: copy,
      env: { PATH: process.env['PATH'], PORT: String(port), LOG_LEVEL: 'error' },
      stdio: ['ignore', 'inherit', 'inherit'],
    });
    const url = `http://127.0.0.1:${port}`;
    await expect.poll(() => statusOf(`${url}/readyz`), { timeout: 60_000 }).toBe(200);
    // One request may fail by an injected fault.
    await expect.poll(() => charOf(url), { timeout: 10_000 }).toMatch(/^.$/);
  });

  it('is a service of Compose with its port, image and faults', () => {
    const { services } = parse(read('docker/compose.yaml'), { merge: true }) as {
      readonly services: Readonly<Record<string, unknown>>;
    };
    expect(services['emoji']).toMatchObject({
      image: 'spandrel/emoji:${SPANDREL_VERSION:-0.1.0}',
      build: { args: { APP: 'emoji' } },
      environment: { PORT: 5099, FLAGS_FILE: '/etc/spandrel/flags.json' },
      ports: ['${LISTEN_ON:-127.0.0.1}:${EMOJI_PORT:-5099}:5099'],
    });
  });

  it('is built by Nest, by the Makefile and by Skaffold', async () => {
    expect(JSON.parse(read('nest-cli.json'))).toHaveProperty('projects.emoji.root', 'apps/emoji');
    expect(read('tsconfig.json')).toContain('"path": "apps/emoji"');
    expect(read('skaffold.yaml')).toContain('- image: spandrel/emoji\n');
    const { stdout } = await run('make', ['--silent', 'apps'], { cwd: copy });
    expect(stdout.trim().split(' ')).toContain('emoji');
  });

  it('has flags for its injected faults', () => {
    expect(JSON.parse(read('libs/characters/flags.json'))).toHaveProperty('flags.emoji-failure.defaultVariant', 'on');
  });

  it.skipIf(!hasHelm())('is deployed by the chart (requires Helm)', () => {
    const objects = parseObjects(renderChart(['--set', 'components.emoji.replicas=3'], copy));
    const workload = workloadsOf(objects).find(({ name }) => name === 'spandrel-emoji');
    expect(workload).toMatchObject({ replicas: 3, pod: { containers: [{ image: 'spandrel/emoji:0.1.0' }] } });
    const kinds = objects.filter(({ metadata }) => metadata.name === 'spandrel-emoji').map(({ kind }) => kind);
    expect(kinds).toEqual(expect.arrayContaining(['Service', 'NetworkPolicy', 'ServiceAccount']));
  });
});

/** Copies what the build and the generators read. The packages are links, but those of the libs lead to the copy. */
function copyRepository(): void {
  const files = [
    'Makefile',
    'nest-cli.json',
    'package.json',
    'skaffold.yaml',
    'tsconfig.base.json',
    'tsconfig.json',
    '.prettierrc.json',
  ];
  for (const file of [
    ...files,
    'docker/compose.yaml',
    'apps/special',
    'dashboards',
    'generate',
    'helm',
    'k8s',
    'libs',
    'load',
    'monitoring',
  ]) {
    cpSync(path.join(root, file), path.join(copy, file), { recursive: true });
  }
  mkdirSync(path.join(copy, 'node_modules/@spandrel'), { recursive: true });
  for (const name of readdirSync(path.join(root, 'node_modules'))) {
    if (name !== '@spandrel') symlinkSync(path.join(root, 'node_modules', name), path.join(copy, 'node_modules', name));
  }
  for (const name of readdirSync(path.join(copy, 'libs'))) {
    symlinkSync(path.join(copy, 'libs', name), path.join(copy, 'node_modules/@spandrel', name));
  }
}

/** Writes `emoji` for `special` in the names and the contents of all files of a folder. */
function renameService(folder: string): void {
  for (const file of readdirSync(folder, { recursive: true, withFileTypes: true })) {
    if (!file.isFile()) continue;
    const from = path.join(file.parentPath, file.name);
    const text = readFileSync(from, 'utf8').replaceAll('special', 'emoji').replaceAll('Special', 'Emoji');
    writeFileSync(from, text);
    renameSync(from, path.join(file.parentPath, file.name.replace('special', 'emoji')));
  }
}

function read(file: string): string {
  return readFileSync(path.join(copy, file), 'utf8');
}

/** @returns undefined while nothing listens */
async function statusOf(url: string): Promise<number | undefined> {
  return fetch(url).then(
    ({ status }) => status,
    () => undefined,
  );
}

async function charOf(url: string): Promise<unknown> {
  const body = (await (await fetch(url)).json()) as { readonly char?: unknown };
  return body.char;
}
