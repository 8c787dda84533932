import { mkdirSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { treePids } from '../../bench/process-accounting.ts';
import { describeExit, type GuardedProcess, type GuardOptions, startGuarded } from '@spandrel/embedded/parent-guard';
import { preparePostgres } from '@spandrel/embedded/postgres';
import { untilPostgresAnswers } from '@spandrel/embedded/readiness';

const root = path.dirname(path.dirname(import.meta.dirname));
const startMs = 60_000;

/** A process that is killed and started repeatedly. */
export class Victim {
  readonly name: string;
  readonly #launch: () => Promise<GuardOptions>;
  readonly #untilUp: (child: GuardedProcess) => Promise<void>;
  #child: GuardedProcess | undefined;
  #killing = false;
  #lastWords = '';
  /** Descriptions of unexpected exits. */
  readonly unexpectedEnds: string[] = [];
  kills = 0;

  constructor(name: string, launch: () => Promise<GuardOptions>, untilUp: (child: GuardedProcess) => Promise<void>) {
    this.name = name;
    this.#launch = launch;
    this.#untilUp = untilUp;
  }

  /** Its last output. */
  get lastWords(): string {
    return this.#lastWords;
  }

  get pid(): number | undefined {
    return this.#child?.pid;
  }

  /** @throws Error when it does not start */
  async start(): Promise<void> {
    const child = await startGuarded(await this.#launch());
    this.#child = child;
    this.#killing = false;
    for (const stream of [child.stdout, child.stderr]) {
      stream.on('data', (text: Buffer) => (this.#lastWords = `${this.#lastWords}${text.toString()}`.slice(-4_000)));
    }
    void child.exited.then((exit) => {
      if (!this.#killing) this.unexpectedEnds.push(`${this.name}: ${describeExit(exit)}\n${this.#lastWords}`);
    });
    await this.#untilUp(child);
  }

  /** Sends SIGKILL to the process and its descendants. */
  async kill(): Promise<void> {
    const child = this.#child;
    if (child === undefined) return;
    this.#killing = true;
    this.kills++;
    // Each process of PostgreSQL leads a process group.
    const pids = process.platform === 'linux' ? await treePids(child.pid) : [];
    child.kill();
    for (const pid of pids) {
      try {
        process.kill(pid, 'SIGKILL');
      } catch {
        // It has already exited.
      }
    }
    await child.exited;
  }

  /** Stops it gracefully. */
  async stop(): Promise<void> {
    this.#killing = true;
    this.#child?.release();
    await this.#child?.exited;
  }
}

/** @param url of the superuser, with its password from the folder */
export function postgres(folder: string, port: number, url: string): Victim {
  return new Victim(
    'PostgreSQL',
    async () => {
      const { launch } = await preparePostgres({ folder, port, durable: true, tempFolder: undefined });
      return launch;
    },
    (child) => untilPostgresAnswers(url, child, undefined, startMs),
  );
}

export interface StorePorts {
  readonly http: number;
  readonly otlpHttp: number;
  readonly otlpGrpc: number;
  readonly jaegerGrpc: number;
  readonly tempo: number;
}

/** The store is up when it listens. It need not be ready, since its database may be unavailable. */
export function store(databaseUrl: string, ports: StorePorts): Victim {
  return new Victim(
    'tracestore',
    async () => ({
      command: process.execPath,
      args: ['dist/apps/tracestore/main.js'],
      cwd: root,
      env: {
        PATH: process.env['PATH'],
        LOG_LEVEL: 'error',
        TRACESTORE_HTTP_PORT: String(ports.http),
        TRACESTORE_OTLP_HTTP_PORT: String(ports.otlpHttp),
        TRACESTORE_OTLP_GRPC_PORT: String(ports.otlpGrpc),
        TRACESTORE_JAEGER_GRPC_PORT: String(ports.jaegerGrpc),
        TRACESTORE_TEMPO_PORT: String(ports.tempo),
        TRACESTORE_DATABASE_URL: databaseUrl,
      },
      stopSignal: 'SIGTERM',
    }),
    (child) => untilListening(ports.otlpGrpc, child),
  );
}

export interface CollectorOptions {
  /** Holds its configuration and its queue. */
  readonly folder: string;
  readonly port: number;
  /** The port that it exports to. */
  readonly storePort: number;
  /** The maximum number of requests in its queue. */
  readonly queueRequests: number;
}

/**
 * A Collector with a queue in files, unlimited retries, and no batching of several requests.
 */
export function collector({ folder, port, storePort, queueRequests }: CollectorOptions): Victim {
  const queueFolder = path.join(folder, 'queue');
  // JSON is YAML.
  const config = {
    extensions: { file_storage: { directory: queueFolder, timeout: '10s' } },
    receivers: { otlp: { protocols: { grpc: { endpoint: `127.0.0.1:${port}`, max_recv_msg_size_mib: 64 } } } },
    exporters: {
      otlp_grpc: {
        endpoint: `127.0.0.1:${storePort}`,
        tls: { insecure: true },
        compression: 'none',
        timeout: '10s',
        retry_on_failure: { enabled: true, initial_interval: '100ms', max_interval: '1s', max_elapsed_time: '0s' },
        sending_queue: {
          enabled: true,
          storage: 'file_storage',
          sizer: 'requests',
          queue_size: queueRequests,
          num_consumers: 8,
        },
      },
    },
    service: {
      extensions: ['file_storage'],
      pipelines: { traces: { receivers: ['otlp'], exporters: ['otlp_grpc'] } },
      telemetry: { metrics: { level: 'none' }, logs: { level: 'error' } },
    },
  };
  return new Victim(
    'Collector',
    async () => {
      mkdirSync(queueFolder, { recursive: true });
      const file = path.join(folder, 'collector.yaml');
      writeFileSync(file, JSON.stringify(config));
      return {
        command: 'otelcol',
        args: ['--config', file],
        cwd: folder,
        env: { PATH: process.env['PATH'], HOME: folder },
        stopSignal: 'SIGTERM',
      };
    },
    (child) => untilListening(port, child),
  );
}

async function untilListening(port: number, child: GuardedProcess): Promise<void> {
  const deadline = performance.now() + startMs;
  let ended = false;
  void child.exited.then(() => (ended = true));
  while (!(await listens(port))) {
    // It was killed again before it listened, or it ended by itself, which is counted elsewhere.
    if (ended) return;
    if (performance.now() > deadline) throw new Error(`nothing listens on port ${port} after ${startMs / 1000} s`);
    await sleep(50);
  }
}

function listens(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
}
