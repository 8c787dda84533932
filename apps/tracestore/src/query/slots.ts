import { errorKinds } from '../errors/error-kinds.js';
import { TracestoreError } from '../errors/tracestore-error.js';

/** How long a query waits for a slot, and for a free connection. */
export const queueTimeoutMs = 5_000;

/** Slots for queries that take much, in the order of requests. */
export class Slots {
  private readonly queue = new Set<() => void>();

  constructor(private free: number) {}

  /** How many queries wait for a slot. */
  get waiting(): number {
    return this.queue.size;
  }

  /**
   * @param onWait called when no slot is free
   * @throws TracestoreError `busy`, or `cancelled` when the signal comes
   */
  async take(onWait: () => void, signal: AbortSignal | undefined): Promise<void> {
    if (this.free > 0) {
      this.free -= 1;
      return;
    }
    await new Promise<void>((resolve, reject) => {
      const settle = (failure?: TracestoreError): void => {
        clearTimeout(late);
        signal?.removeEventListener('abort', onAbort);
        this.queue.delete(next);
        if (failure === undefined) resolve();
        else reject(failure);
      };
      const next = (): void => settle();
      const onAbort = (): void =>
        settle(new TracestoreError(errorKinds.cancelled, undefined, { cause: signal?.reason }));
      const late = setTimeout(() => settle(new TracestoreError(errorKinds.busy)), queueTimeoutMs);
      signal?.addEventListener('abort', onAbort, { once: true });
      this.queue.add(next);
      onWait();
    });
  }

  giveBack(): void {
    const [next] = this.queue;
    if (next === undefined) this.free += 1;
    else next();
  }
}
