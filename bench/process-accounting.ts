import { readdir, readFile } from 'node:fs/promises';

/**
 * What the kernel says that a process has used. Linux only: read from /proc.
 *
 * @param pid the process
 * @returns CPU time of all its living threads, in ns
 */
export async function cpuTimeNs(pid: number): Promise<number> {
  const threads = await readdir(`/proc/${pid}/task`);
  const times = await Promise.all(
    threads.map(async (thread) => {
      const schedstat = await readFile(`/proc/${pid}/task/${thread}/schedstat`, 'utf8');
      return Number(schedstat.split(' ', 1)[0]);
    }),
  );
  return times.reduce((sum, time) => sum + time, 0);
}

/**
 * Memory of a process and all its descendants as proportional set size: what several of them share
 * is split between them, so that the sum is what the machine has to give. Linux only.
 *
 * @param root the process at the top
 * @returns bytes
 */
export async function treePssBytes(root: number): Promise<number> {
  const parents = new Map<number, number>();
  for (const entry of await readdir('/proc')) {
    if (!/^\d+$/.test(entry)) continue;
    const stat = await readFile(`/proc/${entry}/stat`, 'utf8').catch(() => undefined);
    // The command's name, in brackets, may hold anything; the parent's pid is the second field behind it.
    const parent = stat?.slice(stat.lastIndexOf(')') + 2).split(' ')[1];
    if (parent !== undefined) parents.set(Number(entry), Number(parent));
  }
  const descends = (pid: number): boolean => pid === root || (parents.has(pid) && descends(parents.get(pid) ?? 0));
  const sizes = await Promise.all(
    [...parents.keys()].filter(descends).map(async (pid) => {
      const rollup = await readFile(`/proc/${pid}/smaps_rollup`, 'utf8').catch(() => '');
      return Number(/^Pss:\s+(\d+) kB/m.exec(rollup)?.[1] ?? 0) * 1024;
    }),
  );
  return sizes.reduce((sum, size) => sum + size, 0);
}
