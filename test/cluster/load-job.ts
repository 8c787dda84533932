import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { parse } from 'yaml';
import { patience } from './patience.ts';
import type { Release } from './release.ts';

/** The result of a load. */
export interface LoadResult {
  /** Whether k6 exited with 0: all thresholds were met. */
  readonly succeeded: boolean;
  /** All requests except those that waited for readiness. */
  readonly requests: number;
  readonly badRequests: number;
  /** The output of k6. */
  readonly output: string;
}

interface Job {
  readonly metadata: { readonly generateName: string };
  readonly spec: {
    readonly template: {
      readonly spec: { readonly containers: readonly { readonly env: { readonly name: string; value: string }[] }[] };
    };
  };
}

/**
 * Starts k8s/k6-job.yaml in the cluster.
 *
 * @param variables of load/k6.ts
 * @returns a function that waits for its end
 */
export async function startLoadJob(
  release: Release,
  variables: Readonly<Record<string, string>>,
): Promise<() => Promise<LoadResult>> {
  const job = parse(readFileSync(new URL('../../k8s/k6-job.yaml', import.meta.url), 'utf8')) as Job;
  const environment = job.spec.template.spec.containers[0]?.env ?? [];
  for (const [variable, value] of Object.entries({ LATENCY_FACTOR: String(patience), ...variables })) {
    const entry = environment.find((each) => each.name === variable);
    if (entry === undefined) environment.push({ name: variable, value });
    else entry.value = value;
  }
  const name = (await release.kubectl(['create', '--output', 'name', '--filename', '-'], JSON.stringify(job))).trim();
  return async () => {
    for (;;) {
      const text = await release.kubectl(['get', name, '--output', 'jsonpath={.status.succeeded},{.status.failed}']);
      const [succeeded, failed] = text.split(',').map(Number);
      if (succeeded || failed) {
        const output = await release.kubectl(['logs', name, '--tail=-1']);
        return { succeeded: succeeded === 1, ...countChecks(output), output };
      }
      await sleep(1_000);
    }
  };
}

/** k6 checks every response once and counts the checks in its summary. */
function countChecks(output: string): Pick<LoadResult, 'requests' | 'badRequests'> {
  const count = (pattern: RegExp): number => Number(pattern.exec(output)?.[1] ?? Number.NaN);
  return {
    requests: count(/checks_total\.*: (\d+)/),
    badRequests: count(/checks_failed\.*: [\d.]+% +(\d+) out of/),
  };
}
