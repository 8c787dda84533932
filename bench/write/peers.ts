import { spawnSync } from 'node:child_process';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { freePort } from '@spandrel/testing/free-port';
import { describeExit, startGuarded } from '@spandrel/embedded/parent-guard';
import { removeFolder } from '@spandrel/embedded/unprivileged';
import { type Results, rounded } from '../results.ts';
import { peakRssBytes, treeCpuTimeNs, treePids, treePssBytes } from '../process-accounting.ts';
import type { ContestantPlan } from './contestant.ts';
import { moveTree } from './cores.ts';
import { type RunningStore, startContestant } from './processes.ts';

/** The parameters of a comparison with other systems. */
export interface PeerRun {
  readonly say: (line: string) => void;
  /** @returns the plan of a sender over gRPC to a port */
  readonly plan: (port: number) => ContestantPlan;
  readonly startOurs: () => Promise<RunningStore>;
  /** The PostgreSQL server of tracestore. Its CPU and memory count for tracestore. */
  readonly databasePid: number | undefined;
}

/** A server under load. */
interface Subject {
  readonly name: string;
  readonly grpcPort: number;
  /** The processes whose CPU and memory count. */
  readonly pids: readonly number[];
  stop(): Promise<void>;
}

/**
 * Sends the corpus once over gRPC to tracestore, and to the other systems whose programs are on the PATH. No process is
 * pinned or warmed up. The others acknowledge from memory; tracestore has committed.
 */
export async function measurePeers(run: PeerRun): Promise<Results> {
  const { say, databasePid } = run;
  if (process.platform !== 'linux') {
    say('peers: this needs Linux');
    return {};
  }
  if (databasePid !== undefined) await moveTree(databasePid, '0-1023');
  const results: Record<string, number> = {};
  const take = async (start: () => Promise<Subject>): Promise<void> => {
    const subject = await start();
    try {
      Object.assign(results, await measure(subject, run));
    } finally {
      await subject.stop();
    }
  };
  await take(async () => {
    const store = await run.startOurs();
    const pids = [store.pid, ...(databasePid === undefined ? [] : [databasePid])];
    return { name: 'tracestore', grpcPort: store.otlpGrpcPort, pids, stop: () => store.stop() };
  });
  if (spawnSync('jaeger', ['version']).error !== undefined) {
    say('peers: no `jaeger` on the PATH');
    return results;
  }
  for (const storage of ['memory', 'badger'] as const) await take(() => startJaeger(storage));
  return results;
}

async function measure({ name, grpcPort, pids }: Subject, { say, plan }: PeerRun): Promise<Results> {
  const sender = await startContestant(plan(grpcPort), undefined);
  try {
    let peakBytes = 0;
    const over = new AbortController();
    const weigh = async (): Promise<void> => {
      while (!over.signal.aborted) {
        const sizes = await Promise.all(pids.map((pid) => treePssBytes(pid)));
        peakBytes = Math.max(
          peakBytes,
          sizes.reduce((sum, size) => sum + size, 0),
        );
        await sleep(weighEveryMs);
      }
    };
    const cpuBefore = await cpuSeconds(pids);
    const weighing = weigh();
    const report = await sender.obey({ order: 'run' }).finally(() => over.abort());
    await weighing;
    // Includes the work after the acknowledgement.
    await sleep(afterMathMs);
    const cpu = (await cpuSeconds(pids)) - cpuBefore;
    // Proportional set sizes are sampled; the peak of a single process comes from the kernel.
    if (pids.length === 1 && (await treePids(pids[0] ?? 0)).length === 1) {
      peakBytes = Math.max(peakBytes, await peakRssBytes(pids[0] ?? 0));
    }
    const millions = report.spans / 1e6;
    const results = {
      [`${name}SpansPerSecond`]: rounded(report.spans / (report.wallMs / 1000), 0),
      [`${name}CpuSecondsPerMillion`]: rounded(cpu / millions, 2),
      [`${name}PeakMb`]: rounded(peakBytes / 1e6, 0),
    };
    say(
      `peers: ${Object.entries(results)
        .map(([key, value]) => `${key} ${value}`)
        .join(', ')}`,
    );
    return results;
  } finally {
    await sender.leave();
  }
}

const weighEveryMs = 250;
const afterMathMs = 3_000;

async function cpuSeconds(pids: readonly number[]): Promise<number> {
  const times = await Promise.all(pids.map((pid) => treeCpuTimeNs(pid)));
  return times.reduce((sum, time) => sum + time, 0) / 1e9;
}

/** Starts Jaeger without a processor between receiver and storage, so that its response means as much as possible. */
async function startJaeger(storage: 'memory' | 'badger'): Promise<Subject> {
  const folder = mkdtempSync(path.join(tmpdir(), 'spandrel-jaeger-'));
  const [grpcPort, queryHttpPort, queryGrpcPort, healthPort] = [
    await freePort(),
    await freePort(),
    await freePort(),
    await freePort(),
  ];
  const backend =
    storage === 'memory'
      ? { memory: { max_traces: 10_000_000 } }
      : { badger: { ephemeral: false, directories: { keys: `${folder}/keys`, values: `${folder}/values` } } };
  // JSON is YAML.
  const config = {
    service: {
      extensions: ['jaeger_storage', 'jaeger_query', 'healthcheckv2'],
      pipelines: { traces: { receivers: ['otlp'], exporters: ['jaeger_storage_exporter'] } },
      telemetry: { metrics: { level: 'none' }, logs: { level: 'warn' } },
    },
    extensions: {
      jaeger_storage: { backends: { store: backend } },
      jaeger_query: {
        storage: { traces: 'store' },
        http: { endpoint: `127.0.0.1:${queryHttpPort}` },
        grpc: { endpoint: `127.0.0.1:${queryGrpcPort}` },
      },
      healthcheckv2: { use_v2: true, http: { endpoint: `127.0.0.1:${healthPort}` } },
    },
    receivers: { otlp: { protocols: { grpc: { endpoint: `127.0.0.1:${grpcPort}`, max_recv_msg_size_mib: 64 } } } },
    exporters: { jaeger_storage_exporter: { trace_storage: 'store' } },
  };
  const file = path.join(folder, 'config.yaml');
  writeFileSync(file, JSON.stringify(config));
  const server = await startGuarded({
    command: 'jaeger',
    args: ['--config', file],
    cwd: folder,
    env: { PATH: process.env['PATH'], HOME: folder },
    stopSignal: 'SIGTERM',
    tempFolder: folder,
  });
  let words = '';
  for (const stream of [server.stdout, server.stderr]) {
    stream.on('data', (text: Buffer) => (words = `${words}${text.toString()}`.slice(-2_000)));
  }
  let ended: string | undefined;
  void server.exited.then((exit) => (ended = describeExit(exit)));
  const deadline = performance.now() + 30_000;
  const healthy = (): Promise<boolean> =>
    fetch(`http://127.0.0.1:${healthPort}/status`).then(
      ({ ok }) => ok,
      () => false,
    );
  while (!(await healthy())) {
    if (ended !== undefined || performance.now() > deadline) {
      server.release();
      throw new Error(`jaeger does not start (${ended ?? 'no answer'}):\n${words}`);
    }
    await sleep(100);
  }
  return {
    name: storage === 'memory' ? 'jaegerMemory' : 'jaegerBadger',
    grpcPort,
    pids: [server.pid],
    stop: async () => {
      server.release();
      await server.exited;
      removeFolder(folder);
    },
  };
}
