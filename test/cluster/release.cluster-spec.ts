import { setTimeout as sleep } from 'node:timers/promises';
import { appNames } from '@spandrel/service/services';
import { beforeAll, beforeEach, describe, expect, inject, it } from 'vitest';
import { createAgent, performRequest } from '../../load/request.ts';
import { scenarios } from '../../load/scenarios.ts';
import { query } from '@spandrel/embedded/postgres';
import { startLoadJob } from './load-job.ts';
import { connectToDatabase, evict, expectNothingLost, storedSince } from './nothing-lost.ts';
import { patience } from './patience.ts';
import { Release } from './release.ts';

// The chart with two replicas of each stateless component. The last test uninstalls it.

const address = inject('release');
const stateless = [...appNames, 'collector'];

/** With patience, the time limit of the frontend for the backend may pass on a busy machine. */
const statusesOfOutage = patience > 1 ? [503, 504] : [503];

describe.skipIf(address === undefined)('a release in a cluster (requires Docker, Helm and kind)', () => {
  let release: Release;

  beforeAll(() => {
    if (address !== undefined) release = new Release(address);
  });

  // A test begins with all replicas ready: the one before may have taken some away.
  beforeEach(() => release.untilAllReady([...stateless, 'database']));

  it('passes helm test: every store has the trace of a request', async () => {
    expect(await release.helm(['test', 'spandrel', '--timeout', `${Math.ceil(3 * patience)}m`])).toMatch(
      /Phase:\s+Succeeded/,
    );
  });

  it('passes the load test', async () => {
    const since = new Date();
    const finished = await startLoadJob(release, { SCENARIO: 'numbers', RATE: '20', DURATION: '30s', FAULTS: 'off' });
    const { succeeded, requests, output } = await finished();
    expect(succeeded, output).toBe(true);
    expect(await storedSince(release, since, requests)).toMatchObject({ requests, defects: [] });
  });

  it('keeps its passwords during an upgrade', async () => {
    const roles = ['postgres', 'tracestore', 'backend', 'grafana'];
    const passwords = (): Promise<readonly string[]> =>
      Promise.all(roles.map((role) => release.databasePassword(role)));
    const before = await passwords();
    const upgrade = [
      'upgrade',
      'spandrel',
      'helm/spandrel',
      '--reuse-values',
      '--wait',
      '--timeout',
      `${Math.ceil(5 * patience)}m`,
    ];
    await release.helm([...upgrade, '--set', 'components.backend.podAnnotations.upgraded=yes']);
    expect(await passwords()).toEqual(before);
    expect(await release.helm(['test', 'spandrel', '--timeout', `${Math.ceil(3 * patience)}m`])).toMatch(
      /Phase:\s+Succeeded/,
    );
  });

  it('fails no request and loses no span during a rollout of all stateless components', async () => {
    await expectNothingLost(release, 180, async () => {
      for (const component of stateless) {
        await release.kubectl(['rollout', 'restart', release.workload(component)]);
        await release.untilReady(component);
      }
    });
  });

  it('fails no request and loses no span while a Pod of each component is evicted in turn', async () => {
    await expectNothingLost(release, 180, async () => {
      for (const component of stateless) {
        const [pod = ''] = await release.pods(component);
        await evict(release, pod);
        await release.kubectl(['wait', `pod/${pod}`, '--for=delete', `--timeout=${Math.ceil(120 * patience)}s`]);
        await release.untilReady(component);
      }
    });
  });

  it('returns 503 while the database restarts and keeps all acknowledged requests', async () => {
    const [write] = scenarios;
    if (write === undefined) throw new Error('there is no scenario');
    const { port, close } = await release.forward('frontend', 3001);
    const since = new Date();
    const agent = createAgent();
    const targets = { frontend: `http://127.0.0.1:${port}`, generator: '' };
    const send = () => performRequest(write, targets, agent, 20_000);
    const outcomes = [await send()];
    const [pod = ''] = await release.pods('database');
    await release.kubectl(['delete', 'pod', pod, '--wait=false']);
    for (const deadline = Date.now() + 180_000 * patience; Date.now() < deadline; await sleep(200)) {
      outcomes.push(await send());
      const wasAway = outcomes.some(({ kind }) => kind !== 'good');
      if (wasAway && outcomes.slice(-10).every(({ kind }) => kind === 'good')) break;
    }
    close();
    agent.destroy();
    const statuses = new Set(outcomes.filter(({ kind }) => kind !== 'good').map(({ status }) => status));
    expect(statuses).toContain(503);
    expect([...statuses].filter((status) => !statusesOfOutage.includes(Number(status)))).toEqual([]);
    const good = outcomes.filter(({ kind }) => kind === 'good');
    expect(outcomes.slice(-10).map(({ kind }) => kind)).toEqual(Array.from({ length: 10 }, () => 'good'));

    const numbers = await connectToDatabase(release, 'numbers');
    const [row] = await query<{ readonly count: string }>(
      numbers.url,
      'SELECT count(*) FROM random_number WHERE created_at >= $1',
      [since],
    );
    numbers.close();
    expect(Number(row?.count)).toBeGreaterThanOrEqual(good.length);

    const ids = new Set(good.map(({ traceId }) => traceId));
    const { defects, requests } = await storedSince(release, since, outcomes.length);
    expect(requests).toBe(outcomes.length);
    expect(defects.filter((defect) => ids.has(defect.split(' ', 1)[0]))).toEqual([]);
  });

  it('leaves nothing behind after the uninstallation', async () => {
    await release.helm(['uninstall', 'spandrel', '--wait', '--timeout', `${Math.ceil(3 * patience)}m`]);
    const kinds = [
      'all,configmaps,secrets,serviceaccounts,persistentvolumeclaims',
      'networkpolicies,poddisruptionbudgets,horizontalpodautoscalers',
    ].join(',');
    const left = async (): Promise<readonly string[]> =>
      (await release.kubectl(['get', kinds, '--output', 'name']))
        .split('\n')
        .filter((name) => name !== '' && !['configmap/kube-root-ca.crt', 'serviceaccount/default'].includes(name))
        // The test created the jobs, which expire.
        .filter((name) => !/^(job\.batch|pod)\/spandrel-load-/.test(name));
    for (const deadline = Date.now() + 120_000; (await left()).length > 0 && Date.now() < deadline;) await sleep(2_000);
    expect(await left()).toEqual([]);
  });
});
