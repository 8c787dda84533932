// Installs the packages and builds the apps where either is out of date: the first command of the npm scripts that need
// both. It runs on Node 20 or later without packages. The other commands run on the Node 24 that it installs.
// `--install-only` builds nothing.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const root = path.dirname(path.dirname(fileURLToPath(import.meta.url)));

try {
  if (process.platform === 'win32') throw new Error('Windows has no POSIX shell: use WSL, or Docker (make up)');
  if (Number.parseInt(process.versions.node) < 20)
    throw new Error(`Node 20 or later is required, got ${process.versions.node}: https://nodejs.org/en/download`);
  installIfNeeded();
  if (!process.argv.includes('--install-only')) buildIfNeeded();
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : error}\n`);
  process.exitCode = 1;
}

/** Compares the lockfile with the list of installed packages that npm keeps. */
function installIfNeeded() {
  const installed = readJson('node_modules/.package-lock.json')?.packages ?? {};
  const differs = Object.entries(readJson('package-lock.json')?.packages ?? {}).some(
    ([name, { version, optional, devOptional, peer }]) =>
      // Optional packages are installed on their own platform only.
      name.startsWith('node_modules/') &&
      !(optional || devOptional || peer) &&
      (!(name in installed) || installed[name].version !== version),
  );
  if (!differs && existsSync(path.join(root, 'node_modules/.bin/node'))) return;
  // The build needs the development packages, whatever NODE_ENV is.
  npm('install', ['ci', '--include=dev', '--no-audit', '--no-fund']);
}

/** Compares the sources and the output with those of the last build. */
function buildIfNeeded() {
  const sources = hashOf(
    ['apps', 'libs', 'dashboards', 'package-lock.json', 'nest-cli.json', 'tsconfig.json', 'tsconfig.base.json'],
    (file) => !/(^|\/)dist\/|spec\.tsx?$/.test(file),
  );
  const output = () => hashOf(['dist/apps', 'libs'], (file) => /(^|\/)dist\//.test(file));
  const stamp = readJson('.spandrel/built.json');
  if (stamp?.sources === sources && stamp.output === output()) return;
  npm('build', ['run', 'build']);
  mkdirSync(path.join(root, '.spandrel'), { recursive: true });
  writeFileSync(path.join(root, '.spandrel/built.json'), JSON.stringify({ sources, output: output() }));
}

/**
 * @param {readonly string[]} names of files and folders
 * @param {(file: string) => boolean} counts whether a file is part of the hash
 */
function hashOf(names, counts) {
  const hash = createHash('sha256');
  for (const file of names.flatMap(filesIn).filter(counts).toSorted())
    hash.update(`${file}\0`).update(readFileSync(path.join(root, file)));
  return hash.digest('hex');
}

/**
 * @param {string} name relative to the clone
 * @returns {string[]}
 */
function filesIn(name) {
  if (!existsSync(path.join(root, name))) return [];
  if (path.extname(name) === '.json') return [name];
  return readdirSync(path.join(root, name), { withFileTypes: true })
    .filter((entry) => entry.name !== 'node_modules')
    .flatMap((entry) => (entry.isDirectory() ? filesIn(`${name}/${entry.name}`) : `${name}/${entry.name}`));
}

/** @param {string} file */
function readJson(file) {
  try {
    return JSON.parse(readFileSync(path.join(root, file), 'utf8'));
  } catch {
    return undefined;
  }
}

/**
 * @param {string} what npm does, for the line that is printed
 * @param {readonly string[]} args of npm
 */
function npm(what, args) {
  process.stdout.write(`  … ${what}\n`);
  const startedAt = Date.now();
  // The npm that runs this script, on the Node that runs it.
  const script = process.env.npm_execpath;
  const [command, first] = script?.endsWith('.js') ? [process.execPath, [script]] : ['npm', []];
  const { status, stdout, stderr } = spawnSync(command, [...first, ...args], { cwd: root, encoding: 'utf8' });
  if (status !== 0) throw new Error(`npm ${args.join(' ')} failed:\n${`${stdout}${stderr}`.trim().slice(-4_000)}`);
  process.stdout.write(`  ✓ ${what.padEnd(12)} ${((Date.now() - startedAt) / 1_000).toFixed(1)} s\n`);
}
