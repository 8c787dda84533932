import { type DatabaseProblem, problemOf } from '../errors/database-failure.js';

/** After so long without another failure nothing says that writes still fail: then the next write has to show it. */
const recentMs = 30_000;

/** These may hit one transaction and not the next: one alone says nothing about the writes to come. */
const passing: ReadonlySet<string> = new Set(['lock-timeout', 'statement-timeout', 'conflict']);

/** What is known of an episode in which writes fail. */
export interface OngoingFailure extends DatabaseProblem {
  readonly since: Date;
  /** Requests that were refused so far. */
  readonly refusedRequests: number;
}

/** Where lines go: a logger. */
export interface EpisodeLog {
  warn(text: string): void;
  log(text: string): void;
}

/**
 * Knows whether writes fail, and says so twice: when it begins, with the cause, and when it ends, with how long it took.
 * Another cause in between is worth a line, too. An episode ends with the first write that succeeds.
 */
export class FailureEpisode {
  private problem: DatabaseProblem | undefined;
  private since = new Date(0);
  private lastMs = 0;
  private refused = 0;
  private failures = 0;

  /** @param nowMs reads a clock in ms since the epoch */
  constructor(
    private readonly log: EpisodeLog,
    private readonly nowMs: () => number = Date.now,
  ) {}

  /**
   * Notes that a transaction failed for want of a database that works.
   *
   * @param refusedRequests how many requests were refused for it
   */
  fail(error: unknown, refusedRequests: number): void {
    const problem = problemOf(error);
    this.lastMs = this.nowMs();
    if (this.problem === undefined) {
      this.since = new Date(this.lastMs);
      this.refused = 0;
      this.failures = 0;
    }
    this.failures += 1;
    this.refused += refusedRequests;
    if (this.problem?.code !== problem.code) this.log.warn(`Writes fail: ${problem.message} (${reasonOf(error)})`);
    this.problem = problem;
  }

  /** Notes that a transaction was committed. */
  succeed(): void {
    if (this.problem === undefined) return;
    const seconds = Math.round((this.nowMs() - this.since.getTime()) / 1000);
    this.log.log(
      `Writes work again after ${seconds} s, in which ${this.refused} requests were refused; the cause was: ${this.problem.message}`,
    );
    this.problem = undefined;
  }

  /**
   * Why the next write will fail, as far as the last ones tell. Undefined as well when the last failure is long ago:
   * without a write nothing can end an episode.
   */
  get ongoing(): OngoingFailure | undefined {
    if (this.problem === undefined || this.nowMs() - this.lastMs > recentMs) return undefined;
    if (this.failures === 1 && passing.has(this.problem.code)) return undefined;
    return { ...this.problem, since: this.since, refusedRequests: this.refused };
  }
}

/** The message at the root of an error: what wraps it says less. */
export function reasonOf(error: unknown): string {
  let root = error;
  while (root instanceof Error && root.cause !== undefined) root = root.cause;
  if (root instanceof AggregateError && root.message === '') return root.errors.map(reasonOf).join('; ');
  return root instanceof Error ? root.message || root.name : String(root);
}
