import { Injectable } from '@nestjs/common';
import { Randomness } from './randomness.js';

/** The time of the services. A provider, so that a test can replace it. */
export abstract class Clock {
  /** The current time in the time zone of the host. */
  abstract now(): Date;

  /**
   * Waits without blocking the event loop.
   *
   * @param durationMs may be fractional; 0 or less returns at once
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
   * Rounds a duration to whole milliseconds, randomly up or down, so that the mean is exact: 0.3 ms becomes
   * 1 ms in 30 % of the calls, otherwise 0. Most sleeps are shorter than 1 ms, the resolution of Node's timers,
   * and a busy loop would use CPU time that benchmarks of tracing measure.
   */
  private wholeMilliseconds(durationMs: number): number {
    const floor = Math.floor(durationMs);
    return this.randomness.chance(durationMs - floor) ? floor + 1 : floor;
  }
}
