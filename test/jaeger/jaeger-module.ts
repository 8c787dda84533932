import { spawn, spawnSync } from 'node:child_process';
import { copyFileSync, cpSync, existsSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';

const modulePath = 'github.com/jaegertracing/jaeger';

/** The program that the suite runs and its package. Newer versions of Jaeger have a separate one. */
const programs = [
  { binary: 'cmd/jaeger/jaeger-e2e', source: 'cmd/jaeger/internal/integration/jaeger-e2e' },
  { binary: 'cmd/jaeger/jaeger', source: 'cmd/jaeger' },
] as const;

/** Whether Go is installed. */
export function hasGo(): boolean {
  return spawnSync('go', ['version']).status === 0;
}

/** A writable copy of the source of Jaeger. */
export interface JaegerModule {
  readonly version: string;
  readonly folder: string;
}

/**
 * Copies the module of Jaeger from the Go module proxy to a temporary folder.
 *
 * @param version `latest` for the newest of the proxy
 * @throws Error with the output of Go when the download fails
 */
export function fetchJaegerModule(version: string): JaegerModule {
  const folder = mkdtempSync(path.join(tmpdir(), 'spandrel-jaeger-'));
  writeFileSync(path.join(folder, 'go.mod'), 'module nothing\n');
  const { Version, Dir } = JSON.parse(go(folder, ['mod', 'download', '-json', `${modulePath}@${version}`])) as {
    readonly Version: string;
    readonly Dir: string;
  };
  const copy = path.join(folder, 'jaeger');
  cpSync(Dir, copy, { recursive: true, mode: 0 });
  // The module cache is read-only.
  spawnSync('chmod', ['-R', 'u+w', folder]);
  return { version: Version, folder: copy };
}

/**
 * Installs the program that the suite runs.
 *
 * @param binary an existing build; without it, the build takes minutes
 * @throws Error with the output of Go
 */
export function placeJaeger({ folder }: JaegerModule, binary: string | undefined): void {
  const program = programs.find(({ source }) => existsSync(path.join(folder, source)));
  if (program === undefined) throw new Error(`${folder} has no program of Jaeger`);
  if (binary === undefined) go(folder, ['build', '-o', program.binary, `./${program.source}`]);
  else copyFileSync(binary, path.join(folder, program.binary));
}

/** The result of a test. */
export interface TestResult {
  readonly name: string;
  readonly outcome: 'pass' | 'fail' | 'skip';
}

/**
 * Runs a test of Jaeger with its subtests.
 *
 * @param say receives the output of the tests
 * @returns the results in the order of completion
 */
export async function runJaegerTest(
  { folder }: JaegerModule,
  packagePath: string,
  test: string,
  env: Readonly<Record<string, string>>,
  say: (line: string) => void,
): Promise<{ readonly results: readonly TestResult[]; readonly exitCode: number | null }> {
  const child = spawn('go', ['test', '-count=1', '-timeout=30m', '-json', '-run', `^${test}$`, packagePath], {
    cwd: folder,
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const exited = new Promise<number | null>((resolve) => {
    child.once('exit', resolve);
  });
  const results: TestResult[] = [];
  for await (const line of createInterface(child.stdout)) {
    const event = JSON.parse(line) as { readonly Action: string; readonly Test?: string; readonly Output?: string };
    if (event.Output !== undefined) say(event.Output.trimEnd());
    const outcome = (['pass', 'fail', 'skip'] as const).find((word) => word === event.Action);
    if (outcome !== undefined && event.Test !== undefined) results.push({ name: event.Test, outcome });
  }
  return { results, exitCode: await exited };
}

function go(folder: string, args: readonly string[]): string {
  const { status, stdout, stderr } = spawnSync('go', args, {
    cwd: folder,
    encoding: 'utf8',
    maxBuffer: 64 * 1024 * 1024,
  });
  if (status !== 0) throw new Error(`go ${args.join(' ')}:\n${stdout}${stderr}`);
  return stdout;
}
