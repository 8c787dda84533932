import { type DatabaseProblem, problemOf } from '../errors/database-failure.js';

/** After this time without another failure, the next write must show whether writes still fail. */
const recentMs = 30_000;

/** Errors that may affect one transaction and not the next. A single one does not begin an episode. */
const passing: ReadonlySet<string> = new Set(['lock-timeout', 'statement-timeout', 'conflict']);

/** An episode in which writes fail. */
export interface OngoingFailure extends DatabaseProblem {
  readonly since: Date;
  /** Requests that were refused so far. */
  readonly refusedRequests: number;
}

/** Receives the log lines. */
export interface EpisodeLog {
  warn(text: string): void;
  log(text: string): void;
}

/**
 * Tracks whether writes fail. It logs the beginning with the cause, a change of the cause, and the end with the duration.
 * An episode ends with the first successful write.
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
   * Notes that a transaction failed because the database does not work.
   *
   * @param refusedRequests the number of requests that were refused for it
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

  /** Notes a committed transaction. */
  succeed(): void {
    if (this.problem === undefined) return;
    const seconds = Math.round((this.nowMs() - this.since.getTime()) / 1000);
    this.log.log(
      `Writes work again after ${seconds} s, in which ${this.refused} requests were refused; the cause was: ${this.problem.message}`,
    );
    this.problem = undefined;
  }

  /**
   * Returns why the next write will probably fail. Undefined also if the last failure is long ago, because only a write can
   * end an episode.
   */
  get ongoing(): OngoingFailure | undefined {
    if (this.problem === undefined || this.nowMs() - this.lastMs > recentMs) return undefined;
    if (this.failures === 1 && passing.has(this.problem.code)) return undefined;
    return { ...this.problem, since: this.since, refusedRequests: this.refused };
  }
}

/** @returns the message of the root cause of an error */
export function reasonOf(error: unknown): string {
  let root = error;
  while (root instanceof Error && root.cause !== undefined) root = root.cause;
  if (root instanceof AggregateError && root.message === '') return root.errors.map(reasonOf).join('; ');
  return root instanceof Error ? root.message || root.name : String(root);
}
