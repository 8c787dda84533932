import { execFileSync } from 'node:child_process';
import { existsSync, rmSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type ChildStack, startChildStack } from '@spandrel/testing/child-stack';
import { passfileOf } from '@spandrel/embedded/database-access';
import { StackProcesses, until } from '@spandrel/testing/stack-processes';

const root = path.dirname(import.meta.dirname);

let stack: ChildStack;
let processes: StackProcesses;

beforeAll(async () => {
  stack = await startChildStack({ options: ['--no-load'] });
  processes = new StackProcesses(stack.pid);
});
afterAll(async () => {
  await stack?.stop();
  // A supervisor that was killed does not remove it.
  if (stack !== undefined) rmSync(passfileOf(root, stack.ports.database), { force: true });
});

describe('the embedded stack', () => {
  it('POST /numbers stores a trace that npm run sql finds', async () => {
    const response = await fetch(`${stack.url('frontend')}/numbers`, { method: 'POST' });
    expect(response.status).toBe(201);
    expect(response.headers.get('traceresponse')).toMatch(/^00-[\da-f]{32}-[\da-f]{16}-01$/);
    const [, traceId = ''] = response.headers.get('traceresponse')?.split('-') ?? [];
    const count = (): number => {
      const sql = `SELECT 'services=' || count(DISTINCT service_name) FROM ps_trace.span WHERE trace_id = '${traceId}'`;
      const args = ['stack/sql.ts', '--port-offset', String(stack.portOffset), '-c', sql];
      const text = execFileSync(process.execPath, args, { cwd: root, encoding: 'utf8' });
      return Number(/services=(\d)/.exec(text)?.[1]);
    };
    expect(await until(() => count() === 2, 15_000)).toBe(true);
  });

  it('the printed passfile gives access to PostgreSQL, a missing one does not', () => {
    const passfile = passfileOf(root, stack.ports.database);
    expect(stack.output()).toContain(`psql -h localhost -p ${stack.ports.database} -d postgres -U postgres`);
    const connect = (environment: Readonly<Record<string, string>>): string =>
      run(['--input-type=module', '--eval', connectScript], { ...environment, PGPORT: String(stack.ports.database) })
        .stdout;
    expect(connect({ PGPASSFILE: passfile })).toBe('postgres finds "$user", public, ps_trace');
    expect(connect({ PGPASSFILE: path.join(root, 'missing') })).toMatch(/password/i);
  });

  it('a second stack on the same ports is refused, with the ports and a free offset', () => {
    const args = ['stack/main.ts', '--memory', '--no-load', '--port-offset', String(stack.portOffset)];
    expect(run(args)).toMatchObject({
      status: 2,
      stdout: expect.stringMatching(
        new RegExp(String.raw`in use: .*\b${stack.ports.upper} \(upper\)[\s\S]*--port-offset \d+`),
      ),
    });
  });

  it('a killed service is restarted', async () => {
    const [killed] = processes.running('dist/apps/upper/main.js');
    expect(killed).toBeDefined();
    process.kill(killed ?? 0, 'SIGKILL');
    const startedAgain = () => processes.running('dist/apps/upper/main.js').some((pid) => pid !== killed);
    expect(await until(startedAgain, 20_000)).toBe(true);
    expect(stack.output()).toContain(`(pid ${killed}) died: killed by SIGKILL`);
    const responds = () =>
      fetch(stack.url('upper')).then(
        () => true,
        () => false,
      );
    expect(await until(responds, 20_000)).toBe(true);
  });

  it('a killed database is restarted, and the services use it again', async () => {
    const [killed] = processes.running('bin/postgres');
    process.kill(killed ?? 0, 'SIGKILL');
    expect(await until(() => processes.running('bin/postgres').some((pid) => pid !== killed), 20_000)).toBe(true);
    const writes = async () => (await fetch(`${stack.url('frontend')}/numbers`, { method: 'POST' })).status === 201;
    expect(await until(writes, 20_000)).toBe(true);
  });

  // The last test, because it ends the stack.
  it('no process and no folder remains when the supervisor is killed', async () => {
    const [folder = ''] = /\/\S*\/spandrel-\w+/.exec(stack.output()) ?? [];
    expect(existsSync(folder)).toBe(true);
    expect(processes.left().length).toBeGreaterThan(8);
    process.kill(stack.pid, 'SIGKILL');
    expect(await until(() => processes.left().length === 0 && !existsSync(folder), 20_000)).toBe(true);
  });
});

/** Prints the role of the session and its search path, or the error. */
const connectScript = `
  import pg from 'pg';
  const client = new pg.Client({ host: 'localhost', user: 'postgres', database: 'postgres' });
  try {
    await client.connect();
    const { rows } = await client.query("SELECT current_user || ' finds ' || current_setting('search_path') AS text");
    process.stdout.write(rows[0].text);
  } catch (error) {
    process.stdout.write(error.message);
  }
  process.exit();`;

function run(
  args: readonly string[],
  environment: Readonly<Record<string, string>> = {},
): { readonly status: number; readonly stdout: string } {
  try {
    const env = { ...process.env, ...environment };
    return { status: 0, stdout: execFileSync(process.execPath, [...args], { cwd: root, encoding: 'utf8', env }) };
  } catch (error) {
    const { status, stdout } = error as { readonly status: number; readonly stdout: string };
    return { status, stdout };
  }
}
