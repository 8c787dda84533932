import { useEffect, useState } from 'react';

/** What is answered sooner needs no word. */
export const patienceMs = 200;

const stepMs = 100;

/** For how long something is under way, in ms; from 0 again whenever it begins. */
export function usePassedMs(isUnderWay: boolean): number {
  const [passedMs, setPassedMs] = useState(0);
  useEffect(() => {
    if (!isUnderWay) return undefined;
    const startedAt = performance.now();
    setPassedMs(0);
    const timer = setInterval(() => setPassedMs(performance.now() - startedAt), stepMs);
    return () => clearInterval(timer);
  }, [isUnderWay]);
  return passedMs;
}
