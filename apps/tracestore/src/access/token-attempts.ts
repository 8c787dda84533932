import { clientOf } from '@spandrel/service';
import { limits } from '../limits.js';

const windowMs = 60_000;

/** Wrong tokens of one client in the window. */
interface Failures {
  count: number;
  /** When the first of them is forgotten, and with it all. */
  readonly endsAtMs: number;
}

/**
 * Counts wrong tokens, so that a client cannot guess. A client at its bound waits until its minute is over; others are
 * not affected. When all clients together are at their bound, a client that was wrong in the last minute waits, and any
 * other may still try once. So one client cannot lock out another address.
 */
export class TokenAttempts {
  /** By client, the oldest first. */
  private readonly failures = new Map<string, Failures>();
  private total = 0;

  /** @param nowMs a clock that never goes back */
  constructor(private readonly nowMs: () => number = () => performance.now()) {}

  /**
   * How long a client must wait before its next attempt; 0 when it may try now.
   *
   * @param address its IP address
   */
  waitMs(address: string): number {
    const now = this.nowMs();
    this.forget(now);
    const failures = this.failures.get(clientOf(address));
    if (failures === undefined) return 0;
    const isAtBound =
      failures.count >= limits.wrongTokensPerMinute.value || this.total >= limits.wrongTokensOfAllPerMinute.value;
    return isAtBound ? failures.endsAtMs - now : 0;
  }

  noteWrong(address: string): void {
    const now = this.nowMs();
    this.forget(now);
    const client = clientOf(address);
    const failures = this.failures.get(client);
    if (failures === undefined) {
      // The oldest goes first: its minute is over the soonest.
      if (this.failures.size >= limits.wrongTokenClients.value) this.remove(this.failures.keys().next().value ?? '');
      this.failures.set(client, { count: 1, endsAtMs: now + windowMs });
    } else failures.count += 1;
    this.total += 1;
  }

  private forget(now: number): void {
    for (const [client, { endsAtMs }] of this.failures) {
      if (endsAtMs > now) return;
      this.remove(client);
    }
  }

  private remove(client: string): void {
    this.total -= this.failures.get(client)?.count ?? 0;
    this.failures.delete(client);
  }
}
