/** The built tracestore in its own process, on the embedded PostgreSQL with the roles of `npm start`. */
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { peakRssBytes } from '../../bench/process-accounting.ts';
import { freePort } from '@spandrel/testing/free-port';
import { describeExit, type GuardedProcess, startGuarded } from '@spandrel/embedded/parent-guard';
import { prepareDatabases, preparePostgres } from '@spandrel/embedded/postgres';
import { untilPostgresAnswers } from '@spandrel/embedded/readiness';
import { nodeFlagsOf, serviceEnvironment, tracestore } from '../../stack/services.ts';
import { planPorts } from '../../stack/ports.ts';
import { createTemporaryStateFolder } from '../../stack/state-folder.ts';
import type { StorePorts } from './requests.ts';

const root = path.dirname(path.dirname(import.meta.dirname));
const readyMs = 90_000;
/** The kept length of its output. */
const keptCharacters = 8_000;

export interface StoreOptions {
  /** The heap limit in MB; 0 for V8's default. */
  readonly heapMb: number;
  readonly maxBytesInFlight: number;
  /** An offset to the ports of `npm start`; undefined for free ports. */
  readonly portOffset: number | undefined;
  /** Flags of Node in addition to those of `npm start`. */
  readonly nodeFlags?: readonly string[];
}

/** A database and a store. Their data is deleted at the end. */
export class StoreProcess {
  readonly ports: StorePorts;
  readonly databaseUrl: string;
  /** Descriptions of unexpected exits. */
  readonly unexpectedEnds: string[] = [];
  /** The counts of error lines in its log, by kind. */
  readonly errors = new Map<string, number>();
  onUnexpectedEnd: (description: string) => void = () => undefined;
  readonly #flags: readonly string[];
  readonly #environment: Readonly<Record<string, string | undefined>>;
  readonly #stopDatabase: () => Promise<void>;
  #child: GuardedProcess | undefined;
  #isStopping = false;
  #output = '';
  #peakRssBytes = 0;
  #peakAnonymousMb = 0;
  #ready: Promise<void> = Promise.resolve();

  private constructor(
    ports: StorePorts,
    databaseUrl: string,
    flags: readonly string[],
    environment: Readonly<Record<string, string | undefined>>,
    stopDatabase: () => Promise<void>,
  ) {
    this.ports = ports;
    this.databaseUrl = databaseUrl;
    this.#flags = flags;
    this.#environment = environment;
    this.#stopDatabase = stopDatabase;
  }

  /** @throws Error when PostgreSQL or tracestore does not become ready */
  static async start({ heapMb, maxBytesInFlight, portOffset, nodeFlags = [] }: StoreOptions): Promise<StoreProcess> {
    const state = createTemporaryStateFolder();
    const free = async (): Promise<number> => freePort();
    const planned = portOffset === undefined ? undefined : planPorts(portOffset);
    const ports: StorePorts = {
      http: planned?.tracestore ?? (await free()),
      otlpHttp: planned?.otlpHttp ?? (await free()),
      otlpGrpc: planned?.otlpGrpc ?? (await free()),
      jaegerGrpc: planned?.jaegerGrpc ?? (await free()),
    };
    const { launch, url, passwords } = await preparePostgres({
      folder: state.database,
      port: planned?.database ?? (await free()),
      durable: false,
      tempFolder: state.own,
    });
    const postgres = await startGuarded(launch);
    // The server blocks unless its output is read.
    for (const stream of [postgres.stdout, postgres.stderr]) stream.resume();
    const stopDatabase = async (): Promise<void> => {
      postgres.release();
      await postgres.exited;
      state.release();
    };
    try {
      await untilPostgresAnswers(url, postgres);
      const { tracestore: databaseUrl } = await prepareDatabases(url, passwords);
      const surroundings = {
        ports: {
          ...planPorts(0),
          tracestore: ports.http,
          otlpHttp: ports.otlpHttp,
          otlpGrpc: ports.otlpGrpc,
          jaegerGrpc: ports.jaegerGrpc,
        },
        host: '127.0.0.1',
        tracestoreDatabaseUrl: databaseUrl,
        backendDatabaseUrl: '',
        flagsFile: '',
        version: 'fuzz',
      };
      const environment = {
        ...serviceEnvironment(tracestore, surroundings, { PATH: process.env['PATH'] }),
        LOG_LEVEL: 'error',
        TRACESTORE_MAX_BYTES_IN_FLIGHT: String(maxBytesInFlight),
        // Short timeouts, since many statements are slow on purpose, and no rate limit.
        TRACESTORE_QUERY_TIMEOUT_MS: '2000',
        TRACESTORE_SQL_TIMEOUT_MS: '250',
        TRACESTORE_SQL_PER_MINUTE: '100000',
      };
      const heapFlags = heapMb === 0 ? [] : [`--max-old-space-size=${heapMb}`];
      const flags = [...nodeFlagsOf(tracestore), ...heapFlags, ...nodeFlags];
      const store = new StoreProcess(ports, databaseUrl, flags, environment, stopDatabase);
      await store.#launch();
      return store;
    } catch (error) {
      await stopDatabase();
      throw error;
    }
  }

