import { spawn, spawnSync } from 'node:child_process';
import { chownSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { freePort } from './free-port.ts';
import { databaseUser } from '@spandrel/embedded/unprivileged';

/** A connection pooler in front of a database. */
export interface PgBouncer {
  readonly url: string;
  stop(): Promise<void>;
}

/** Whether this machine has pgbouncer: `apt-get install pgbouncer`. */
export const hasPgBouncer = spawnSync('pgbouncer', ['--version']).status === 0;

/**
 * Starts a pgbouncer with its defaults except for the mode: it accepts no further start-up parameters and offers 20
 * connections.
 *
 * @throws Error when it does not listen within 10 s
 */
export async function startPgBouncer(
  databaseUrl: string,
  mode: 'session' | 'transaction' | 'statement',
): Promise<PgBouncer> {
  const { hostname, port: serverPort, username, password } = new URL(databaseUrl);
  const port = await freePort();
  const folder = mkdtempSync(path.join(tmpdir(), 'pgbouncer-'));
  const configuration = path.join(folder, 'pgbouncer.ini');
  // auth_type any: every client becomes the user in the line of the database.
  writeFileSync(
    configuration,
    `[databases]
* = host=${hostname} port=${serverPort} user=${decodeURIComponent(username)}${password === '' ? '' : ` password=${decodeURIComponent(password)}`}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = ${port}
unix_socket_dir =
auth_type = any
pool_mode = ${mode}
default_pool_size = 20
`,
  );
  const user = databaseUser();
  for (const owned of user === undefined ? [] : [folder, configuration])
    chownSync(owned, user?.uid ?? 0, user?.gid ?? 0);
  // pgbouncer refuses to run as root.
  const pooler = spawn('pgbouncer', ['-q', configuration], { stdio: 'ignore', cwd: folder, ...user });
  const exited = new Promise<void>((resolve) => pooler.once('exit', () => resolve()));
  const stop = async (): Promise<void> => {
    pooler.kill('SIGKILL');
    await exited;
    rmSync(folder, { recursive: true, force: true });
  };
  const deadline = Date.now() + 10_000;
  while (!(await accepts(port))) {
    if (Date.now() > deadline || pooler.exitCode !== null) {
      await stop();
      throw new Error('pgbouncer does not listen');
    }
    await sleep(50);
  }
  const url = new URL(databaseUrl);
  url.hostname = '127.0.0.1';
  url.port = String(port);
  return { url: url.href, stop };
}

function accepts(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.once('connect', () => resolve(true)).once('error', () => resolve(false));
    socket.once('close', () => resolve(false));
    socket.on('connect', () => socket.destroy());
  });
}
