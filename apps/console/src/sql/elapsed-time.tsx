import { useEffect, useState } from 'react';

/** What is answered sooner needs no word. */
const patienceMs = 200;
const stepMs = 100;

/** For how long this has been here, from when that is worth a word. */
export function ElapsedTime() {
  const [elapsedMs, setElapsedMs] = useState(0);
  useEffect(() => {
    const startedAt = performance.now();
    const timer = setInterval(() => setElapsedMs(performance.now() - startedAt), stepMs);
    return () => clearInterval(timer);
  }, []);
  return elapsedMs < patienceMs ? null : <>Running: {(elapsedMs / 1000).toFixed(1)} s</>;
}
