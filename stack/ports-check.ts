import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import path from 'node:path';

const longestSubject = 60;

/** A port that the stack is about to take. */
export interface WantedPort {
  readonly name: string;
  readonly port: number;
  readonly host: string;
}

/** A wanted port that is not to be had, and what is known of why. */
export interface TakenPort extends WantedPort {
  readonly holder: string;
}

/** Finds out which of the ports cannot be listened on, and who holds them. */
export async function findTakenPorts(wanted: readonly WantedPort[]): Promise<readonly TakenPort[]> {
  const faults = await Promise.all(wanted.map((entry) => whyTaken(entry)));
  return wanted.flatMap((entry, index) => {
    const fault = faults[index];
    if (fault === undefined) return [];
    return [{ ...entry, holder: fault === 'taken' ? describeHolder(entry.port) : fault }];
  });
}

async function whyTaken({ host, port }: WantedPort): Promise<'taken' | string | undefined> {
  const code = await listenOnce(host, port);
  if (code === 'EADDRINUSE') return 'taken';
  if (code === 'EACCES') return 'this user may not listen on it';
  if (code !== undefined) return `listening on ${host} fails: ${code}`;
  // On some systems one may listen on an address although somebody listens on all addresses.
  return (await answers(port)) ? 'taken' : undefined;
}

function listenOnce(host: string, port: number): Promise<string | undefined> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
    server.listen({ host, port, exclusive: true }, () => server.close(() => resolve(undefined)));
  });
}

function answers(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host: '127.0.0.1', port, timeout: 500 });
    const finish = (answered: boolean): void => {
      socket.destroy();
      resolve(answered);
    };
    socket.once('connect', () => finish(true));
    socket.once('error', () => finish(false));
    socket.once('timeout', () => finish(false));
  });
}

function describeHolder(port: number): string {
  try {
    const pid = process.platform === 'linux' ? holderFromProc(port) : holderFromLsof(port);
    return pid === undefined ? 'a process of another user' : `${nameOf(pid)} (pid ${pid})`;
  } catch {
    return 'a process that cannot be identified';
  }
}

/** /proc/net/tcp names the socket that listens, /proc/<pid>/fd who has it open. */
function holderFromProc(port: number): number | undefined {
  const suffix = `:${port.toString(16).toUpperCase().padStart(4, '0')}`;
  const listening = '0A';
  const inodes = new Set(
    ['/proc/net/tcp', '/proc/net/tcp6']
      .flatMap((file) => readLines(file))
      .map((line) => line.trim().split(/\s+/))
      .filter((fields) => fields[1]?.endsWith(suffix) && fields[3] === listening)
      .map((fields) => `socket:[${fields[9]}]`),
  );
  const pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name));
  return pids.map(Number).find((pid) => openFiles(pid).some((target) => inodes.has(target)));
}

function readLines(file: string): readonly string[] {
  try {
    return readFileSync(file, 'utf8').split('\n').slice(1);
  } catch {
    return [];
  }
}

function openFiles(pid: number): readonly string[] {
  try {
    return readdirSync(`/proc/${pid}/fd`).map((fd) => {
      try {
        return readlinkSync(`/proc/${pid}/fd/${fd}`);
      } catch {
        return '';
      }
    });
  } catch {
    return [];
  }
}

function holderFromLsof(port: number): number | undefined {
  const output = execFileSync('lsof', ['-nP', `-iTCP:${port}`, '-sTCP:LISTEN', '-t'], { encoding: 'utf8' });
  const [first = ''] = output.trim().split('\n');
  return first === '' ? undefined : Number(first);
}

/** The program, and the first file or folder that it was given: enough to recognise a process by. */
function nameOf(pid: number): string {
  const [program = '', ...args] =
    process.platform === 'linux'
      ? readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0')
      : execFileSync('ps', ['-o', 'command=', '-p', String(pid)], { encoding: 'utf8' })
          .trim()
          .split(' ');
  const subject =
    args.find(
      (arg) => !arg.startsWith('-') && (arg.includes('/') || /\.[cm]?[jt]s$/.test(arg)) && !arg.startsWith('@'),
    ) ?? '';
  const shortened = subject.length > longestSubject ? `…${subject.slice(1 - longestSubject)}` : subject;
  return `${path.basename(program)} ${shortened}`.trim();
}
