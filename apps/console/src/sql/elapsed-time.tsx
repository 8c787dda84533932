import { patienceMs, usePassedMs } from '../use-passed-ms.ts';

/** For how long this has been here, from when that is worth a word. */
export function ElapsedTime() {
  const elapsedMs = usePassedMs(true);
  return elapsedMs < patienceMs ? null : <>Running: {(elapsedMs / 1000).toFixed(1)} s</>;
}
