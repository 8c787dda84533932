import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { databaseUrlFromPassfile } from './database-access.ts';
import { findTakenPorts } from './ports-check.ts';
import { type PortName, type PortPlan, planPorts } from './services.ts';

const root = path.dirname(import.meta.dirname);

/** An embedded stack that runs as a process of its own, as `npm start` would have it: for tests and benchmarks. */
export interface ChildStack {
  readonly process: ChildProcess;
  readonly pid: number;
  /** Where a service is, without a slash at the end. */
  readonly url: (port: PortName) => string;
  readonly ports: PortPlan;
  /** What was added to the usual ports. */
  readonly portOffset: number;
  /** The URL with which tracestore connects to its database. */
  readonly databaseUrl: string;
  /** What it has printed so far. */
  readonly output: () => string;
  /** Ends it, as Ctrl-C would. */
  stop(): Promise<void>;
}

/** How a stack of a test is started. */
export interface ChildStackOptions {
  /** Of `npm start`. */
  readonly options?: readonly string[];
  /** Variables, besides those of this process. */
  readonly environment?: Readonly<Record<string, string>>;
}

/**
 * Starts a stack that keeps no data, as `npm start` does, at ports that are free, and waits until it is ready.
 *
 * @throws Error with all that it printed when it does not get ready
 */
export async function startChildStack({ options = [], environment = {} }: ChildStackOptions = {}): Promise<ChildStack> {
  const portOffset = await findFreePortOffset();
  const ports = planPorts(portOffset);
  const args = ['stack/start.mjs', '--memory', '--no-open', '--port-offset', String(portOffset), ...options];
  const child = spawn(process.execPath, args, {
    cwd: root,
    // It ends with this process, however that ends.
    env: { ...process.env, SPANDREL_LAUNCHER_PID: String(process.pid), ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  await new Promise<void>((resolve, reject) => {
    for (const stream of [child.stdout, child.stderr]) {
      stream.on('data', (text: Buffer) => {
        output += text.toString();
        // The last line of what it prints when it is ready says how to stop it.
        if (/^\s+Stop\s/m.test(output)) resolve();
      });
    }
    child.once('error', reject);
    child.once('exit', () => reject(new Error(`the stack ended before it was ready:\n${output}`)));
  });
  return {
    process: child,
    pid: child.pid ?? 0,
    ports,
    portOffset,
    url: (port) => `http://127.0.0.1:${ports[port]}`,
    databaseUrl: databaseUrlFromPassfile(root, ports.database, 'tracestore'),
    output: () => output,
    stop: async () => {
      if (child.exitCode !== null || child.signalCode !== null) return;
      child.kill('SIGINT');
      await once(child, 'exit');
    },
  };
}

/** How far from the usual ports those of a test are: this far at least, and less than `offsets` beyond that. */
const firstOffset = 8_000;
const offsets = 20_000;

/**
 * An offset at which all ports of a stack are free at this moment. It begins to look at a random one, so that test runs on
 * one machine keep out of each other's way.
 *
 * @throws Error when it finds none
 */
async function findFreePortOffset(): Promise<number> {
  for (let tries = 0; tries < 50; tries += 1) {
    const offset = firstOffset + Math.floor(Math.random() * offsets);
    const wanted = Object.entries(planPorts(offset)).map(([name, port]) => ({ name, port, host: '127.0.0.1' }));
    if ((await findTakenPorts(wanted)).length === 0) return offset;
  }
  throw new Error('no offset was found at which all ports of a stack are free');
}
