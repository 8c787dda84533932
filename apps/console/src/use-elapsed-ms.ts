import { useEffect, useState } from 'react';

/** A faster activity does not show its elapsed time. */
export const shownAfterMs = 200;

const updateMs = 100;

/** The time in ms since an activity started. It restarts at 0 each time `isRunning` becomes true. */
export function useElapsedMs(isRunning: boolean): number {
  const [elapsedMs, setElapsedMs] = useState(0);
  useEffect(() => {
    if (!isRunning) return undefined;
    const startedAt = performance.now();
    setElapsedMs(0);
    const timer = setInterval(() => setElapsedMs(performance.now() - startedAt), updateMs);
    return () => clearInterval(timer);
  }, [isRunning]);
  return elapsedMs;
}
