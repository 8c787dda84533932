import { Client } from 'pg';
import { beforeAll, describe, expect, inject, it } from 'vitest';
import { patience } from './patience.ts';
import { Release } from './release.ts';

// What a GitOps tool does to a release, the rotation of a password, and the growth of a volume.

const address = inject('release');

/** The kubelet updates a mounted Secret within a minute or two. */
const rotationTimeoutMs = 240_000;

const kinds = [
  'deployments,statefulsets,services,configmaps,secrets,serviceaccounts,jobs',
  'roles,rolebindings,networkpolicies,poddisruptionbudgets,persistentvolumeclaims',
].join(',');

interface ClusterObject {
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly uid: string };
  readonly spec?: object;
  readonly data?: Readonly<Record<string, string>>;
}

describe.skipIf(address === undefined)('a release under GitOps (requires Docker, Helm and kind)', () => {
  let release: Release;
  let rendered: string;

  beforeAll(async () => {
    if (address === undefined) return;
    release = new Release(address);
    const values = await release.helm(['get', 'values', release.address.name, '--output', 'yaml']);
    const { gitVersion } = (
      JSON.parse(await release.kubectl(['version', '--output', 'json'])) as {
        readonly serverVersion: { readonly gitVersion: string };
      }
    ).serverVersion;
    const template = ['template', release.address.name, 'helm/spandrel', '--no-hooks', '--kube-version', gitVersion];
    rendered = await release.helm([...template, '--values', '-'], values);
  });

  /**
   * What an apply may not change, by kind and name: identity, specification and data. The generation of a Deployment also
   * counts annotations, of which the first apply adds one.
   */
  async function state(): Promise<Readonly<Record<string, unknown>>> {
    const { items } = JSON.parse(await release.kubectl(['get', kinds, '--output', 'json'])) as {
      readonly items: readonly ClusterObject[];
    };
    const entries = items.map(({ kind, metadata, spec, data }) => [
      `${kind} ${metadata.name}`,
      { uid: metadata.uid, spec, data },
    ]);
    return Object.fromEntries(entries) as Readonly<Record<string, unknown>>;
  }

  it('has no differences to its rendered templates', async () => {
    // It fails when there are differences, with the differences as its output.
    expect(await release.kubectl(['diff', '--filename', '-'], rendered)).toBe('');
  });

  it('is unchanged by kubectl apply of its rendered templates, passwords included', async () => {
    const pods = await release.kubectl(['get', 'pods', '--output', 'name']);
    const before = await state();
    expect(Object.keys(before)).toContain(`Secret ${release.address.name}-database`);
    await release.kubectl(['apply', '--filename', '-'], rendered);
    expect(await state()).toEqual(before);
    const again = await release.kubectl(['apply', '--filename', '-'], rendered);
    // kubectl sends the selector of a disruption budget each time, because the API declares it as replaced as a whole.
    const changes = again
      .split('\n')
      .filter((line) => line !== '' && !line.endsWith(' unchanged') && !line.startsWith('poddisruptionbudget.policy/'));
    expect(changes).toEqual([]);
    expect(await state()).toEqual(before);
    expect(await release.kubectl(['get', 'pods', '--output', 'name'])).toBe(pods);
  });

  it('rotates a password: the role follows the Secret, and the app works after its restart', async () => {
    const changed = { stringData: { 'backend-password': 'a new p@ssword/100%' } };
    await release.kubectl(['patch', 'secret', `${release.address.name}-database`, '--patch', JSON.stringify(changed)]);
    // With a forward for each attempt: kubectl ends one whose connection was reset.
    const signIn = async (): Promise<string> => {
      const { port, close } = await release.forward('database', 5432);
      const client = new Client({
        host: '127.0.0.1',
        port,
        user: 'backend',
        database: 'numbers',
        password: changed.stringData['backend-password'],
      });
      try {
        await client.connect();
        return 'signed in';
      } catch (error) {
        return String(error);
      } finally {
        await client.end().catch(() => undefined);
        close();
      }
    };
    await expect.poll(signIn, { timeout: rotationTimeoutMs * patience, interval: 2_000 }).toBe('signed in');
    await release.kubectl(['rollout', 'restart', release.workload('backend')]);
    await release.untilReady('backend');
    const timeout = `${Math.ceil(3 * patience)}m`;
    expect(await release.helm(['test', release.address.name, '--timeout', timeout])).toMatch(/Phase:\s+Succeeded/);
  });

  it('grows a volume by its value, without another StatefulSet or Pod', async () => {
    const claim = `data-${release.address.name}-database-0`;
    const storageClass = await release.kubectl(['get', 'pvc', claim, '--output', 'jsonpath={.spec.storageClassName}']);
    const allow = async (allowed: boolean): Promise<void> => {
      const patch = JSON.stringify({ allowVolumeExpansion: allowed });
      await release.kubectl(['patch', 'storageclass', storageClass, '--patch', patch]);
    };
    const allowed = await release.kubectl([
      'get',
      'storageclass',
      storageClass,
      '--output',
      'jsonpath={.allowVolumeExpansion}',
    ]);
    const identity = () =>
      release.kubectl([
        'get',
        release.workload('database'),
        '--output',
        'jsonpath={.metadata.uid} {.metadata.generation}',
      ]);
    const before = await identity();
    await allow(true);
    try {
      const upgrade = ['upgrade', release.address.name, 'helm/spandrel', '--reuse-values'];
      await release.helm([...upgrade, '--set', 'timescaledb.persistence.size=3Gi']);
      expect(
        await release.kubectl(['get', 'pvc', claim, '--output', 'jsonpath={.spec.resources.requests.storage}']),
      ).toBe('3Gi');
      expect(await identity()).toBe(before);
    } finally {
      await allow(allowed === 'true');
    }
  });

  it('tells which objects an uninstallation keeps, and not a Secret that is not there', async () => {
    const notes = async (...settings: readonly string[]): Promise<string> => {
      const install = ['install', 'notes', 'helm/spandrel', '--dry-run=client', '--output', 'json'];
      const { info } = JSON.parse(await release.helm([...install, ...settings])) as {
        readonly info: { readonly notes: string };
      };
      return info.notes;
    };
    const deletion = /kubectl .* delete (.*)/;
    expect(deletion.exec(await notes())?.[1]).toBe(
      'secret/notes-spandrel-database persistentvolumeclaim/data-notes-spandrel-database-0 persistentvolumeclaim/data-notes-spandrel-tempo-0',
    );
    const own = await notes('--set', 'database.existingSecret=mine,tempo.persistence.keep=false');
    expect(deletion.exec(own)?.[1]).toBe('persistentvolumeclaim/data-notes-spandrel-database-0');
  });
});
