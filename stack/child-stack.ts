import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { databaseUrlFromPassfile } from './database-access.ts';
import { type PortName, planPorts } from './services.ts';

const root = path.dirname(import.meta.dirname);

/** An embedded stack that runs as a process of its own, as `npm start` would have it: for tests and benchmarks. */
export interface ChildStack {
  readonly process: ChildProcess;
  readonly pid: number;
  /** Where a service is, without a slash at the end. */
  readonly url: (port: PortName) => string;
  /** The URL with which tracestore connects to its database. */
  readonly databaseUrl: string;
  /** What it has printed so far. */
  readonly output: () => string;
  /** Ends it, as Ctrl-C would. */
  stop(): Promise<void>;
}

/**
 * Starts a stack that keeps no data, and waits until it is ready.
 *
 * @param portOffset where its ports are; another stack may be running at the usual ones
 * @param options of `npm start`, besides
 * @throws Error with all that it printed when it does not get ready
 */
export async function startChildStack(portOffset: number, options: readonly string[] = []): Promise<ChildStack> {
  const ports = planPorts(portOffset);
  const args = ['stack/start.mjs', '--memory', '--port-offset', String(portOffset), ...options];
  const child = spawn(process.execPath, args, { cwd: root, stdio: ['ignore', 'pipe', 'pipe'] });
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
