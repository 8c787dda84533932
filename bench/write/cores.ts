import { spawnSync } from 'node:child_process';
import { treePids } from '../process-accounting.ts';

/** Which cores the two sides of the benchmark have for themselves, and what is left for whoever sends. */
export interface Cores {
  readonly postgres: string;
  readonly node: string;
  /** A third core where there is one, or else PostgreSQL's: what sends is not what is measured. */
  readonly sender: string;
}

/** @returns undefined where processes cannot be pinned: not Linux, no taskset, or a single core */
export function findCores(): Cores | undefined {
  if (process.platform !== 'linux') return undefined;
  const { status, stdout } = spawnSync('taskset', ['-c', '-p', String(process.pid)], { encoding: 'utf8' });
  if (status !== 0) return undefined;
  const [postgres, node, third] = parseList(stdout.slice(stdout.lastIndexOf(':') + 1));
  if (postgres === undefined || node === undefined) return undefined;
  return { postgres: String(postgres), node: String(node), sender: String(third ?? postgres) };
}

/** `0-2,5` as it is written. */
function parseList(text: string): readonly number[] {
  return text
    .trim()
    .split(',')
    .flatMap((part) => {
      const [first = 0, last = first] = part.split('-').map(Number);
      return Array.from({ length: last - first + 1 }, (_, index) => first + index);
    });
}

/** A command that runs on these cores only, or anywhere when there are none. */
export function onCores(cores: string | undefined, command: string, args: readonly string[]): readonly string[] {
  return cores === undefined ? [command, ...args] : ['taskset', '-c', cores, command, ...args];
}

/** Moves a server and all its processes; those that it starts later are born there. */
export async function moveTree(root: number, cores: string): Promise<void> {
  for (const pid of await treePids(root)) spawnSync('taskset', ['-a', '-p', '-c', cores, String(pid)]);
}
