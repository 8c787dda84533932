// The entry of `npm start`. It runs on Node 20 without node_modules: it installs and builds what is missing,
// and hands over to main.ts under the Node that the project brings along.
import { spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { installIfNeeded, buildIfNeeded } from './install-and-build.mjs';
import { runningStack } from './running-stack.mjs';

const root = path.dirname(path.dirname(fileURLToPath(import.meta.url)));
const args = process.argv.slice(2);
const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
const stripsTypes = major >= 24 || (major === 22 && minor >= 18) || (major === 23 && minor >= 6);

if (args.includes('--help') || args.includes('-h')) {
  process.stdout.write(readFileSync(path.join(root, 'stack/help.txt')));
} else {
  try {
    await start();
  } catch (error) {
    const { name, message } = /** @type {Error} */ (error);
    process.stderr.write(`${message}\n`);
    process.exitCode = name === 'UsageError' ? 2 : 1;
  }
}

async function start() {
  if (process.platform === 'win32')
    throw new Error('The embedded stack needs a POSIX shell: use WSL, or Docker (make up).');
  if (major < 20)
    throw new Error(`Node ${process.versions.node} is too old: Spandrel needs Node 20 or newer to start.`);
  if (stripsTypes) (await import('./options.ts')).parseOptions(args);
  // A stack that runs must not have its packages and its code changed under it.
  const running = runningStack(root);
  if (running !== undefined && !args.includes('--memory')) {
    throw new Error(
      `The stack of this clone runs already (pid ${running.pid}). Stop it with Ctrl-C there, or: kill ${running.pid}`,
    );
  }
  if (running === undefined) {
    await installIfNeeded(root);
    await buildIfNeeded(root);
  }
  if (major >= 24) {
    await import('./main.ts');
    return;
  }
  const node = path.join(root, 'node_modules/.bin/node');
  if (!existsSync(node))
    throw new Error(`Node 24 is not in node_modules (${node}): remove node_modules and start again.`);
  await runUnder(node);
}

/** @param {string} node the program that main.ts runs under */
async function runUnder(node) {
  const main = spawn(node, [path.join(root, 'stack/main.ts'), ...args], {
    stdio: 'inherit',
    env: { ...process.env, SPANDREL_LAUNCHER_PID: String(process.pid) },
  });
  // Ctrl-C reaches the whole foreground group, so main.ts has it already, and a second SIGINT would be an order to kill.
  // Where SIGINT came to us alone, SIGTERM says the same; main.ts takes it for nothing new if it has been asked.
  process.on('SIGINT', () => setTimeout(() => main.kill('SIGTERM'), 200));
  for (const signal of /** @type {const} */ (['SIGTERM', 'SIGHUP'])) process.on(signal, () => main.kill(signal));
  const [code, signal] = await new Promise((resolve, reject) => {
    main.once('error', reject);
    main.once('exit', (...how) => resolve(how));
  });
  process.exitCode = signal === null ? code : 1;
}
