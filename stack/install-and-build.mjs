import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';

/**
 * Runs `npm ci` when what is installed is not what the lockfile says.
 *
 * @param {string} root the clone's folder
 * @throws {Error} with npm's last words when it fails
 */
export async function installIfNeeded(root) {
  const reason = whyInstall(root);
  if (reason === undefined) return;
  // The build needs the development packages, whatever NODE_ENV says.
  await step('install', reason, root, ['ci', '--include=dev', '--no-audit', '--no-fund']);
}

/**
 * Runs `npm run build` when the sources, or what was built, differ from what they were after the last build.
 *
 * @param {string} root the clone's folder
 * @throws {Error} with the compiler's last words when it fails
 */
export async function buildIfNeeded(root) {
  const stampFile = path.join(root, '.spandrel/built.json');
  const sources = hashOfContents(root);
  const stamp = readJson(stampFile);
  if (stamp?.sources === sources && stamp.outputs === hashOfOutputs(root)) return;
  await step('build', stamp === undefined ? 'first build' : 'sources changed', root, ['run', 'build']);
  mkdirSync(path.dirname(stampFile), { recursive: true });
  writeFileSync(stampFile, JSON.stringify({ sources, outputs: hashOfOutputs(root) }));
}

/**
 * npm keeps a list of what it installed, in the lockfile's own terms, so the two can be compared.
 *
 * @param {string} root
 */
function whyInstall(root) {
  const installed = readJson(path.join(root, 'node_modules/.package-lock.json'));
  if (installed === undefined) return 'first install';
  const wanted = readJson(path.join(root, 'package-lock.json'));
  for (const [name, entry] of Object.entries(wanted?.packages ?? {})) {
    // Optional packages are there only on their own platform.
    if (name === '' || !name.startsWith('node_modules/') || entry.optional || entry.devOptional || entry.peer) continue;
    if (installed.packages?.[name]?.version !== entry.version) return 'package-lock.json changed';
  }
  return existsSync(path.join(root, 'node_modules/.bin/node')) ? undefined : 'Node 24 is missing';
}

/** @param {string} root */
function hashOfContents(root) {
  const hash = createHash('sha256');
  const single = readdirSync(root).filter((name) => /^(package(-lock)?|nest-cli|tsconfig.*)\.json$/.test(name));
  const nested = ['apps', 'libs', 'dashboards'].flatMap((folder) => filesUnder(root, folder));
  for (const file of [...single, ...nested].toSorted()) {
    if (/\.(int-)?spec\.tsx?$/.test(file)) continue;
    hash
      .update(file)
      .update('\0')
      .update(readFileSync(path.join(root, file)))
      .update('\0');
  }
  return hash.digest('hex');
}

/** @param {string} root */
function hashOfOutputs(root) {
  const hash = createHash('sha256');
  const libraries = existsSync(path.join(root, 'libs')) ? readdirSync(path.join(root, 'libs')) : [];
  const folders = ['dist/apps', ...libraries.map((name) => `libs/${name}/dist`)];
  for (const file of folders.flatMap((folder) => filesUnder(root, folder)).toSorted()) {
    const { mtimeMs, size } = statSync(path.join(root, file));
    hash.update(`${file} ${mtimeMs} ${size}\n`);
  }
  return hash.digest('hex');
}

/**
 * Relative paths of all files under a folder, without packages and, unless it is one, without build output.
 *
 * @param {string} root
 * @param {string} folder
 * @returns {string[]}
 */
function filesUnder(root, folder) {
  if (!existsSync(path.join(root, folder))) return [];
  return readdirSync(path.join(root, folder), { withFileTypes: true }).flatMap((entry) => {
    const name = `${folder}/${entry.name}`;
    if (entry.isFile()) return [name];
    if (!entry.isDirectory() || entry.name === 'node_modules' || entry.name === 'dist') return [];
    return filesUnder(root, name);
  });
}

/** @param {string} file */
function readJson(file) {
  try {
    return JSON.parse(readFileSync(file, 'utf8'));
  } catch {
    return undefined;
  }
}

/**
 * @param {string} name
 * @param {string} reason
 * @param {string} root
 * @param {readonly string[]} args of npm
 */
async function step(name, reason, root, args) {
  const startedAt = Date.now();
  const seconds = () => `${((Date.now() - startedAt) / 1000).toFixed(1)} s`.padStart(7);
  const label = name.padEnd(12);
  const onTerminal = process.stdout.isTTY === true;
  const tick = () => onTerminal && process.stdout.write(`\r  … ${label} ${seconds()}  ${reason}`);
  tick();
  const timer = setInterval(tick, 1000);
  // The very npm that started us, under the very Node, where there is one.
  const npm = process.env.npm_execpath;
  const [command, commandArgs] = npm?.endsWith('.js') ? [process.execPath, [npm, ...args]] : ['npm', args];
  const child = spawn(command, commandArgs, { cwd: root, stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (text) => (output = `${output}${text}`.slice(0, 100_000)));
  const code = await new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (exitCode) => resolve(exitCode ?? 1));
  }).finally(() => clearInterval(timer));
  const start = onTerminal ? '\r\u001B[K' : '';
  process.stdout.write(`${start}  ${code === 0 ? '✓' : '✗'} ${label} ${seconds()}  ${reason}\n`);
  if (code !== 0) throw new Error(`\`npm ${args.join(' ')}\` failed:\n${essence(output)}`);
}

/**
 * What a person needs of a long output: the lines that say error, or else the end.
 *
 * @param {string} output
 */
function essence(output) {
  const lines = output.split('\n').filter((line) => line.trim() !== '' && line.trim() !== 'npm error');
  const errors = lines.filter((line) => /error/i.test(line));
  return errors.length === 0 ? lines.slice(-20).join('\n') : errors.slice(0, 20).join('\n');
}
