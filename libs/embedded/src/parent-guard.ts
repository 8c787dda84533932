import { once } from 'node:events';
import { type ChildProcess, spawn } from 'node:child_process';
import type { Socket } from 'node:net';
import type { Readable } from 'node:stream';

/**
 * Leaves a watcher process behind and becomes the child by `exec`, so the child has the pid that we started.
 *
 * The watcher reads a pipe (descriptor 3). The pipe closes when we release the child or when we die. The watcher then
 * sends the child its stop signal, and SIGKILL after a grace period.
 *
 * The child leads its own process group, so Ctrl-C in the terminal does not reach it. The watcher belongs to that group,
 * so no other process can get the number of the group while the watcher runs.
 */
const guardScript = `
signal=$1 tenths=$2 folder=$3
shift 3
alive() {
  kill -0 "$$" || return 1
  # On Linux, a process that has ended but was not collected does not count.
  ! { read -r _ _ state _ <"/proc/$$/stat" && [ "$state" = Z ]; }
}
(
  (
    trap '' HUP INT TERM
    read -r _ <&3
    kill -s "$signal" -- "-$$"
    while [ "$tenths" -gt 0 ] && alive; do
      sleep 0.1 || sleep 1
      tenths=$((tenths - 1))
    done
    kill -s KILL "$$"
    [ -z "$folder" ] || rm -rf "$folder"
    kill -s KILL -- "-$$"
  ) </dev/null >/dev/null 2>&1 &
)
exec "$@" 3<&-
`;

const graceTenths = 40;

/** How a process ended. */
export interface Exit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** How to start a child under the parent guard. */
export interface GuardOptions {
  readonly command: string;
  readonly args: readonly string[];
  /** The complete environment of the child. It inherits nothing else. */
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly cwd: string;
  /** Runs the child as this user. Requires root. */
  readonly user?: { readonly uid: number; readonly gid: number };
  /** The signal that asks the child to end. */
  readonly stopSignal: 'SIGTERM' | 'SIGINT';
  /** A temporary folder that the watcher removes with the child. */
  readonly tempFolder?: string | undefined;
}

/** A running child that cannot outlive this process. */
export interface GuardedProcess {
  readonly pid: number;
  readonly stdout: Readable;
  readonly stderr: Readable;
  /** Resolves when the child has ended. Never rejects. */
  readonly exited: Promise<Exit>;
  /** Asks the child to end. SIGKILL follows after 4 s. */
  release(): void;
  /** Kills the process group of the child. */
  kill(): void;
}

/**
 * Starts a child that ends when it is released or when this process dies.
 *
 * @throws Error when the process cannot be started
 */
export async function startGuarded(options: GuardOptions): Promise<GuardedProcess> {
  const { command, args, env, cwd, user, stopSignal, tempFolder = '' } = options;
  const guard = ['-c', guardScript, 'guard', stopSignal.slice('SIG'.length), String(graceTenths), tempFolder];
  const child: ChildProcess = spawn('/bin/sh', [...guard, command, ...args], {
    cwd,
    env: { ...env },
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe', 'pipe'],
    ...user,
  });
  const exited = new Promise<Exit>((resolve) => child.once('exit', (code, signal) => resolve({ code, signal })));
  await once(child, 'spawn');
  const { pid, stdout, stderr } = child;
  const pipe = child.stdio[3] as Socket | null | undefined;
  if (pid === undefined || stdout === null || stderr === null || !pipe)
    throw new Error(`${command} was started without a pid or pipes`);
  // The watcher may end before the release.
  pipe.on('error', () => {});
  pipe.unref();
  const kill = (): void => {
    try {
      process.kill(-pid, 'SIGKILL');
    } catch {
      // The group has ended.
    }
  };
  // Ends the watcher and the processes that the child left in its group.
  void exited.then(kill);
  return { pid, stdout, stderr, exited, release: () => pipe.destroy(), kill };
}

/** Returns a phrase such as `exit code 1` or `killed by SIGKILL`. */
export function describeExit({ code, signal }: Exit): string {
  return signal === null ? `exit code ${code}` : `killed by ${signal}`;
}
