import { execFileSync } from 'node:child_process';
import { readFileSync, rmSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

/** A server that lost its supervisor is being ended by its leash, within about 5 s. */
const patienceMs = 6_000;

/**
 * Sees to it that no server of an earlier run has the data folder: waits for one that is ending, ends one that
 * is not, and removes the note of one that is gone, whose pid another process may have by now.
 *
 * @throws Error when a server cannot be ended
 */
export async function endOrphanPostgres(dataFolder: string): Promise<void> {
  const note = path.join(dataFolder, 'postmaster.pid');
  const pid = readPid(note);
  if (pid === undefined) return;
  for (const signal of [undefined, 'SIGINT', 'SIGQUIT'] as const) {
    if (signal !== undefined && serves(pid, dataFolder)) process.kill(pid, signal);
    const deadline = Date.now() + patienceMs;
    while (serves(pid, dataFolder) && Date.now() < deadline) await sleep(50);
  }
  if (serves(pid, dataFolder)) throw new Error(`another PostgreSQL (pid ${pid}) uses ${dataFolder} and does not end`);
  if (readPid(note) === pid) rmSync(note, { force: true });
}

function readPid(note: string): number | undefined {
  try {
    const [first = ''] = readFileSync(note, 'utf8').split('\n');
    return Number.parseInt(first, 10) || undefined;
  } catch {
    return undefined;
  }
}

function serves(pid: number, dataFolder: string): boolean {
  try {
    const command =
      process.platform === 'linux'
        ? readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ')
        : execFileSync('ps', ['-o', 'command=', '-p', String(pid)], { encoding: 'utf8' });
    return command.includes(dataFolder);
  } catch {
    return false;
  }
}
