import { errorKinds } from '../../errors/error-kinds.js';
import { TracestoreError } from '../../errors/tracestore-error.js';

/** What `StatementSlots` may give away. */
export interface SlotLimits {
  /** Slots in all. */
  readonly total: number;
  /** Slots of one client at a time. */
  readonly perClient: number;
  /** How long one waits for a slot. */
  readonly waitMs: number;
  /** How many may wait at once, of one client. */
  readonly waitingPerClient: number;
}

interface Waiting {
  readonly client: string;
  readonly grant: () => void;
}

/**
 * Slots for statements that run at once. No client has all of them, and a slot that comes free goes to the one that has
 * waited longest among those whose client is below its limit.
 */
export class StatementSlots {
  private readonly running = new Map<string, number>();
  private readonly waiting: Waiting[] = [];
  private taken = 0;

  constructor(private readonly limits: SlotLimits) {}

  /**
   * Takes a slot, or waits for one.
   *
   * @param client sends the statement
   * @param signal aborts when the client disconnects
   * @returns releases the slot; call it once
   * @throws TracestoreError `busy` when no slot comes free in time or too many wait, `cancelled` when the signal comes first
   */
  async take(client: string, signal: AbortSignal): Promise<() => void> {
    if (signal.aborted) throw new TracestoreError(errorKinds.cancelled);
    if (this.mayRun(client)) this.start(client);
    else await this.wait(client, signal);
    return () => this.end(client);
  }

  private mayRun(client: string): boolean {
    return this.taken < this.limits.total && (this.running.get(client) ?? 0) < this.limits.perClient;
  }

  private start(client: string): void {
    this.taken += 1;
    this.running.set(client, (this.running.get(client) ?? 0) + 1);
  }

  private end(client: string): void {
    this.taken -= 1;
    const left = (this.running.get(client) ?? 1) - 1;
    if (left === 0) this.running.delete(client);
    else this.running.set(client, left);
    const next = this.waiting.findIndex((each) => this.mayRun(each.client));
    if (next < 0) return;
    const [granted] = this.waiting.splice(next, 1);
    if (granted === undefined) return;
    this.start(granted.client);
    granted.grant();
  }

  private wait(client: string, signal: AbortSignal): Promise<void> {
    const { waitMs, waitingPerClient } = this.limits;
    if (this.waiting.filter((each) => each.client === client).length >= waitingPerClient) {
      throw new TracestoreError(errorKinds.busy);
    }
    return new Promise((resolve, reject) => {
      const leave = (error: TracestoreError | undefined): void => {
        clearTimeout(timer);
        signal.removeEventListener('abort', cancel);
        const at = this.waiting.indexOf(entry);
        if (at >= 0) this.waiting.splice(at, 1);
        if (error === undefined) resolve();
        else reject(error);
      };
      const cancel = (): void => leave(new TracestoreError(errorKinds.cancelled));
      const timer = setTimeout(() => leave(new TracestoreError(errorKinds.busy)), waitMs);
      const entry: Waiting = { client, grant: () => leave(undefined) };
      signal.addEventListener('abort', cancel, { once: true });
      this.waiting.push(entry);
    });
  }
}
