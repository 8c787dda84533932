import { type ChildProcess, fork } from 'node:child_process';
import type { StatementTimes } from './statement-times.ts';

/** The bounds of a parser. */
export interface SqlParserLimits {
  /** Longer texts are not parsed. */
  readonly maxCharacters: number;
  /** How long a text may take to parse, without its time in the queue and the start of the process. */
  readonly timeoutMs: number;
  /** Texts in the queue. A further one is not parsed. */
  readonly maxWaiting: number;
  /** The process, with some 80 MB, ends after this time without texts. */
  readonly idleMs: number;
}

const startTimeoutMs = 30_000;

/**
 * Parses SQL in a process of its own, one text after the other: the caller's event loop never waits, and a text that takes too
 * much time, stack or memory ends that process alone. The next text gets a new one.
 */
export class SqlParser {
  private readonly limits: SqlParserLimits;
  private child: ChildProcess | undefined;
  private last: Promise<unknown> = Promise.resolve();
  private waiting = 0;
  private idle: NodeJS.Timeout | undefined;

  constructor(limits: SqlParserLimits) {
    this.limits = limits;
  }

  /** Finds the times of a script. @returns undefined if it does not parse within the limits */
  timesOf(text: string): Promise<StatementTimes | undefined> {
    const { maxCharacters, maxWaiting } = this.limits;
    if (text.length > maxCharacters || this.waiting >= maxWaiting) return Promise.resolve(undefined);
    this.waiting++;
    const answer = this.last.then(() => this.ask(text)).finally(() => this.waiting--);
    this.last = answer;
    return answer;
  }

  /** Ends the process. */
  close(): void {
    clearTimeout(this.idle);
    this.child?.kill('SIGKILL');
    this.child = undefined;
  }

  private async ask(text: string): Promise<StatementTimes | undefined> {
    clearTimeout(this.idle);
    try {
      if (this.child === undefined) {
        this.child = startProcess();
        await messageOf(this.child, startTimeoutMs);
      }
      const answer = messageOf(this.child, this.limits.timeoutMs);
      this.child.send(text);
      return ((await answer) as StatementTimes | null) ?? undefined;
    } catch {
      this.close();
      return undefined;
    } finally {
      this.idle = setTimeout(() => this.close(), this.limits.idleMs).unref();
    }
  }
}

function startProcess(): ChildProcess {
  const url = new URL(import.meta.url.endsWith('.ts') ? 'parse-process.ts' : 'parse-process.js', import.meta.url);
  const child = fork(url, {
    // V8's optimizing compiler takes hundreds of megabytes for this parser, which is faster without.
    execArgv: ['--liftoff-only', '--max-old-space-size=64', '--max-semi-space-size=2'],
    // Not the secrets of this process, nor its NODE_OPTIONS.
    env: {},
    stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
  });
  // An error between two texts must not end this process, nor a waiting parser keep it.
  child.on('error', () => undefined);
  child.unref();
  child.channel?.unref();
  return child;
}

/** The next message of a process. @throws Error if it ends or does not send it in time */
function messageOf(child: ChildProcess, timeoutMs: number): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const settle = (end: () => void): void => {
      clearTimeout(timer);
      child.off('message', answered);
      child.off('exit', ended);
      child.off('error', ended);
      end();
    };
    const answered = (message: unknown): void => settle(() => resolve(message));
    const ended = (): void => settle(() => reject(new Error('the parser has ended')));
    const timer = setTimeout(ended, timeoutMs);
    child.on('message', answered);
    child.on('exit', ended);
    child.on('error', ended);
  });
}
