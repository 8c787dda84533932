import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { appNames } from '@spandrel/service/services';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { query } from '@spandrel/embedded/postgres';
import { connectToDatabase, expectNothingLost } from './nothing-lost.ts';
import { patience } from './patience.ts';
import { Release } from './release.ts';

// Upgrade to a version with a migration more, rollback, backup and restore. Each test ends with the version of the setup.

const address = inject('release');
const nextTag = inject('nextTag');
const components = [...appNames, 'collector', 'database'];
const page = readFileSync(path.join(import.meta.dirname, '../../docs/backup-and-restore.md'), 'utf8');

describe.skipIf(address === undefined)('versions of a release in a cluster (requires Docker, Helm and kind)', () => {
  let release: Release;
  let folder: string;

  beforeAll(async () => {
    folder = mkdtempSync(path.join(tmpdir(), 'spandrel-backup-'));
    if (address === undefined) return;
    release = new Release(address);
    await release.untilAllReady(components);
  });

  afterAll(() => rmSync(folder, { recursive: true }));

  async function inDatabase<Row extends object>(sql: string): Promise<readonly Row[]> {
    const { url, close } = await connectToDatabase(release);
    try {
      return await query<Row>(url, sql);
    } finally {
      close();
    }
  }

  const upgrade = (...settings: readonly string[]): Promise<string> =>
    release.helm([
      'upgrade',
      'spandrel',
      'helm/spandrel',
      '--reuse-values',
      '--wait',
      '--timeout',
      `${Math.ceil(10 * patience)}m`,
      ...settings.flatMap((setting) => ['--set', setting]),
    ]);

  const rollback = (): Promise<string> =>
    release.helm(['rollback', 'spandrel', '--wait', '--timeout', `${Math.ceil(10 * patience)}m`]);

  const passesTest = async (): Promise<void> => {
    const output = await release.helm(['test', 'spandrel', '--timeout', `${Math.ceil(3 * patience)}m`]);
    expect(output).toMatch(/Phase:\s+Succeeded/);
  };

  const migrations = async (): Promise<readonly string[]> =>
    (await inDatabase<{ readonly name: string }>('SELECT name FROM tracestore.migration ORDER BY 1')).map(
      ({ name }) => name,
    );

  /** As if the next version had never been. */
  const forgetNext = (): Promise<unknown> =>
    inDatabase(
      `ALTER TABLE tracestore.span DROP COLUMN IF EXISTS next; ALTER TABLE tracestore.resource DROP COLUMN IF EXISTS next;
       DELETE FROM tracestore.migration WHERE name = '9000-next.sql'`,
    );

  it('a store survives a migration of 150 s, and an upgrade and a rollback lose nothing', async () => {
    await expectNothingLost(release, 600, async () => {
      await upgrade(`image.tag=${nextTag}`);
      expect((await migrations()).at(-1)).toBe('9000-next.sql');
      const restarts = await release.kubectl([
        'get',
        'pods',
        '--selector=app.kubernetes.io/component=tracestore',
        '--output=jsonpath={.items[*].status.containerStatuses[*].restartCount}',
      ]);
      expect(new Set(restarts.split(' '))).toEqual(new Set(['0']));
      await rollback();
    });
    expect((await migrations()).at(-1)).toBe('9000-next.sql');
    await passesTest();
    await forgetNext();
  });

  it('a Job migrates before an upgrade, and a rollback needs none', async () => {
    await upgrade(`image.tag=${nextTag}`, 'migrations.by=job');
    expect(await release.kubectl(['logs', 'job/spandrel-migrate'])).toContain('Applies 9000-next.sql');
    await passesTest();
    await rollback();
    await passesTest();
    await forgetNext();
  });

  it('a store that a migration does not admit ends with one sentence', async () => {
    await inDatabase(`INSERT INTO tracestore.migration (name, checksum, admits) VALUES ('0099-contract.sql', 'x', 99)`);
    const [pod = ''] = await release.pods('tracestore');
    await release.kubectl(['delete', 'pod', pod]);
    const logs = async (): Promise<string> => {
      const pods = await release.pods('tracestore');
      const texts = pods.map((name) => release.kubectl(['logs', name, '--tail=20']).catch(String));
      return (await Promise.all(texts)).join('\n');
    };
    await expect
      .poll(logs, { timeout: 120_000 * patience, interval: 2_000 })
      .toContain('migration 0099-contract.sql, which this build doesn');
    await inDatabase(`DELETE FROM tracestore.migration WHERE name = '0099-contract.sql'`);
    await release.untilReady('tracestore');
  });

  it('a backup that is restored gives the same spans, while clients retry', async () => {
    const block = (having: string): string => {
      const found = [...page.matchAll(/^```bash\n(.*?)^```/gms)].map(([, text = '']) => text);
      return found.find((text) => text.startsWith('kubectl exec') && text.includes(having)) ?? '';
    };
    const drop = /^DROP SCHEMA .*$/m.exec(page)?.[0] ?? '';
    const count = async (): Promise<unknown> =>
      inDatabase('SELECT count(*)::int AS spans, count(DISTINCT trace_id)::int AS traces FROM ps_trace.span');
    // Spans of probes and tests that are under way.
    await sleep(15_000);
    await release.shell(block('pg_dumpall'), folder);
    const before = await count();
    await release.kubectl(['scale', release.workload('tracestore'), '--replicas=0']);
    await release.kubectl([
      'wait',
      'pods',
      '--selector=app.kubernetes.io/component=tracestore',
      '--for=delete',
      `--timeout=${Math.ceil(120 * patience)}s`,
    ]);
    await inDatabase(drop);
    await release.shell(block('pg_restore').split('\n', 1)[0] ?? '', folder);
    expect(await count()).toEqual(before);
    await release.kubectl(['scale', release.workload('tracestore'), '--replicas=2']);
    await release.untilReady('tracestore');
    await passesTest();
  });
});
