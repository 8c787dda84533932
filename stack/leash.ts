import { type ChildProcess, spawn } from 'node:child_process';
import type { Readable } from 'node:stream';
import type { Socket } from 'node:net';

/**
 * What runs between us and each child, in POSIX sh, for a moment: it leaves a watcher behind and
 * becomes the child by `exec`. So the process that we started *is* the child: its pid, its exit status.
 *
 * The watcher waits at the other end of a pipe (descriptor 3). The pipe closes when we let go of it
 * and also when we die, however we die: the child then gets its signal, and SIGKILL after a grace.
 *
 * The child leads a process group of its own, so Ctrl-C in the terminal does not reach it. The watcher is
 * in that group, so the group's number, which is the child's pid, cannot be given to another process.
 */
const leashScript = `
signal=$1 tenths=$2 rubbish=$3
shift 3
alive() {
  kill -0 "$$" || return 1
  # One that has ended but was not collected yet, where /proc tells.
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
    [ -z "$rubbish" ] || rm -rf "$rubbish"
    kill -s KILL -- "-$$"
  ) </dev/null >/dev/null 2>&1 &
)
exec "$@" 3<&-
`;

/** How a process ended. */
export interface Exit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

export interface LeashOptions {
  readonly command: string;
  readonly args: readonly string[];
  /** The child's whole environment; nothing is inherited. */
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly cwd: string;
  /** Run as another user (only root may). */
  readonly user?: { readonly uid: number; readonly gid: number };
  /** What asks this child to end gracefully. */
  readonly stopSignal: 'SIGTERM' | 'SIGINT';
  /** A folder that nobody needs after the child: removed by the watcher if we are not there to do it. */
  readonly rubbish?: string | undefined;
}

/** A running child that cannot outlive us. */
export interface LeashedProcess {
  /** The child's own pid. */
  readonly pid: number;
  readonly stdout: Readable;
  readonly stderr: Readable;
  /** Resolves when the child has ended, whatever the reason. Never rejects. */
  readonly exited: Promise<Exit>;
  /** Asks the child to end; SIGKILL follows after 4 s. */
  letGo(): void;
  /** Ends the child's whole process group at once. */
  kill(): void;
}

const graceTenths = 40;

/**
 * Starts a child that ends when we let go of it, and also when we die.
 *
 * @throws Error when the process cannot be started at all (no such file, not allowed)
 */
export async function startOnLeash(options: LeashOptions): Promise<LeashedProcess> {
  const signal = options.stopSignal.slice('SIG'.length);
  const child: ChildProcess = spawn(
    '/bin/sh',
    ['-c', leashScript, 'leash', signal, String(graceTenths), options.rubbish ?? '', options.command, ...options.args],
    {
      cwd: options.cwd,
      env: { ...options.env },
      detached: true,
      stdio: ['ignore', 'pipe', 'pipe', 'pipe'],
      ...options.user,
    },
  );
  const exited = new Promise<Exit>((resolve) => {
    child.once('exit', (code, exitSignal) => resolve({ code, signal: exitSignal }));
  });
  await new Promise<void>((resolve, reject) => {
    child.once('spawn', resolve);
    child.once('error', reject);
  });
  const { pid, stdout, stderr } = child;
  const leash = child.stdio[3] as Socket | null | undefined;
  if (pid === undefined || stdout === null || stderr === null || !leash)
    throw new Error('the child has no pid or no pipes');
  // The watcher may be gone before we let go of it; that is no news.
  leash.on('error', () => {});
  leash.unref();
  const kill = (): void => {
    try {
      process.kill(-pid, 'SIGKILL');
    } catch {
      // Its whole group is gone.
    }
  };
  // The watcher, and whatever the child left behind, go with the child.
  void exited.then(kill);
  return {
    pid,
    stdout,
    stderr,
    exited,
    letGo: () => leash.destroy(),
    kill,
  };
}

/** One phrase for a person: how a process ended. */
export function describeExit({ code, signal }: Exit): string {
  return signal === null ? `exit code ${code}` : `killed by ${signal}`;
}
