import { setTimeout as sleep } from 'node:timers/promises';
import { createBackOff } from './back-off.ts';
import type { ChildLog } from './child-log.ts';
import { describeExit, type Exit, type LeashedProcess, type LeashOptions, startOnLeash } from './leash.ts';
import { paint, print } from './terminal.ts';

/** A process that the stack keeps running. */
export interface ChildDefinition {
  readonly name: string;
  readonly launch: LeashOptions;
  /** Resolves once when the process does its work; must end when the process does, or when the signal aborts. */
  readonly untilReady: (process: Pick<LeashedProcess, 'exited'>, signal: AbortSignal) => Promise<void>;
}

/** Thrown when a child does not get ready at the first start; `lastLines` is what it said. */
export class NotReadyError extends Error {
  override readonly name = 'NotReadyError';
  readonly lastLines: readonly string[];

  constructor(message: string, lastLines: readonly string[], options?: ErrorOptions) {
    super(message, options);
    this.lastLines = lastLines;
  }
}

/**
 * Keeps one process alive: from its first start until `stop`, one that dies is started again, soon at
 * first, later and later if it keeps dying.
 */
export class SupervisedChild {
  readonly name: string;
  private readonly definition: ChildDefinition;
  private readonly log: ChildLog;
  private readonly backOff = createBackOff();
  private readonly stopping = new AbortController();
  private current: LeashedProcess | undefined;
  private restarting = false;

  constructor(definition: ChildDefinition, log: ChildLog) {
    this.name = definition.name;
    this.definition = definition;
    this.log = log;
  }

  /** The pid of the process itself, while there is one. */
  get pid(): number | undefined {
    return this.current?.pid;
  }

  /**
   * Starts the process for the first time.
   *
   * @returns when it is ready
   * @throws NotReadyError when it ends before that, or takes too long
   */
  async start(): Promise<void> {
    const child = await this.launch();
    let ended: Exit | undefined;
    void child.exited.then((exit) => (ended = exit));
    try {
      await this.definition.untilReady(child, this.stopping.signal);
    } catch (cause) {
      // Its last lines may still be on their way.
      await sleep(100);
      const why = ended === undefined ? (cause instanceof Error ? cause.message : String(cause)) : describeExit(ended);
      throw new NotReadyError(`${this.name} did not get ready: ${why}`, this.log.lastLines(), { cause });
    }
    void this.watch(child, Date.now());
  }

  /** Ends the process gracefully and starts it again at once, for new code. */
  restart(): void {
    this.restarting = true;
    this.current?.letGo();
  }

  /**
   * Ends the process for good.
   *
   * @param graceMs how long it may take to end by itself
   */
  async stop(graceMs: number): Promise<void> {
    this.stopping.abort();
    const child = this.current;
    if (child === undefined) return;
    child.letGo();
    const inTime = new AbortController();
    await Promise.race([
      child.exited.finally(() => inTime.abort()),
      sleep(graceMs, undefined, { signal: inTime.signal }).then(
        () => child.kill(),
        () => {},
      ),
    ]);
    await child.exited;
  }

  /** Ends the process at once, without asking it. */
  kill(): void {
    this.stopping.abort();
    this.current?.kill();
  }

  private async launch(): Promise<LeashedProcess> {
    const child = await startOnLeash(this.definition.launch);
    this.current = child;
    this.log.follow(child);
    // A stop that came while the process was being made would have found none.
    if (this.stopping.signal.aborted) child.letGo();
    return child;
  }

  private async watch(first: LeashedProcess, firstReadyAt: number): Promise<void> {
    let child = first;
    let readyAt: number | undefined = firstReadyAt;
    for (;;) {
      const { pid } = child;
      const exit = await child.exited;
      this.current = undefined;
      if (this.stopping.signal.aborted) return;
      const planned = this.restarting;
      this.restarting = false;
      const delayMs = planned ? 0 : this.backOff.nextDelayMs(readyAt === undefined ? 0 : Date.now() - readyAt);
      print(
        planned
          ? `${paint('cyan', '↻')} ${this.name.padEnd(10)} restarts with its new code`
          : `${paint('yellow', '↻')} ${this.name.padEnd(10)} (pid ${pid}) died: ${describeExit(exit)}; starting it again in ${delayMs / 1_000} s`,
      );
      const replacement = await this.replace(delayMs);
      if (replacement === undefined) return;
      child = replacement;
      readyAt = undefined;
      this.definition.untilReady(child, this.stopping.signal).then(
        () => (readyAt = Date.now()),
        () => {},
      );
    }
  }

  /** @returns undefined when it is time to stop */
  private async replace(delayMs: number): Promise<LeashedProcess | undefined> {
    for (let waitMs = delayMs; ; waitMs = this.backOff.nextDelayMs(0)) {
      try {
        await sleep(waitMs, undefined, { signal: this.stopping.signal });
      } catch {
        return undefined;
      }
      try {
        return await this.launch();
      } catch (error) {
        print(`${paint('red', '!')} ${this.name.padEnd(10)} cannot be started: ${String(error)}`);
      }
    }
  }
}
