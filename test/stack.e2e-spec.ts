import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

// End to end: the real embedded stack as `npm start` runs it, all processes, on ports of its own.

const root = path.dirname(path.dirname(fileURLToPath(import.meta.url)));
const portOffset = 12_000 + (process.pid % 100) * 50;
const urls = {
  frontend: `http://127.0.0.1:${3001 + portOffset}`,
  upper: `http://127.0.0.1:${5054 + portOffset}`,
};
const readyMs = 60_000;

let stack: ChildProcess;
let output = '';

beforeAll(async () => {
  const args = ['stack/start.mjs', '--memory', '--no-load', '--port-offset', String(portOffset)];
  stack = spawn(process.execPath, args, { cwd: root, stdio: ['ignore', 'pipe', 'pipe'] });
  for (const stream of [stack.stdout, stack.stderr]) stream?.on('data', (text) => (output += String(text)));
  await until(() => output.includes('Ctrl-C') || stack.exitCode !== null, readyMs);
  if (!output.includes('Ctrl-C')) throw new Error(`the stack did not get ready:\n${output}`);
}, readyMs);

afterAll(async () => {
  stack.kill('SIGTERM');
  await until(() => stack.exitCode !== null || stack.signalCode !== null, 10_000);
});

describe('the embedded stack', () => {
  it('writes a number and finds its trace', async () => {
    const response = await fetch(`${urls.frontend}/numbers`, { method: 'POST' });
    expect(response.status).toBe(201);
    expect(response.headers.get('traceresponse')).toMatch(/^00-[\da-f]{32}-[\da-f]{16}-01$/);
    const [, traceId = ''] = response.headers.get('traceresponse')?.split('-') ?? [];
    const count = (): number => {
      const sql = `SELECT 'services=' || count(DISTINCT service_name) FROM ps_trace.span WHERE trace_id = '${traceId}'`;
      const args = ['stack/sql.ts', '--port-offset', String(portOffset), '-c', sql];
      const text = execFileSync(process.execPath, args, { cwd: root, encoding: 'utf8' });
      return Number(/services=(\d)/.exec(text)?.[1]);
    };
    expect(await until(() => count() === 2, 15_000)).toBe(true);
  });

  it('refuses to start a second time on its ports, and says who has them', () => {
    const args = ['stack/start.mjs', '--memory', '--no-load', '--port-offset', String(portOffset)];
    expect(run(args)).toMatchObject({
      status: 2,
      stdout: expect.stringMatching(/upper\s.*dist\/apps\/upper\/main\.js.*\(pid \d+\)[\s\S]*--port-offset \d+/),
    });
  });

  it('has a killed service back within two seconds', async () => {
    const [killed] = processesOf('dist/apps/upper/main.js');
    expect(killed).toBeDefined();
    process.kill(killed ?? 0, 'SIGKILL');
    const startedAgain = () => processesOf('dist/apps/upper/main.js').some((pid) => pid !== killed);
    expect(await until(startedAgain, 2_000)).toBe(true);
    expect(output).toContain(`(pid ${killed}) died: killed by SIGKILL`);
    const answers = () =>
      fetch(urls.upper).then(
        () => true,
        () => false,
      );
    expect(await until(answers, 20_000)).toBe(true);
  });

  it('has a killed database back, with the services on it', async () => {
    const [killed] = processesOf('bin/postgres');
    process.kill(killed ?? 0, 'SIGKILL');
    expect(await until(() => processesOf('bin/postgres').some((pid) => pid !== killed), 2_000)).toBe(true);
    const writes = async () => (await fetch(`${urls.frontend}/numbers`, { method: 'POST' })).status === 201;
    expect(await until(writes, 20_000)).toBe(true);
  });

  // The last one, since nothing is left to test after it.
  it('leaves no process and no folder behind when the supervisor is killed', async () => {
    const [folder = ''] = /\/\S*\/spandrel-\w+/.exec(output) ?? [];
    expect(existsSync(folder)).toBe(true);
    expect(processesOf('').length).toBeGreaterThan(8);
    process.kill(stack.pid ?? 0, 'SIGKILL');
    expect(await until(() => processesOf('').length === 0 && !existsSync(folder), 8_000)).toBe(true);
  });
});

/** Waits until a condition holds. @returns whether it did within `timeoutMs` */
async function until(condition: () => boolean | Promise<boolean>, timeoutMs: number): Promise<boolean> {
  const deadline = Date.now() + timeoutMs;
  while (Date.now() < deadline) {
    if (await condition()) return true;
    await sleep(50);
  }
  return false;
}

/** The pids of this stack's own children whose command has `part` in it, or of all that is left of their groups (''). */
function processesOf(part: string): readonly number[] {
  const groups = startedGroups();
  const processes = execFileSync('ps', ['-eo', 'pid=,pgid=,stat=,args='], { encoding: 'utf8' }).split('\n');
  return processes.flatMap((line) => {
    const [, pid, group, state = '', command = ''] = /^\s*(\d+)\s+(\d+)\s+(\S+)\s+(.*)$/.exec(line) ?? [];
    const isOurs = groups.has(Number(group)) && !state.startsWith('Z');
    return isOurs && (part === '' || (pid === group && command.includes(part))) ? [Number(pid)] : [];
  });
}

const knownGroups = new Set<number>();

/** Each child leads a group of its own. Those of the supervisor's children are kept, for when it is gone. */
function startedGroups(): ReadonlySet<number> {
  const children = execFileSync('ps', ['-eo', 'pid=,ppid='], { encoding: 'utf8' }).split('\n');
  for (const line of children) {
    const [pid, parent] = line.trim().split(/\s+/).map(Number);
    if (pid !== undefined && parent === stack.pid) knownGroups.add(pid);
  }
  return knownGroups;
}

function run(args: readonly string[]): { readonly status: number; readonly stdout: string } {
  try {
    return { status: 0, stdout: execFileSync(process.execPath, [...args], { cwd: root, encoding: 'utf8' }) };
  } catch (error) {
    const { status, stdout } = error as { readonly status: number; readonly stdout: string };
    return { status, stdout };
  }
}
