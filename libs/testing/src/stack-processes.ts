import { execFileSync } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';

/** Observes the processes of one supervisor. Each of its children leads a process group. */
export class StackProcesses {
  private readonly supervisorPid: number;
  /** Includes the groups of children that have ended, since their descendants stay in the group. */
  private readonly groups = new Set<number>();

  constructor(supervisorPid: number) {
    this.supervisorPid = supervisorPid;
  }

  /** The pids of the children of the supervisor whose command contains `part`. */
  running(part: string): readonly number[] {
    return this.alive()
      .filter(({ pid, group, command }) => pid === group && command.includes(part))
      .map(({ pid }) => pid);
  }

  /** The pids of the running processes in all observed groups. */
  left(): readonly number[] {
    return this.alive().map(({ pid }) => pid);
  }

  private alive(): readonly { readonly pid: number; readonly group: number; readonly command: string }[] {
    const processes = execFileSync('ps', ['-eo', 'pid=,ppid=,pgid=,stat=,args='], { encoding: 'utf8' })
      .split('\n')
      .flatMap((line) => {
        const [, pid, parent, group, state = '', command = ''] =
          /^\s*(\d+)\s+(\d+)\s+(\d+)\s+(\S+)\s+(.*)$/.exec(line) ?? [];
        return pid === undefined || state.startsWith('Z')
          ? []
          : [{ pid: Number(pid), parent: Number(parent), group: Number(group), command }];
      });
    for (const { pid, parent } of processes) if (parent === this.supervisorPid) this.groups.add(pid);
    return processes.filter(({ group }) => this.groups.has(group));
  }
}

/** Waits until a condition holds. @returns whether it did within `timeoutMs` */
export async function until(condition: () => boolean | Promise<boolean>, timeoutMs: number): Promise<boolean> {
  const deadline = Date.now() + timeoutMs;
  while (Date.now() < deadline) {
    if (await condition()) return true;
    await sleep(50);
  }
  return false;
}
