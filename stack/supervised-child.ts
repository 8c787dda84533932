import { setTimeout as sleep } from 'node:timers/promises';
import { styleText } from 'node:util';
import type { ChildLog } from './child-log.ts';
import {
  describeExit,
  type Exit,
  type GuardedProcess,
  type GuardOptions,
  startGuarded,
} from '@spandrel/embedded/parent-guard';
import { print } from './terminal.ts';

/** A process that the stack keeps running. */
export interface ChildDefinition {
  readonly name: string;
  readonly launch: GuardOptions;
  /** Resolves when the process is ready. Rejects when the process ends or the signal aborts. */
  readonly untilReady: (process: Pick<GuardedProcess, 'exited'>, signal: AbortSignal) => Promise<void>;
}

/** A child was not ready after its first start. */
export class NotReadyError extends Error {
  override readonly name = 'NotReadyError';
  /** The last lines that the child wrote. */
  readonly lastLines: readonly string[];

  constructor(message: string, lastLines: readonly string[], options?: ErrorOptions) {
    super(message, options);
    this.lastLines = lastLines;
  }
}

const firstDelayMs = 200;
const maxDelayMs = 15_000;
/** A process that was ready this long starts again after the first delay. */
const resetAfterMs = 30_000;

/** Computes the delay before a restart: it doubles with each restart, up to a limit. */
export class BackOff {
  private delayMs = firstDelayMs;

  /** @param readyForMs how long the process was ready before it died, 0 if it never was */
  nextDelayMs(readyForMs: number): number {
    if (readyForMs >= resetAfterMs) this.delayMs = firstDelayMs;
    const current = this.delayMs;
    this.delayMs = Math.min(current * 2, maxDelayMs);
    return current;
  }
}

/** Keeps one process running from `start` to `stop`, and restarts it when it dies. */
export class SupervisedChild {
  readonly name: string;
  private readonly definition: ChildDefinition;
  private readonly log: ChildLog;
  private readonly backOff = new BackOff();
  private readonly stopping = new AbortController();
  private current: GuardedProcess | undefined;
  private restarting = false;

  constructor(definition: ChildDefinition, log: ChildLog) {
    this.name = definition.name;
    this.definition = definition;
    this.log = log;
  }

  /**
   * Starts the process and waits until it is ready.
   *
   * @throws NotReadyError when it ends first or is not ready in time
   */
  async start(): Promise<void> {
    const child = await this.launch();
    let ended: Exit | undefined;
    void child.exited.then((exit) => (ended = exit));
    try {
      await this.definition.untilReady(child, this.stopping.signal);
    } catch (cause) {
      // Leaves time to read its last lines.
      await sleep(100);
      const reason = ended === undefined ? (cause as Error).message : describeExit(ended);
      throw new NotReadyError(`${this.name} did not become ready: ${reason}`, this.log.lastLines(), { cause });
    }
    void this.keepRunning(child);
  }

  /** Stops the process and starts it again at once, with its new code. */
  restart(): void {
    this.restarting = true;
    this.current?.release();
  }

  /** Stops the process for good. @param graceMs time before it is killed */
  async stop(graceMs: number): Promise<void> {
    this.stopping.abort();
    const child = this.current;
    if (child === undefined) return;
    child.release();
    const timer = setTimeout(() => child.kill(), graceMs);
    await child.exited;
    clearTimeout(timer);
  }

  /** Kills the process for good. */
  kill(): void {
    this.stopping.abort();
    this.current?.kill();
  }

  private async launch(): Promise<GuardedProcess> {
    const child = await startGuarded(this.definition.launch);
    this.current = child;
    this.log.follow(child);
    // `stop` was called while the process started.
    if (this.stopping.signal.aborted) child.release();
    return child;
  }

  private async keepRunning(first: GuardedProcess): Promise<void> {
    const { signal } = this.stopping;
    const name = this.name.padEnd(10);
    let child: GuardedProcess | undefined = first;
    let readyAt: number | undefined = Date.now();
    for (;;) {
      const died: string | undefined =
        child === undefined ? undefined : `(pid ${child.pid}) died: ${describeExit(await child.exited)}`;
      this.current = undefined;
      if (signal.aborted) return;
      const delayMs = this.restarting ? 0 : this.backOff.nextDelayMs(readyAt === undefined ? 0 : Date.now() - readyAt);
      if (this.restarting) print(`${styleText('cyan', '↻')} ${name} restarts with new code`);
      else if (died !== undefined)
        print(`${styleText('yellow', '↻')} ${name} ${died}; restarts in ${delayMs / 1_000} s`);
      this.restarting = false;
      readyAt = undefined;
      await sleep(delayMs, undefined, { signal }).catch(() => {});
      if (signal.aborted) return;
      child = await this.launch().catch((error: unknown) => {
        print(`${styleText('red', '!')} ${name} cannot be started: ${String(error)}`);
        return undefined;
      });
      if (child !== undefined)
        this.definition.untilReady(child, signal).then(
          () => (readyAt = Date.now()),
          () => {},
        );
    }
  }
}
