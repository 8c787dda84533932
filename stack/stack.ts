import { rmSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import path from 'node:path';
import { ChildLog } from './child-log.ts';
import { writePassfile } from './database-access.ts';
import type { Options } from './options.ts';
import { prepareDatabases, preparePostgres, untilPostgresAnswers } from './postgres.ts';
import { untilServiceReady } from './readiness.ts';
import {
  chooseHost,
  planPorts,
  type Service,
  serviceEnvironment,
  services,
  serviceUrl,
  type Surroundings,
  nodeFlagsOf,
  tracestore,
  type UserEnvironment,
} from './services.ts';
import type { StateFolder } from './state-folder.ts';
import { SupervisedChild } from './supervised-child.ts';
import { step } from './terminal.ts';

/** What decides how a stack is run. */
export interface StackPlan {
  readonly root: string;
  readonly options: Options;
  readonly state: StateFolder;
  readonly environment: UserEnvironment;
  readonly flagsFile: string;
  readonly version: string;
}

/** How long each may take to end, in ms: 5 s in all, since calls are at most three services deep. */
const graceMs = { service: 800, tracestore: 1_000, database: 1_000 } as const;

/** The processes of the embedded stack: database, tracestore, services. */
export class Stack {
  readonly surroundings: Omit<Surroundings, 'tracestoreDatabaseUrl' | 'backendDatabaseUrl'>;
  /** Whether the database is one of ours; if not, it was running before us and goes on after us. */
  readonly ownsDatabase: boolean;
  private readonly plan: StackPlan;
  private readonly children = new Map<string, SupervisedChild>();
  private databaseUrls: { readonly tracestore: string; readonly backend: string };
  private passfile: string | undefined;
  private stopped: Promise<void> | undefined;

  constructor(plan: StackPlan) {
    const { environment, options, flagsFile, version } = plan;
    this.plan = plan;
    this.surroundings = { ports: planPorts(options.portOffset), host: chooseHost(environment), flagsFile, version };
    const [given, givenToo] = [environment['TRACESTORE_DATABASE_URL'], environment['BACKEND_DATABASE_URL']];
    this.ownsDatabase = !given || !givenToo;
    this.databaseUrls = { tracestore: given ?? '', backend: givenToo ?? '' };
  }

  /** With which tracestore connects; known once the database runs. */
  get tracestoreDatabaseUrl(): string {
    return this.databaseUrls.tracestore;
  }

  /** With which psql connects to the database; undefined where it is not one of ours. */
  get passfilePath(): string | undefined {
    return this.passfile;
  }

  /**
   * Starts everything, and says so step by step.
   *
   * @throws NotReadyError when one of the processes does not get ready; those that run go on until `stop`
   */
  async start(): Promise<void> {
    if (this.ownsDatabase) await step('postgres', () => this.startDatabase());
    await step('tracestore', () => this.startService(tracestore));
    const waiting = this.plan.options.storeOnly ? [] : [...services];
    const startSome = async (): Promise<void> => {
      for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
        const service = next;
        await step(service.name, () => this.startService(service));
      }
    };
    // More at once would only make each of them slower.
    const lanes = Math.min(4, Math.max(2, availableParallelism()));
    await Promise.all(Array.from({ length: lanes }, () => startSome()));
  }

  /** Ends everything in reverse order, within 5 s. */
  stop(): Promise<void> {
    this.stopped ??= this.stopAll();
    return this.stopped;
  }

  /** Ends everything at once. */
  kill(): void {
    for (const child of this.children.values()) child.kill();
  }

  /** Starts one service anew, if it runs: its code has changed. */
  restart(name: string): void {
    this.children.get(name)?.restart();
  }

  private async stopAll(): Promise<void> {
    const ended = new Map<string, Promise<void>>();
    // Callers first, so that none of them meets a neighbour that is gone.
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
    const { root, state, environment, options } = this.plan;
    const { launch, url, passwords, version } = await preparePostgres({
      folder: state.database,
      port: this.surroundings.ports.database,
      durable: !options.memory,
      rubbish: state.temporary ? state.own : undefined,
    });
    await this.startChild(
      new SupervisedChild(
        { name: 'postgres', launch, untilReady: (process, signal) => untilPostgresAnswers(url, process, signal) },
        this.logOf('postgres', isAlarmOfPostgres),
      ),
    );
    const made = await prepareDatabases(url, passwords);
    this.passfile = writePassfile(root, this.surroundings.ports.database, passwords);
    this.databaseUrls = {
      tracestore: environment['TRACESTORE_DATABASE_URL'] || made.tracestore,
      backend: environment['BACKEND_DATABASE_URL'] || made.backend,
    };
    return `PostgreSQL ${version}`;
  }

  private async startService(service: Service): Promise<string> {
    const { root, environment } = this.plan;
    const { tracestore: tracestoreDatabaseUrl, backend: backendDatabaseUrl } = this.databaseUrls;
    const surroundings = { ...this.surroundings, tracestoreDatabaseUrl, backendDatabaseUrl };
    const url = serviceUrl(service.port, surroundings);
    await this.startChild(
      new SupervisedChild(
        {
          name: service.name,
          launch: {
            command: path.join(root, 'node_modules/.bin/node'),
            args: [
              ...nodeFlagsOf(service),
              ...(service.traced ? ['--import', '@spandrel/telemetry/register'] : []),
              path.join(root, 'dist/apps', service.name, 'main.js'),
            ],
            env: serviceEnvironment(service, surroundings, environment),
            cwd: root,
            stopSignal: 'SIGTERM',
          },
          untilReady: (process, signal) => untilServiceReady(url, process, signal),
        },
        this.logOf(service.name),
      ),
    );
    return url;
  }

  private logOf(name: string, isAlarming?: (line: string) => boolean): ChildLog {
    return new ChildLog(name, this.children.size, this.plan.options.logs, isAlarming);
  }

  private async startChild(child: SupervisedChild): Promise<void> {
    if (this.stopped !== undefined) throw new Error('the stack is stopping');
    this.children.set(child.name, child);
    await child.start();
  }
}

/** The server writes all of its log to standard error, also that all is well and that a client made a mistake. */
function isAlarmOfPostgres(line: string): boolean {
  return /\bPANIC: /.test(line) || /\bFATAL: +(could not|out of|no space|configuration|data directory)/i.test(line);
}
