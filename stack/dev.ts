import { copyFileSync, existsSync, mkdirSync, readdirSync, readFileSync, watch, type FSWatcher } from 'node:fs';
import { createInterface } from 'node:readline';
import path from 'node:path';
import { startOnLeash } from './leash.ts';
import { paint, print } from './terminal.ts';

/** Reloads what changes until it is stopped. */
export interface Reloader {
  stop(): void;
}

/** A compiler writes many files at once; what belongs together should restart an app once. */
const settleMs = 300;

/**
 * Compiles on every change of a source, all projects in one process, and tells which apps have new code.
 *
 * @param root the clone's folder
 * @param onChange called with the name of an app whose code, or a library of whose, was written anew
 */
export async function startReloader(root: string, onChange: (app: string) => void): Promise<Reloader> {
  const users = appsByLibrary(root);
  const apps = readdirSync(path.join(root, 'dist/apps'));
  const changed = new Set<string>();
  let timer: NodeJS.Timeout | undefined;
  const note = (names: Iterable<string>): void => {
    for (const name of names) changed.add(name);
    clearTimeout(timer);
    timer = setTimeout(() => {
      for (const name of changed) onChange(name);
      changed.clear();
    }, settleMs);
  };
  const watchers: FSWatcher[] = [];
  const follow = (folder: string, onFile: (file: string) => void): void => {
    if (!existsSync(folder)) return;
    const watcher = watch(folder, { recursive: true }, (_, file) => file !== null && onFile(file));
    watcher.on('error', () => {});
    watchers.push(watcher);
  };
  for (const app of apps) {
    follow(path.join(root, 'dist/apps', app), (file) => isCode(file) && note([app]));
    // The compiler leaves alone what is not TypeScript.
    const source = path.join(root, 'apps', app, 'src');
    follow(source, (file) => file.endsWith('.sql') && copyAsset(source, path.join(root, 'dist/apps', app), file));
  }
  for (const [library, names] of users) {
    follow(path.join(root, 'libs', library, 'dist'), (file) => isCode(file) && note(names));
  }
  const compiler = await startOnLeash({
    command: path.join(root, 'node_modules/.bin/node'),
    args: [
      path.join(root, 'node_modules/typescript/bin/tsc'),
      '-b',
      '--watch',
      '--preserveWatchOutput',
      '--pretty',
      'false',
    ],
    env: process.env,
    cwd: root,
    stopSignal: 'SIGTERM',
  });
  createInterface({ input: compiler.stdout }).on('line', (line) => {
    if (/error TS/.test(line)) print(`${paint('red', '!')} ${'tsc'.padEnd(10)} ${line}`);
  });
  compiler.stderr.resume();
  return {
    stop: () => {
      clearTimeout(timer);
      for (const watcher of watchers) watcher.close();
      compiler.letGo();
    },
  };
}

function isCode(file: string): boolean {
  return /\.(js|mjs|sql|json)$/.test(file);
}

function copyAsset(from: string, to: string, file: string): void {
  const source = path.join(from, file);
  if (!existsSync(source)) return;
  mkdirSync(path.dirname(path.join(to, file)), { recursive: true });
  copyFileSync(source, path.join(to, file));
}

/** Which apps a library is part of, through other libraries too, as the projects' references say. */
function appsByLibrary(root: string): ReadonlyMap<string, ReadonlySet<string>> {
  const users = new Map<string, Set<string>>();
  for (const app of readdirSync(path.join(root, 'apps'))) {
    const seen = new Set<string>();
    const visit = (folder: string): void => {
      for (const reference of referencesOf(folder)) {
        if (seen.has(reference)) continue;
        seen.add(reference);
        visit(reference);
      }
    };
    visit(path.join(root, 'apps', app));
    for (const folder of seen) {
      const library = path.basename(folder);
      users.set(library, (users.get(library) ?? new Set()).add(app));
    }
  }
  return users;
}

function referencesOf(folder: string): readonly string[] {
  const file = path.join(folder, 'tsconfig.json');
  if (!existsSync(file)) return [];
  const { references = [] } = JSON.parse(readFileSync(file, 'utf8')) as {
    readonly references?: readonly { readonly path: string }[];
  };
  return references.map((reference) => path.resolve(folder, reference.path));
}
