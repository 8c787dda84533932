import { setTimeout as sleep } from 'node:timers/promises';
import type { LeashedProcess } from './leash.ts';

const pollMs = 100;

/**
 * Resolves when `<url>/readyz` answers 200.
 *
 * @throws Error when the process ends first, the signal aborts, or `timeoutMs` pass (with the last answer)
 */
export async function untilServiceReady(
  url: string,
  { exited }: Pick<LeashedProcess, 'exited'>,
  signal: AbortSignal,
  timeoutMs = 90_000,
): Promise<void> {
  const over = new AbortController();
  void exited.then(() => over.abort(new Error('it ended')));
  const end = AbortSignal.any([over.signal, signal]);
  const deadline = Date.now() + timeoutMs;
  for (;;) {
    end.throwIfAborted();
    const answer = await askReadiness(url, end);
    if (answer === 'ready') return;
    if (Date.now() > deadline) throw new Error(`after ${timeoutMs / 1_000} s, ${url}/readyz ${answer}`);
    await sleep(pollMs, undefined, { signal: end }).catch(() => {});
  }
}

async function askReadiness(url: string, signal: AbortSignal): Promise<string> {
  try {
    const response = await fetch(`${url}/readyz`, { signal: AbortSignal.any([signal, AbortSignal.timeout(2_000)]) });
    const body = await response.text();
    return response.ok ? 'ready' : `says ${response.status} ${body.slice(0, 300)}`;
  } catch (error) {
    const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
    return `fails: ${cause instanceof Error ? cause.message : String(cause)}`;
  }
}
