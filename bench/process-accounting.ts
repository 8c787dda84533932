import { readdir, readFile } from 'node:fs/promises';

/** The length of a tick in /proc/PID/stat: USER_HZ is 100 on every Linux that Node runs on. */
const tickNs = 10_000_000;

/**
 * Reads the CPU time of a process from /proc. Linux only.
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
 * Reads the CPU time of a process and all its descendants, also of those that have ended and were waited for by a live
 * one, such as the workers of a server. Linux only.
 *
 * @param root the process at the top
 * @returns ns
 */
export async function treeCpuTimeNs(root: number): Promise<number> {
  for (;;) {
    const members = await treeOf(root);
    const times = await Promise.all(members.map(({ pid }) => cpuTimeNs(pid).catch(() => 0)));
    // A process that ends in between counts neither as live nor as waited for.
    if (JSON.stringify(members) !== JSON.stringify(await treeOf(root))) continue;
    const collected = members.reduce((sum, { collectedTicks }) => sum + collectedTicks, 0);
    return times.reduce((sum, time) => sum + time, collected * tickNs);
  }
}

/**
 * Reads the memory of a process and all its descendants as proportional set size: shared memory is divided between its
 * users, so the sum is the memory in use. Linux only.
 *
 * @param root the process at the top
 * @returns bytes
 */
export async function treePssBytes(root: number): Promise<number> {
  const sizes = await Promise.all(
    (await treeOf(root)).map(async ({ pid }) => {
      const rollup = await readFile(`/proc/${pid}/smaps_rollup`, 'utf8').catch(() => '');
      return Number(/^Pss:\s+(\d+) kB/m.exec(rollup)?.[1] ?? 0) * 1024;
    }),
  );
  return sizes.reduce((sum, size) => sum + size, 0);
}

/**
 * Reads the maximum memory of a process since its start. Linux only.
 *
 * @returns bytes
 */
export async function peakRssBytes(pid: number): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8');
  return Number(/^VmHWM:\s+(\d+) kB/m.exec(status)?.[1] ?? 0) * 1024;
}

/** Reads the memory of a process now. Linux only. @returns bytes */
export async function rssBytes(pid: number): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8');
  return Number(/^VmRSS:\s+(\d+) kB/m.exec(status)?.[1] ?? 0) * 1024;
}

/** Reads the CPU time of all processes on all cores in ns. Linux only. */
export async function machineCpuTimeNs(): Promise<number> {
  const [all = ''] = (await readFile('/proc/stat', 'utf8')).split('\n', 1);
  const [, user = 0, nice = 0, system = 0, , , irq = 0, softirq = 0, steal = 0] = all.split(/ +/).map(Number);
  return (user + nice + system + irq + softirq + steal) * tickNs;
}

/** @returns the pids of a process and of all its descendants. Linux only. */
export async function treePids(root: number): Promise<readonly number[]> {
  return (await treeOf(root)).map(({ pid }) => pid);
}

interface TreeMember {
  readonly pid: number;
  readonly parent: number;
  /** CPU time of the children that the process has waited for. */
  readonly collectedTicks: number;
}

async function treeOf(root: number): Promise<readonly TreeMember[]> {
  const members = new Map<number, TreeMember>();
  for (const entry of await readdir('/proc')) {
    if (!/^\d+$/.test(entry)) continue;
    const stat = await readFile(`/proc/${entry}/stat`, 'utf8').catch(() => undefined);
    if (stat === undefined) continue;
    // The name of the command, in brackets, may contain anything. State and parent follow, and from the eleventh field
    // on user time, system time, and both of the children that were waited for.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    const pid = Number(entry);
    members.set(pid, { pid, parent: Number(fields[1]), collectedTicks: Number(fields[13]) + Number(fields[14]) });
  }
  const descends = ({ pid, parent }: TreeMember): boolean => {
    if (pid === root) return true;
    const above = members.get(parent);
    return above !== undefined && descends(above);
  };
  return [...members.values()].filter(descends);
}
