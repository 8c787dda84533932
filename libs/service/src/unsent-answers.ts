/** An answer on its way to a client. */
export interface UnsentAnswer {
  /** In bytes: what waits in this process until the client takes it. */
  readonly pendingBytes: () => number;
  /** Ends the connection or the stream. */
  readonly cut: () => void;
}

export interface UnsentLimits {
  /** Of all answers together. */
  readonly maxBytes: number;
  /** For one answer, from its first byte to its last. */
  readonly maxMs: number;
}

const sweepEveryMs = 1_000;

/**
 * Bounds what waits in memory for clients that do not read. When all answers together are above the bound, the oldest
 * ones are cut; so is an answer that takes longer than it may.
 */
export class UnsentAnswers {
  private readonly answers = new Map<UnsentAnswer, number>();
  private timer: NodeJS.Timeout | undefined;

  constructor(private readonly limits: UnsentLimits) {}

  /** @returns to be called when the answer is sent, or has failed */
  watch(answer: UnsentAnswer): () => void {
    this.answers.set(answer, performance.now());
    this.timer ??= setInterval(() => this.sweep(), sweepEveryMs).unref();
    return () => {
      this.answers.delete(answer);
      if (this.answers.size > 0) return;
      clearInterval(this.timer);
      this.timer = undefined;
    };
  }

  private sweep(): void {
    const nowMs = performance.now();
    let pending = 0;
    for (const [answer, sinceMs] of this.answers) {
      if (nowMs - sinceMs > this.limits.maxMs) this.cut(answer);
      else pending += answer.pendingBytes();
    }
    for (const [answer] of this.answers) {
      if (pending <= this.limits.maxBytes) return;
      const bytes = answer.pendingBytes();
      if (bytes === 0) continue;
      pending -= bytes;
      this.cut(answer);
    }
  }

  private cut(answer: UnsentAnswer): void {
    this.answers.delete(answer);
    answer.cut();
  }
}
