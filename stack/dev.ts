import { copyFileSync, existsSync, mkdirSync, readdirSync, watch } from 'node:fs';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { styleText } from 'node:util';
import { startGuarded } from '@spandrel/embedded/parent-guard';
import { print } from './terminal.ts';

/** The compiler writes many files for one change. */
const settleMs = 300;

/**
 * Compiles every changed source and reports the apps with new code. A change in a lib counts for all apps.
 *
 * @param root the folder of the clone
 * @param onChange receives the name of an app
 * @returns a function that stops the compiler
 */
export async function watchSources(root: string, onChange: (app: string) => void): Promise<() => void> {
  const apps = readdirSync(path.join(root, 'dist/apps'));
  const changed = new Set<string>();
  const report = (): void => {
    for (const app of changed) onChange(app);
    changed.clear();
  };
  let timer: NodeJS.Timeout | undefined;
  const follow = (folder: string, onFile: (file: string) => void): void => {
    if (!existsSync(path.join(root, folder))) return;
    watch(path.join(root, folder), { recursive: true }, (_, file) => file !== null && onFile(file)).on(
      'error',
      () => {},
    );
  };
  const followOutput = (folder: string, users: readonly string[]): void =>
    follow(folder, (file) => {
      if (!/\.(js|sql|json)$/.test(file)) return;
      for (const app of users) changed.add(app);
      clearTimeout(timer);
      timer = setTimeout(report, settleMs);
    });
  for (const app of apps) {
    followOutput(`dist/apps/${app}`, [app]);
    // The compiler does not copy other files.
    follow(`apps/${app}/src`, (file) => {
      const source = path.join(root, 'apps', app, 'src', file);
      if (file.endsWith('.sql') && existsSync(source)) copyFile(source, path.join(root, 'dist/apps', app, file));
    });
  }
  for (const lib of readdirSync(path.join(root, 'libs'))) followOutput(`libs/${lib}/dist`, apps);
  const compiler = await startGuarded({
    command: process.execPath,
    args: ['node_modules/typescript/bin/tsc', '-b', '--watch', '--preserveWatchOutput', '--pretty', 'false'],
    env: process.env,
    cwd: root,
    stopSignal: 'SIGTERM',
  });
  createInterface({ input: compiler.stdout }).on('line', (line) => {
    if (/error TS/.test(line)) print(`${styleText('red', '!')} ${'tsc'.padEnd(10)} ${line}`);
  });
  compiler.stderr.resume();
  return compiler.release;
}

function copyFile(from: string, to: string): void {
  mkdirSync(path.dirname(to), { recursive: true });
  copyFileSync(from, to);
}
