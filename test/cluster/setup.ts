import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import type { TestProject } from 'vitest/node';
import { parse } from 'yaml';
import { renderChart } from '../../k8s/chart-files.ts';
import { parseObjects, workloadsOf } from '../../k8s/rendered-objects.ts';
import { openCluster, whatIsMissing } from './cluster.ts';
import { Release, type ReleaseAddress } from './release.ts';

declare module 'vitest' {
  interface ProvidedContext {
    /** Undefined where the tools for it are missing. */
    readonly release: ReleaseAddress | undefined;
  }
}

const root = path.dirname(path.dirname(import.meta.dirname));
const tag = 'cluster-test';
const namespace = 'spandrel-test';

/** Of the chart's values: ours, and what a cluster needs that is unlike others (`TEST_CLUSTER_VALUES`, a file). */
const values = ['--set', `image.tag=${tag}`, '--values', path.join(import.meta.dirname, 'values.yaml')].concat(
  process.env['TEST_CLUSTER_VALUES'] ? ['--values', process.env['TEST_CLUSTER_VALUES']] : [],
);

/** Builds the images, brings them to a cluster and installs the chart; takes everything away afterwards. */
export async function setup(project: TestProject): Promise<(() => Promise<void>) | undefined> {
  const missing = whatIsMissing();
  if (missing !== undefined) {
    process.stderr.write(`\nThe tests on a cluster are SKIPPED: ${missing}.\n\n`);
    project.provide('release', undefined);
    return undefined;
  }
  const built = buildImages();
  const cluster = openCluster();
  const release = new Release({ kubeconfig: cluster.kubeconfig, namespace, name: 'spandrel' });
  const remove = async (): Promise<void> => {
    await release.helm(['uninstall', 'spandrel', '--ignore-not-found', '--wait']);
    await release.kubectl(['delete', 'namespace', namespace, '--ignore-not-found', '--wait']);
    cluster.remove();
  };
  try {
    cluster.loadImages([...built, ...othersImages().filter(isHere)]);
    await release.kubectl(['create', 'namespace', namespace]);
    await release.kubectl(['label', 'namespace', namespace, 'pod-security.kubernetes.io/enforce=restricted']);
    await release.helm(['install', 'spandrel', 'helm/spandrel', '--wait', '--timeout', '5m', ...values]);
  } catch (error) {
    process.stderr.write(await release.kubectl(['describe', 'pods']).catch(String));
    await remove();
    throw error;
  }
  project.provide('release', release.address);
  return remove;
}

function buildImages(): readonly string[] {
  const { components } = parse(readFileSync(path.join(root, 'helm/spandrel/values.yaml'), 'utf8')) as {
    readonly components: Readonly<Record<string, unknown>>;
  };
  return Object.keys(components).map((app) => {
    const image = `spandrel/${app}:${tag}`;
    const options = [
      'build',
      '--network=host',
      '--file',
      'docker/Dockerfile',
      '--build-arg',
      `APP=${app}`,
      '--tag',
      image,
      '.',
    ];
    execFileSync('docker', options, { cwd: root, env: { ...process.env, DOCKER_BUILDKIT: '1' }, stdio: 'pipe' });
    return image;
  });
}

/** What the chart runs that is not ours. */
function othersImages(): readonly string[] {
  const workloads = workloadsOf(parseObjects(renderChart([...values, '--set', 'load.enabled=true'])));
  const images = workloads.flatMap(({ pod }) => pod.containers.map(({ image }) => image));
  return [...new Set(images)].filter((image) => !image.startsWith('spandrel/'));
}

function isHere(image: string): boolean {
  try {
    execFileSync('docker', ['image', 'inspect', image], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}
