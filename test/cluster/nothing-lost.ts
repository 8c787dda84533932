import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'vitest';
import { startLoadJob } from './load-job.ts';
import { patience } from './patience.ts';
import type { Release } from './release.ts';
import { type StoredTraces, untilStored } from './stored-traces.ts';

/** Includes spans in a queue and spans that are retried. */
const storedTimeoutMs = 120_000 * patience;

/** Connects to a database of the release as the superuser. The connection ends with the Pod of the database. */
export async function connectToDatabase(
  release: Release,
  database = 'postgres',
): Promise<{ readonly url: string; close(): void }> {
  const [{ port, close }, password] = await Promise.all([
    release.forward('database', 5432),
    release.databasePassword('postgres'),
  ]);
  return { url: `postgres://postgres:${password}@127.0.0.1:${port}/${database}`, close };
}

/** The traces since a time. It reconnects each time, since the database can restart in between. */
export async function storedSince(release: Release, since: Date, requests: number): Promise<StoredTraces> {
  const { url, close } = await connectToDatabase(release);
  try {
    return await untilStored(url, since, requests, storedTimeoutMs);
  } finally {
    close();
  }
}

/**
 * Runs a load without injected faults during an operation, and on until the load ends. No request may fail and no span may be
 * lost.
 *
 * @param durationS at patience 1
 */
export async function expectNothingLost(
  release: Release,
  durationS: number,
  operation: () => Promise<void>,
): Promise<void> {
  const lastingMs = durationS * patience * 1_000;
  const since = new Date();
  const finished = await startLoadJob(release, {
    SCENARIO: 'soak',
    RATE: '10',
    DURATION: `${Math.ceil(lastingMs / 1_000)}s`,
    FAULTS: 'off',
  });
  await operation();
  expect(Date.now() - since.getTime(), 'the operation must end before the load (TEST_CLUSTER_PATIENCE)').toBeLessThan(
    lastingMs,
  );
  const { requests, badRequests, output } = await finished();
  expect(badRequests, output).toBe(0);
  expect(requests).toBeGreaterThan(0);
  const stored = await storedSince(release, since, requests);
  expect(stored.defects.slice(0, 20)).toEqual([]);
  expect(stored.requests).toBe(requests);
}

/** Evicts a Pod as `kubectl drain` does: it tries again while a disruption budget refuses. */
export async function evict(release: Release, pod: string): Promise<void> {
  const { namespace } = release.address;
  const eviction = { apiVersion: 'policy/v1', kind: 'Eviction', metadata: { name: pod, namespace } };
  const path = `/api/v1/namespaces/${namespace}/pods/${pod}/eviction`;
  for (const deadline = Date.now() + 180_000 * patience; ; await sleep(2_000)) {
    try {
      await release.kubectl(['create', '--raw', path, '--filename', '-'], JSON.stringify(eviction));
      return;
    } catch (error) {
      const isRefused = String(error).includes('disruption budget');
      if (!isRefused || Date.now() > deadline) throw error;
    }
  }
}
