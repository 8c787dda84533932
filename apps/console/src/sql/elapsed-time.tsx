import { shownAfterMs, useElapsedMs } from '../use-elapsed-ms.ts';

/** The time since this component was mounted; nothing at first. */
export function ElapsedTime() {
  const elapsedMs = useElapsedMs(true);
  return elapsedMs < shownAfterMs ? null : <>Running: {(elapsedMs / 1000).toFixed(1)} s</>;
}
