import { Injectable } from '@nestjs/common';
import { Randomness } from './randomness.js';

/** The time of the services. It is a provider, so that a test can replace it. */
export abstract class Clock {
  /** The current time, in the host's time zone. */
  abstract now(): Date;

  /**
   * Waits without blocking the event loop.
   *
   * @param durationMs may be a fraction; there is no wait for 0 or less
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
   * Most sleeps last a fraction of a millisecond, but Node's timers round it up to 1 ms. A busy loop would use the CPU
   * time that tracing is measured with. So 0.3 ms is 1 ms in three of ten calls and 0 in the others, which keeps the
   * mean.
   */
  private wholeMilliseconds(durationMs: number): number {
    const floor = Math.floor(durationMs);
    return this.randomness.chance(durationMs - floor) ? floor + 1 : floor;
  }
}
