import { Injectable } from '@nestjs/common';
import { Randomness } from './randomness.js';

/** Time as the services see it: a provider, so that a test can hold it still. */
export abstract class Clock {
  /** The present, in the host's time zone. */
  abstract now(): Date;

  /**
   * Waits without holding up the event loop.
   *
   * @param durationMs milliseconds, fractions allowed; nothing is waited for if it is zero or less
   */
  abstract sleep(durationMs: number): Promise<void>;
}

/** The host's clock. */
@Injectable()
export class SystemClock extends Clock {
  constructor(private readonly randomness: Randomness) {
    super();
  }

  override now(): Date {
    return new Date();
  }

  override async sleep(durationMs: number): Promise<void> {
    const timerMs = this.wholeMilliseconds(durationMs);
    if (timerMs > 0) await new Promise((wake) => setTimeout(wake, timerMs));
  }

  /**
   * Most sleeps last a fraction of a millisecond, which Node's timers don't know: they take 0.3 ms
   * for 1 ms, and to spin for the rest would burn the CPU that tracing is measured with. So 0.3 ms
   * becomes 1 ms in three calls of ten and nothing in the others, and the mean comes out right.
   */
  private wholeMilliseconds(durationMs: number): number {
    const floor = Math.floor(durationMs);
    return this.randomness.chance(durationMs - floor) ? floor + 1 : floor;
  }
}
