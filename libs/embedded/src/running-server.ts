import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, rmSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

const serverTimeoutMs = 8_000;

/**
 * Waits for a server whose supervisor was killed: the parent guard ends it within about 5 s. Then it removes its pid file,
 * because another process can have the same pid by then.
 *
 * @throws Error when the server does not end
 */
export async function untilServerEnds(dataFolder: string): Promise<void> {
  const pidFile = path.join(dataFolder, 'postmaster.pid');
  if (!existsSync(pidFile)) return;
  const pid = Number.parseInt(readFileSync(pidFile, 'utf8'));
  const isRunning = (): boolean => commandOf(pid).includes(dataFolder);
  for (const deadline = Date.now() + serverTimeoutMs; isRunning(); await sleep(100))
    if (Date.now() > deadline) throw new Error(`Another PostgreSQL uses ${dataFolder}. To stop it: kill -INT ${pid}`);
  rmSync(pidFile, { force: true });
}

/** @returns the command line of a process, '' when it has ended */
export function commandOf(pid: number): string {
  try {
    return process.platform === 'linux'
      ? readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ').trim()
      : execFileSync('ps', ['-o', 'args=', '-p', String(pid)], { encoding: 'utf8' }).trim();
  } catch {
    return '';
  }
}
