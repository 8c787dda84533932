import { execFileSync, spawnSync } from 'node:child_process';
import path from 'node:path';
import type { TestProject } from 'vitest/node';
import { appNames } from '@spandrel/service/services';
import { renderChart } from '../../k8s/chart-files.ts';
import { parseObjects, workloadsOf } from '../../k8s/rendered-objects.ts';
import { openCluster, whatIsMissing } from './cluster.ts';
import { patience } from './patience.ts';
import { Release, type ReleaseAddress } from './release.ts';

declare module 'vitest' {
  interface ProvidedContext {
    /** undefined where tools are missing. */
    readonly release: ReleaseAddress | undefined;
    /** The tag of the images of the next version. */
    readonly nextTag: string;
    /** The components of `optional` whose image is unavailable. */
    readonly unavailable: readonly string[];
  }
}

const root = path.dirname(path.dirname(import.meta.dirname));
const tag = 'cluster-test';
/** The tag of the next version, in which tracestore has a migration more. */
const nextTag = 'cluster-test-next';
const namespace = 'spandrel-test';

/** Large components that the others do not need. */
const optional = ['tempo', 'grafana'] as const;

/** Values files of the chart: that of the test, and `TEST_CLUSTER_VALUES` for the needs of a cluster. */
const values = ['--set', `image.tag=${tag}`, '--values', path.join(import.meta.dirname, 'values.yaml')].concat(
  process.env['TEST_CLUSTER_VALUES'] ? ['--values', process.env['TEST_CLUSTER_VALUES']] : [],
);

/** Builds the images, loads them into a cluster and installs the chart. It removes everything afterwards. */
export async function setup(project: TestProject): Promise<(() => Promise<void>) | undefined> {
  const missing = whatIsMissing();
  if (missing !== undefined) {
    process.stderr.write(`\nThe tests on a cluster are SKIPPED: ${missing}.\n\n`);
    project.provide('release', undefined);
    project.provide('nextTag', nextTag);
    project.provide('unavailable', optional);
    return undefined;
  }
  const unavailable = optional.filter((component) => !imagesOf(component).every(isAvailable));
  if (unavailable.length > 0) {
    process.stderr.write(
      `\nTests of these components are SKIPPED, their images are unavailable: ${unavailable.join(', ')}.\n\n`,
    );
  }
  const enabled = optional
    .filter((component) => !unavailable.includes(component))
    .map((name) => `${name}.enabled=true`);
  const built = buildImages();
  const next = buildNextImages();
  const cluster = openCluster();
  const release = new Release({ kubeconfig: cluster.kubeconfig, namespace, name: 'spandrel' });
  const remove = async (): Promise<void> => {
    await release.helm(['uninstall', 'spandrel', '--ignore-not-found', '--wait']);
    await release.kubectl(['delete', 'namespace', namespace, '--ignore-not-found', '--wait']);
    cluster.remove();
  };
  try {
    cluster.loadImages([...built, ...next, ...othersImages(['load.enabled=true', ...enabled]).filter(isLocal)]);
    await release.kubectl(['create', 'namespace', namespace]);
    await release.kubectl(['label', 'namespace', namespace, 'pod-security.kubernetes.io/enforce=restricted']);
    const settings = [...values, ...setting(enabled)];
    await release.helm([
      'install',
      'spandrel',
      'helm/spandrel',
      '--wait',
      '--timeout',
      `${Math.ceil(10 * patience)}m`,
      ...settings,
    ]);
  } catch (error) {
    process.stderr.write(await release.kubectl(['describe', 'pods']).catch(String));
    await remove();
    throw error;
  }
  project.provide('release', release.address);
  project.provide('nextTag', nextTag);
  project.provide('unavailable', unavailable);
  return remove;
}

function buildImages(): readonly string[] {
  return appNames.map((app) => {
    const image = `spandrel/${app}:${tag}`;
    const options = [
      'build',
      '--network=host',
      '--secret',
      `id=ca,src=${process.env['BUILD_CA'] ?? '/dev/null'}`,
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

/** The same images with another tag, but for that of tracestore. */
function buildNextImages(): readonly string[] {
  return appNames.map((app) => {
    const [image, next] = [`spandrel/${app}:${tag}`, `spandrel/${app}:${nextTag}`];
    const folder = path.join(import.meta.dirname, 'next-version');
    const command =
      app === 'tracestore' ? ['build', '--build-arg', `IMAGE=${image}`, '--tag', next, folder] : ['tag', image, next];
    execFileSync('docker', command, { env: { ...process.env, DOCKER_BUILDKIT: '1' }, stdio: 'pipe' });
    return next;
  });
}

/** The values that enable a component of `optional`. */
function imagesOf(component: string): readonly string[] {
  const others = othersImages([]);
  return othersImages([`${component}.enabled=true`]).filter((image) => !others.includes(image));
}

/** The third-party images of the chart with some values. */
function othersImages(more: readonly string[]): readonly string[] {
  const workloads = workloadsOf(parseObjects(renderChart([...values, ...setting(more)])));
  const images = workloads.flatMap(({ pod }) => pod.containers.map(({ image }) => image));
  return [...new Set(images)].filter((image) => !image.startsWith('spandrel/'));
}

function setting(values: readonly string[]): readonly string[] {
  return values.flatMap((value) => ['--set', value]);
}

function isAvailable(image: string): boolean {
  return isLocal(image) || spawnSync('docker', ['pull', '--quiet', image], { timeout: 600_000 }).status === 0;
}

function isLocal(image: string): boolean {
  try {
    execFileSync('docker', ['image', 'inspect', image], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}
