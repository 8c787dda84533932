import { execFileSync } from 'node:child_process';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';

/**
 * The process that runs this clone's stack, as its lock file names it.
 *
 * @typedef {{ readonly pid: number, readonly startedAs: string }} RunningStack
 */

/** @param {string} root */
const lockFile = (root) => path.join(root, '.spandrel/lock.json');

/**
 * Who runs the stack of this clone right now. A lock whose process is gone counts for nothing.
 *
 * @param {string} root the clone's folder
 * @returns {RunningStack | undefined}
 */
export function runningStack(root) {
  try {
    const lock = JSON.parse(readFileSync(lockFile(root), 'utf8'));
    return birthOf(lock.pid) === lock.startedAs ? lock : undefined;
  } catch {
    return undefined;
  }
}

/**
 * Notes that this process runs the stack of this clone from now on, until `release`.
 *
 * @param {string} root the clone's folder, in which `.spandrel` exists
 * @returns {{ release(): void }}
 * @throws {Error} when another process runs it
 */
export function lockStack(root) {
  const text = JSON.stringify({ pid: process.pid, startedAs: birthOf(process.pid) });
  if (runningStack(root) === undefined) rmSync(lockFile(root), { force: true });
  try {
    writeFileSync(lockFile(root), text, { flag: 'wx' });
  } catch (cause) {
    throw new Error(`The stack of this clone runs already (pid ${runningStack(root)?.pid ?? 'unknown'}).`, { cause });
  }
  return {
    release: () => {
      if (runningStack(root)?.pid === process.pid) rmSync(lockFile(root), { force: true });
    },
  };
}

/**
 * When a process was born, in whatever unit the system has: with the pid it names a process for good.
 *
 * @param {number} pid
 * @throws {Error} when there is no such process
 */
function birthOf(pid) {
  if (process.platform === 'linux') {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // The name, in parentheses, may hold spaces; the start time is the 20th field after it.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    if (fields[0] === 'Z') throw new Error(`process ${pid} has ended`);
    return fields[19] ?? '';
  }
  return execFileSync('ps', ['-o', 'lstart=', '-p', String(pid)], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore'],
  }).trim();
}
