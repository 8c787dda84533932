/** How long to wait before a process that died is started again. */
export interface BackOff {
  /**
   * The wait before the next start, in ms.
   *
   * @param wellForMs how long the process had been ready before it died; 0 if it never was
   */
  nextDelayMs(wellForMs: number): number;
}

const firstDelayMs = 200;
const longestDelayMs = 15_000;
/** Having been well for this long, a process is forgiven what was before. */
const forgivenAfterMs = 30_000;

/** The wait doubles from death to death, up to a bound, and starts over after a long enough life. */
export function createBackOff(): BackOff {
  let delayMs = firstDelayMs;
  return {
    nextDelayMs: (wellForMs) => {
      if (wellForMs >= forgivenAfterMs) delayMs = firstDelayMs;
      const current = delayMs;
      delayMs = Math.min(delayMs * 2, longestDelayMs);
      return current;
    },
  };
}
