import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type ChildStack, startChildStack } from '@spandrel/testing/child-stack';
import { writeFlagsFile } from '../stack/flags-file.ts';
import type { Results } from './results.ts';
import { treePssBytes } from './process-accounting.ts';
import { measureTracingCost } from './tracing-cost.ts';

const root = path.dirname(import.meta.dirname);
/** How long the stack is idle before it counts as at rest. */
const settleMs = 15_000;
/** How long it is under its usual load of 20 requests/s, and how often its memory is read in that time. */
const loadMs = 60_000;
const weighEveryMs = 5_000;

/**
 * Measures the embedded stack: the time until it is ready, the proportional set size of all its processes with PostgreSQL
 * at rest and under load, and the cost of tracing for a request.
 */
export async function stackBench(say: (line: string) => void): Promise<Results> {
  const rest = await withStack(['--no-load'], async (stack, readySeconds) => {
    say(`ready after ${readySeconds.toFixed(1)} s`);
    await sleep(settleMs);
    return { readySeconds, idleBytes: await treePssBytes(stack.pid) };
  });
  say(`at rest: ${megabytes(rest.idleBytes)} MB`);
  const loadedBytes = await withStack([], async (stack) => {
    let most = 0;
    for (let passed = 0; passed < loadMs; passed += weighEveryMs) {
      await sleep(weighEveryMs);
      most = Math.max(most, await treePssBytes(stack.pid));
    }
    return most;
  });
  say(`under load: ${megabytes(loadedBytes)} MB at most`);
  const { untracedCpuUs, tracedCpuUs, tracedRatio } = await withFaultsOff((flags) => measureTracingCost(flags, say));
  return {
    readySeconds: rounded(rest.readySeconds, 1),
    idleMb: megabytes(rest.idleBytes),
    loadedMb: megabytes(loadedBytes),
    untracedCpuUs: rounded(untracedCpuUs, 1),
    tracedCpuUs: rounded(tracedCpuUs, 1),
    tracedRatio: rounded(tracedRatio, 2),
  };
}

async function withStack<Result>(
  options: readonly string[],
  measure: (stack: ChildStack, readySeconds: number) => Promise<Result>,
): Promise<Result> {
  const startedAt = performance.now();
  const stack = await startChildStack({ options });
  try {
    return await measure(stack, (performance.now() - startedAt) / 1000);
  } finally {
    await stack.stop();
  }
}

async function withFaultsOff<Result>(measure: (flagsFile: string) => Promise<Result>): Promise<Result> {
  const folder = await mkdtemp(path.join(tmpdir(), 'spandrel-bench-'));
  try {
    return await measure(writeFlagsFile(root, folder, false));
  } finally {
    await rm(folder, { recursive: true });
  }
}

function megabytes(bytes: number): number {
  return Math.round(bytes / 1_000_000);
}

function rounded(value: number, digits: number): number {
  return Number(value.toFixed(digits));
}
