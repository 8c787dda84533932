import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { freePort } from '@spandrel/testing/free-port';
import { type GuardedProcess, startGuarded } from '@spandrel/embedded/parent-guard';
import { untilServiceReady } from '@spandrel/embedded/readiness';
import { allocatorEnvironment, nodeFlagsOf, tracestore } from '../../stack/services.ts';
import type { ContestantPlan, Order, Report } from './contestant.ts';
import { onCores } from './cores.ts';
import { forwardOutput } from './child-output.ts';

/** This checkout. */
export const ownRoot = path.dirname(path.dirname(import.meta.dirname));

/** A contestant that waits for orders. */
export interface RunningContestant {
  readonly pid: number;
  /** The size of its corpus. */
  readonly corpus: Pick<Report, 'rows' | 'requests'>;
  obey(order: Exclude<Order, { order: 'leave' }>): Promise<Report>;
  leave(): Promise<void>;
}

/**
 * @param root the checkout whose build it measures, with the benchmark of that checkout
 * @throws Error if it ends before it is ready
 */
export async function startContestant(
  plan: ContestantPlan,
  cores: string | undefined,
  root = ownRoot,
): Promise<RunningContestant> {
  const script = path.join(root, 'bench/write/contestant-main.ts');
  const [command = '', ...args] = onCores(cores, process.execPath, [script, JSON.stringify(plan)]);
  // The log of the store goes to stderr, because stdout holds only the result.
  const child = spawn(command, args, { cwd: root, stdio: ['ignore', process.stderr, 'inherit', 'ipc'] });
  const corpus: RunningContestant['corpus'] = await nextReport(child, plan.way.name);
  return {
    pid: child.pid ?? 0,
    corpus,
    obey: (order) => {
      const report = nextReport(child, plan.way.name);
      child.send(order);
      return report;
    },
    leave: async () => {
      if (child.exitCode !== null || child.signalCode !== null) return;
      const exited = once(child, 'exit');
      child.send({ order: 'leave' } satisfies Order);
      await exited;
    },
  };
}

function nextReport(child: ChildProcess, name: string): Promise<Report> {
  return new Promise((resolve, reject) => {
    const ended = (): void => reject(new Error(`${name} ended before it was done`));
    child.once('exit', ended);
    child.once('message', (report) => {
      child.off('exit', ended);
      resolve(report as Report);
    });
  });
}

/** A tracestore process, started as in production. */
export interface RunningStore {
  readonly pid: number;
  readonly httpPort: number;
  readonly otlpHttpPort: number;
  readonly otlpGrpcPort: number;
  readonly jaegerGrpcPort: number;
  stop(): Promise<void>;
}

/**
 * @param cores that it may use; all if undefined
 * @param root the checkout whose build runs
 */
export async function startStore(
  databaseUrl: string,
  connections: number,
  cores: string | undefined,
  root = ownRoot,
): Promise<RunningStore> {
  const [httpPort, otlpHttpPort] = [await freePort(), await freePort()];
  const [otlpGrpcPort, jaegerGrpcPort] = [await freePort(), await freePort()];
  const [command = '', ...args] = onCores(cores, process.execPath, [
    ...nodeFlagsOf(tracestore),
    'dist/apps/tracestore/main.js',
  ]);
  const store = await startGuarded({
    command,
    args,
    cwd: root,
    env: {
      PATH: process.env['PATH'],
      ...allocatorEnvironment,
      LOG_LEVEL: 'warn',
      TRACESTORE_HTTP_PORT: String(httpPort),
      TRACESTORE_OTLP_HTTP_PORT: String(otlpHttpPort),
      TRACESTORE_OTLP_GRPC_PORT: String(otlpGrpcPort),
      TRACESTORE_JAEGER_GRPC_PORT: String(jaegerGrpcPort),
      TRACESTORE_TEMPO_PORT: String(await freePort()),
      TRACESTORE_DATABASE_URL: databaseUrl,
      TRACESTORE_DATABASE_CONNECTIONS: String(connections),
    },
    stopSignal: 'SIGTERM',
  });
  forwardOutput(store);
  await untilServiceReady(`http://127.0.0.1:${httpPort}`, store, AbortSignal.timeout(60_000));
  // taskset replaces itself with the store, so its pid is the store's.
  return { pid: store.pid, httpPort, otlpHttpPort, otlpGrpcPort, jaegerGrpcPort, stop: () => stop(store) };
}

async function stop(guarded: GuardedProcess): Promise<void> {
  guarded.release();
  await guarded.exited;
}