  /** Resolves when it accepts requests, also after an unexpected exit. */
  get ready(): Promise<void> {
    return this.#ready;
  }

  /** Its last output. */
  get lastOutput(): string {
    return this.#output;
  }

  /** The peak RSS over all restarts, in MB; 0 without /proc. */
  get peakRssMb(): number {
    return Math.round(this.#peakRssBytes / 1024 / 1024);
  }

  /** The peak of anonymous memory, which counts for a container, in MB. Sampled. */
  get peakAnonymousMb(): number {
    return this.#peakAnonymousMb;
  }

  /** Samples the memory. @returns the current RSS in MB */
  async sampleRss(): Promise<number> {
    const pid = this.#child?.pid;
    if (pid === undefined || process.platform !== 'linux') return 0;
    this.#peakRssBytes = Math.max(this.#peakRssBytes, await peakRssBytes(pid).catch(() => 0));
    const status = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => '');
    const megabytesOf = (name: string): number =>
      Math.round(Number(new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(status)?.[1] ?? 0) / 1024);
    this.#peakAnonymousMb = Math.max(this.#peakAnonymousMb, megabytesOf('RssAnon'));
    return megabytesOf('VmRSS');
  }

  /** The CPU time of the process in ms; 0 without /proc. */
  async cpuMs(): Promise<number> {
    const stat = await readFile(`/proc/${this.#child?.pid}/stat`, 'utf8').catch(() => '');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return (Number(fields[11] ?? 0) + Number(fields[12] ?? 0)) * 10 || 0;
  }

  async stop(): Promise<void> {
    this.#isStopping = true;
    this.#child?.release();
    await this.#child?.exited;
    await this.#stopDatabase();
  }

  async #launch(): Promise<void> {
    const child = await startGuarded({
      command: path.join(root, 'node_modules/.bin/node'),
      args: [...this.#flags, path.join(root, 'dist/apps/tracestore/main.js')],
      cwd: root,
      env: this.#environment,
      stopSignal: 'SIGTERM',
    });
    this.#child = child;
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (text: string) => this.#take(text));
    }
    let hasEnded = false;
    void child.exited.then((exit) => {
      hasEnded = true;
      if (this.#isStopping || this.#child !== child) return;
      const description = `${describeExit(exit)}: ${fatalLine(this.#output)}`;
      this.unexpectedEnds.push(description);
      this.#ready = this.#launch();
      this.#ready.catch(() => undefined);
      this.onUnexpectedEnd(description);
    });
    const deadline = performance.now() + readyMs;
    for (;;) {
      const isReady = await fetch(`http://127.0.0.1:${this.ports.http}/readyz`).then(
        (response) => response.ok,
        () => false,
      );
      if (isReady) return;
      if (hasEnded || performance.now() > deadline)
        throw new Error(`tracestore did not become ready:\n${this.#output}`);
      await sleep(100);
    }
  }

  #take(text: string): void {
    this.#output = (this.#output + text).slice(-keptCharacters);
    for (const line of text.split('\n')) {
      if (!line.startsWith('{')) continue;
      const kind = messageOf(line)
        .replaceAll(/[\da-f]{8,}|\d+/g, '#')
        .slice(0, 200);
      if (this.errors.size < 200 || this.errors.has(kind)) this.errors.set(kind, (this.errors.get(kind) ?? 0) + 1);
    }
  }
}

function messageOf(line: string): string {
  try {
    const { msg, err } = JSON.parse(line) as { readonly msg?: unknown; readonly err?: { readonly message?: unknown } };
    return String(err?.message ?? msg);
  } catch {
    return line;
  }
}

function fatalLine(output: string): string {
  return /FATAL ERROR.*/.exec(output)?.[0] ?? output.trim().split('\n').slice(-3).join(' ').slice(0, 500);
}
