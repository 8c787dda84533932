/**
 * Imported into a process before its own program, with `?port=N` behind the name of this file: answers there, on loopback,
 * how long the event loop was held at most since the last answer, and starts anew.
 */
import { createServer } from 'node:http';
import { PerformanceObserver } from 'node:perf_hooks';

/** The longest hold of the event loop. */
export interface LongestHold {
  /** By the clock, in ms: other processes that took the core are in it. */
  readonly wallMs: number;
  /** By the CPU time of the thread, in ms. */
  readonly cpuMs: number;
  /** The longest garbage collection by the clock, in ms. */
  readonly gcMs: number;
}

let wallMs = 0;
let cpuMs = 0;
let gcMs = 0;
let lastMs = performance.now();
let lastCpuMs = threadCpuMs();

function threadCpuMs(): number {
  const { user, system } = process.threadCpuUsage();
  return (user + system) / 1000;
}

function look(): void {
  const nowMs = performance.now();
  const nowCpuMs = threadCpuMs();
  wallMs = Math.max(wallMs, nowMs - lastMs);
  cpuMs = Math.max(cpuMs, nowCpuMs - lastCpuMs);
  lastMs = nowMs;
  lastCpuMs = nowCpuMs;
}

const port = new URL(import.meta.url).searchParams.get('port');
if (port !== null) {
  setInterval(look, 1).unref();
  new PerformanceObserver((list) => {
    for (const { duration } of list.getEntries()) gcMs = Math.max(gcMs, duration);
  }).observe({ entryTypes: ['gc'] });
  const server = createServer((_request, response) => {
    look();
    const hold: LongestHold = { wallMs, cpuMs, gcMs };
    [wallMs, cpuMs, gcMs] = [0, 0, 0];
    response.setHeader('connection', 'close').end(JSON.stringify(hold));
  });
  server.listen(Number(port), '127.0.0.1').unref();
}
