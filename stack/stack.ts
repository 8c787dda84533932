import { rmSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import path from 'node:path';
import { ChildLog } from './child-log.ts';
import { writePassfile } from '@spandrel/embedded/database-access';
import type { Options } from './options.ts';
import { planPorts } from './ports.ts';
import { prepareDatabases, preparePostgres } from '@spandrel/embedded/postgres';
import { untilPostgresAnswers, untilServiceReady } from '@spandrel/embedded/readiness';
import {
  chooseHost,
  nodeFlagsOf,
  type Service,
  serviceEnvironment,
  services,
  serviceUrl,
  type Surroundings,
  tracestore,
  type UserEnvironment,
} from './services.ts';
import type { StateFolder } from './state-folder.ts';
import { type ChildDefinition, SupervisedChild } from './supervised-child.ts';
import { step } from './terminal.ts';

/** How to run a stack. */
export interface StackPlan {
  /** The folder of the clone. */
  readonly root: string;
  readonly options: Options;
  readonly portOffset: number;
  readonly state: StateFolder;
  readonly environment: UserEnvironment;
  readonly flagsFile: string;
  readonly version: string;
}

/** How long each process may take to end: 5 s in all, because calls are at most three services deep. */
const graceMs = { service: 800, tracestore: 1_000, database: 1_000 } as const;

/** The processes of the embedded stack: PostgreSQL, tracestore, demo services. */
export class Stack {
  /** Complete once the database has started. */
  surroundings: Surroundings;
  /** false: the user gave the URLs of running databases. */
  readonly ownsDatabase: boolean;
  /** The passwords of the own database for psql, once it has started. */
  passfile: string | undefined;
  private readonly plan: StackPlan;
  private readonly children = new Map<string, SupervisedChild>();
  private stopped: Promise<void> | undefined;

  constructor(plan: StackPlan) {
    const { environment, portOffset, flagsFile, version } = plan;
    const { TRACESTORE_DATABASE_URL: tracestoreDatabaseUrl = '', BACKEND_DATABASE_URL: backendDatabaseUrl = '' } =
      environment;
    this.plan = plan;
    this.ownsDatabase = tracestoreDatabaseUrl === '' || backendDatabaseUrl === '';
    this.surroundings = {
      ports: planPorts(portOffset),
      host: chooseHost(environment),
      flagsFile,
      version,
      tracestoreDatabaseUrl,
      backendDatabaseUrl,
    };
  }

  /**
   * Starts all processes and prints a line for each.
   *
   * @throws NotReadyError when a process does not become ready; the others run until `stop`
   */
  async start(): Promise<void> {
    if (this.ownsDatabase) await step('postgres', () => this.startDatabase());
    await step('tracestore', () => this.startService(tracestore));
    const waiting = this.plan.options.storeOnly ? [] : [...services];
    const startSome = async (): Promise<void> => {
      for (let service = waiting.shift(); service !== undefined; service = waiting.shift()) {
        const next = service;
        await step(next.name, () => this.startService(next));
      }
    };
    // More at the same time would make each of them slower.
    await Promise.all(Array.from({ length: Math.min(4, Math.max(2, availableParallelism())) }, startSome));
  }

  /** Stops all processes in reverse order, within 5 s. */
  stop(): Promise<void> {
    this.stopped ??= this.stopAll();
    return this.stopped;
  }

  /** Kills all processes. */
  kill(): void {
    for (const child of this.children.values()) child.kill();
  }

  /** Restarts a service with new code, if it runs. */
  restart(name: string): void {
    this.children.get(name)?.restart();
  }

  private async stopAll(): Promise<void> {
    const ended = new Map<string, Promise<void>>();
    // A service ends after its callers, so that no call fails.
    for (const { name } of services.toReversed()) {
      const callers = services.filter(({ calls }) => calls.some((callee) => callee === name));
      const callersEnded = Promise.all(callers.map((caller) => ended.get(caller.name)));
      ended.set(
        name,
        callersEnded.then(() => this.children.get(name)?.stop(graceMs.service)),
      );
    }
    await Promise.all(ended.values());
    await this.children.get(tracestore.name)?.stop(graceMs.tracestore);
    await this.children.get('postgres')?.stop(graceMs.database);
    if (this.passfile !== undefined) rmSync(this.passfile, { force: true });
  }

  private async startDatabase(): Promise<string> {
    const { root, state, options } = this.plan;
    const { ports, tracestoreDatabaseUrl, backendDatabaseUrl } = this.surroundings;
    const { launch, url, passwords, version } = await preparePostgres({
      folder: state.database,
      port: ports.database,
      durable: !options.memory,
      tempFolder: state.temporary ? state.own : undefined,
    });
    const untilReady: ChildDefinition['untilReady'] = (child, signal) => untilPostgresAnswers(url, child, signal);
    await this.startChild({ name: 'postgres', launch, untilReady }, isAlarmOfPostgres);
    const created = await prepareDatabases(url, passwords);
    this.passfile = writePassfile(root, ports.database, passwords);
    this.surroundings = {
      ...this.surroundings,
      tracestoreDatabaseUrl: tracestoreDatabaseUrl || created.tracestore,
      backendDatabaseUrl: backendDatabaseUrl || created.backend,
    };
    return `PostgreSQL ${version}`;
  }

  private async startService(service: Service): Promise<string> {
    const { root, environment } = this.plan;
    const url = serviceUrl(service.port, this.surroundings);
    await this.startChild({
      name: service.name,
      launch: {
        command: process.execPath,
        args: [
          ...nodeFlagsOf(service),
          ...(service.traced ? ['--import', '@spandrel/telemetry/register'] : []),
          path.join(root, 'dist/apps', service.name, 'main.js'),
        ],
        env: serviceEnvironment(service, this.surroundings, environment),
        cwd: root,
        stopSignal: 'SIGTERM',
      },
      untilReady: (child, signal) => untilServiceReady(url, child, signal),
    });
    return url;
  }

  private async startChild(definition: ChildDefinition, isAlarming?: (line: string) => boolean): Promise<void> {
    if (this.stopped !== undefined) throw new Error('the stack is stopping');
    const { name } = definition;
    const { logs } = this.plan.options;
    const log = new ChildLog(name, this.children.size, logs === 'all' || logs === name, isAlarming);
    const child = new SupervisedChild(definition, log);
    this.children.set(name, child);
    await child.start();
  }
}

/** PostgreSQL writes all of its log to standard error, including the mistakes of clients. */
function isAlarmOfPostgres(line: string): boolean {
  return /\bPANIC: |\bFATAL: +(could not|out of|no space|configuration|data directory)/i.test(line);
}
