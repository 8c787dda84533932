import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

/** A Kubernetes cluster with a namespace for the test. */
export interface Cluster {
  readonly kubeconfig: string;
  /** Loads images of the local Docker into the cluster. */
  loadImages(images: readonly string[]): void;
  remove(): void;
}

const kindName = 'spandrel-test';

/**
 * The missing requirement of the test as a phrase, undefined if it can run.
 *
 * It needs Docker, Helm, kubectl, and either kind or a cluster in `TEST_KUBECONFIG`. `TEST_CLUSTER_LOAD` is the command that
 * loads local images into that cluster.
 */
export function whatIsMissing(): string | undefined {
  const wanted = ['docker', 'helm', 'kubectl', ...(process.env['TEST_KUBECONFIG'] ? [] : ['kind'])];
  const missing = wanted.filter((program) => spawnSync(program, ['version'], { timeout: 30_000 }).error !== undefined);
  return missing.length === 0 ? undefined : `there is no ${missing.join(' and no ')} on the PATH`;
}

/** The cluster of `TEST_KUBECONFIG`, or a new one created by kind. */
export function openCluster(): Cluster {
  const given = process.env['TEST_KUBECONFIG'];
  return given ? existingCluster(given, process.env['TEST_CLUSTER_LOAD']) : kindCluster();
}

function existingCluster(kubeconfig: string, loadCommand: string | undefined): Cluster {
  return {
    kubeconfig,
    loadImages: (images) => {
      const [program, ...options] = loadCommand?.split(' ') ?? [];
      if (program) run(program, [...options, ...images]);
    },
    remove: () => {},
  };
}

function kindCluster(): Cluster {
  const folder = mkdtempSync(path.join(tmpdir(), 'spandrel-'));
  const kubeconfig = path.join(folder, 'kubeconfig');
  const named = ['--name', kindName];
  run('kind', ['create', 'cluster', ...named, '--kubeconfig', kubeconfig, '--wait', '120s']);
  return {
    kubeconfig,
    loadImages: (images) => run('kind', ['load', 'docker-image', ...named, ...images]),
    remove: () => {
      run('kind', ['delete', 'cluster', ...named]);
      rmSync(folder, { recursive: true });
    },
  };
}

/** @throws Error with the output of the program */
function run(program: string, options: readonly string[]): void {
  execFileSync(program, options, { stdio: ['ignore', 'ignore', 'pipe'], timeout: 600_000 });
}
