import { beforeAll, describe, expect, inject, it } from 'vitest';
import { kubernetesVersion } from '../../k8s/chart-files.ts';
import { parseObjects } from '../../k8s/rendered-objects.ts';
import { Release } from './release.ts';

// What the API server says to the chart with values that the installed release does not have.

const address = inject('release');

describe.skipIf(address === undefined)('the API server (requires Docker, Helm and kind)', () => {
  let release: Release;

  beforeAll(() => {
    if (address !== undefined) release = new Release(address);
  });

  it('accepts every value that the workloads share', async () => {
    const values = ['--kube-version', kubernetesVersion, '--values', 'k8s/every-value.yaml'];
    const rendered = await release.helm(['template', 'other', 'helm/spandrel', ...values]);
    // A Pod needs the real account: the API server does not know that the dry run creates one.
    const objects = parseObjects(rendered);
    const accounts = objects.filter(({ kind }) => kind === 'ServiceAccount').map((account) => JSON.stringify(account));
    await release.kubectl(['apply', '--filename', '-'], accounts.join('\n'));
    try {
      const output = await release.kubectl(['apply', '--dry-run=server', '--filename', '-'], rendered);
      expect(output.trim().split('\n')).toHaveLength(objects.length);
    } finally {
      await release.kubectl(['delete', '--filename', '-'], accounts.join('\n'));
    }
  });
});
