/**
 * Measures the longest pause of the event loop. It is imported into a process before its program, with `?port=N` after the
 * name of this file. A request to that port on loopback returns the maximum and resets it.
 */
import { createServer } from 'node:http';
import { PerformanceObserver } from 'node:perf_hooks';

/** The longest pause of the event loop. */
export interface LongestHold {
  /** By the clock, in ms. It includes the time of other processes on the core. */
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
