import { readFileSync } from 'node:fs';

const pollMs = 300;
const mostAncestors = 5;

/**
 * Calls `onGone` once when whoever started us is gone: npm, the shell that npm uses, or start.mjs. A killed
 * npm passes no signal on, but an orphan has another parent. Started by hand, we outlive our shell if the
 * shell lets us.
 */
export function watchLauncher(onGone: () => void): void {
  const chain = launcherChain();
  if (chain === '') return;
  const timer = setInterval(() => {
    if (launcherChain() === chain) return;
    clearInterval(timer);
    onGone();
  }, pollMs).unref();
}

/** The pids of those who started us, up to npm; '' if nobody but a person did. */
function launcherChain(): string {
  const startMjs = process.env['SPANDREL_LAUNCHER_PID'] !== undefined;
  const npm = process.env['npm_lifecycle_event'] !== undefined;
  if (!startMjs && !npm) return '';
  const pids: number[] = [process.ppid];
  for (const pid of pids) {
    if (process.platform !== 'linux' || pids.length > mostAncestors) break;
    const ancestor = readProcess(pid);
    if (ancestor === undefined) break;
    if (ancestor.name.startsWith('npm')) return pids.join(' ');
    pids.push(ancestor.parent);
  }
  return String(process.ppid);
}

function readProcess(pid: number): { readonly name: string; readonly parent: number } | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const [, name = '', parent = ''] = /^\d+ \((.*)\) \S+ (\d+)/s.exec(stat) ?? [];
    return { name, parent: Number(parent) };
  } catch {
    return undefined;
  }
}
