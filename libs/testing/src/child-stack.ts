import path from 'node:path';
import { databaseUrlFromPassfile } from '@spandrel/embedded/database-access';
import { describeExit, startGuarded } from '@spandrel/embedded/parent-guard';
import { findFreeOffset, planPorts, type PortName, type PortPlan } from '../../../stack/ports.ts';

const root = path.resolve(import.meta.dirname, '../../..');

/** An embedded stack in its own process, as `npm start` runs it. */
export interface ChildStack {
  /** The pid of the supervisor. */
  readonly pid: number;
  /** The URL of a service, without a slash at the end. */
  readonly url: (port: PortName) => string;
  readonly ports: PortPlan;
  readonly portOffset: number;
  /** The URL with which tracestore connects to its database. */
  readonly databaseUrl: string;
  /** What it has printed. */
  readonly output: () => string;
  /** Stops it as Ctrl-C does. */
  stop(): Promise<void>;
}

/** How to start the stack of a test. */
export interface ChildStackOptions {
  /** Options of `npm start`. */
  readonly options?: readonly string[];
  /** Variables in addition to those of this process. */
  readonly environment?: Readonly<Record<string, string>>;
}

/**
 * Starts a stack that keeps no data, at free ports, and waits until it is ready. It ends with this process at the latest.
 *
 * @throws Error with its output when it does not become ready
 */
export async function startChildStack({ options = [], environment = {} }: ChildStackOptions = {}): Promise<ChildStack> {
  const portOffset = await findFreeOffset();
  const ports = planPorts(portOffset);
  const child = await startGuarded({
    command: process.execPath,
    args: ['stack/main.ts', '--memory', '--no-open', '--port-offset', String(portOffset), ...options],
    cwd: root,
    env: { ...process.env, ...environment },
    stopSignal: 'SIGINT',
  });
  let output = '';
  let ended = false;
  await new Promise<void>((resolve, reject) => {
    for (const stream of [child.stdout, child.stderr]) {
      stream.on('data', (text: Buffer) => {
        output += text.toString();
        // The last line of the banner.
        if (/^\s+Stop\s/m.test(output)) resolve();
      });
    }
    void child.exited.then((exit) => {
      ended = true;
      reject(new Error(`the stack ended before it was ready (${describeExit(exit)}):\n${output}`));
    });
  });
  return {
    pid: child.pid,
    ports,
    portOffset,
    url: (port) => `http://127.0.0.1:${ports[port]}`,
    databaseUrl: databaseUrlFromPassfile(root, ports.database),
    output: () => output,
    stop: async () => {
      if (!ended) process.kill(child.pid, 'SIGINT');
      await child.exited;
    },
  };
}
