import { spawnSync } from 'node:child_process';
import { treePids } from '../process-accounting.ts';

/** The cores of PostgreSQL, of the process under test and of the sender. */
export interface Cores {
  readonly postgres: string;
  readonly node: string;
  /** A third core if there is one, otherwise PostgreSQL's. The sender is not measured. */
  readonly sender: string;
}

/** @returns undefined if processes cannot be pinned: not Linux, no taskset, or a single core */
export function findCores(): Cores | undefined {
  if (process.platform !== 'linux') return undefined;
  const { status, stdout } = spawnSync('taskset', ['-c', '-p', String(process.pid)], { encoding: 'utf8' });
  if (status !== 0) return undefined;
  const [postgres, node, third] = parseList(stdout.slice(stdout.lastIndexOf(':') + 1));
  if (postgres === undefined || node === undefined) return undefined;
  return { postgres: String(postgres), node: String(node), sender: String(third ?? postgres) };
}

/** Parses a list such as `0-2,5`. */
function parseList(text: string): readonly number[] {
  return text
    .trim()
    .split(',')
    .flatMap((part) => {
      const [first = 0, last = first] = part.split('-').map(Number);
      return Array.from({ length: last - first + 1 }, (_, index) => first + index);
    });
}

/** @returns a command that runs on these cores only, or on all if they are undefined */
export function onCores(cores: string | undefined, command: string, args: readonly string[]): readonly string[] {
  return cores === undefined ? [command, ...args] : ['taskset', '-c', cores, command, ...args];
}

/** Moves a server and all its processes to cores. Later processes inherit them. */
export async function moveTree(root: number, cores: string): Promise<void> {
  for (const pid of await treePids(root)) spawnSync('taskset', ['-a', '-p', '-c', cores, String(pid)]);
}
