import { execFileSync, spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import type { GeneratedFile } from '../generate/generated-files.ts';
import { describeValues } from './values-reference.ts';

const root = path.dirname(import.meta.dirname);
const chart = 'helm/spandrel';

/** The version of Kubernetes that the chart is rendered for without a cluster. */
export const kubernetesVersion = '1.34.0';

/** The files that the chart has a copy of, because a chart reads only files in its own folder. */
const copies: Readonly<Record<string, string>> = {
  'load/k6.ts': `${chart}/files/load/k6.ts`,
  'load/scenarios.ts': `${chart}/files/load/scenarios.ts`,
};

/** Whether `helm` is on the PATH. */
export function hasHelm(): boolean {
  return spawnSync('helm', ['version']).error === undefined;
}

/** The generated files of the chart that need no Helm: the copies and the reference of its values. */
export function chartFiles(): readonly GeneratedFile[] {
  return [
    ...Object.entries(copies).map(([from, to]) => ({ path: to, content: read(from) })),
    { path: `${chart}/README.md`, content: describeValues(read(`${chart}/values.yaml`)) },
  ];
}

/**
 * The generated files that need Helm: each example, rendered, and `k8s/k6-job.yaml`, the chart's load as a Job for
 * `kubectl create`.
 *
 * @throws Error with Helm's message when it cannot render the chart
 */
export function renderedFiles(): readonly GeneratedFile[] {
  const job = renderChart(['--set', 'load.enabled=true', '--show-only', 'templates/load-job.yaml']);
  return [
    ...exampleNames().map((name) => ({
      path: `${chart}/examples/rendered/${name}.yaml`,
      content: withoutDashboards(renderChart(['--values', `${chart}/examples/${name}.yaml`])),
    })),
    {
      path: 'k8s/k6-job.yaml',
      content: job
        .replace(/ name: spandrel-load-[\da-f]{8}\n/, ' generateName: spandrel-load-\n')
        .replace('\nspec:\n', '\nspec:\n  ttlSecondsAfterFinished: 3600\n'),
    },
  ];
}

/** The names of the chart's examples of values. */
export function exampleNames(): readonly string[] {
  return readdirSync(path.join(root, chart, 'examples'))
    .filter((file) => file.endsWith('.yaml'))
    .map((file) => path.basename(file, '.yaml'));
}

/**
 * Renders the chart: all objects, as YAML.
 *
 * @param options further options of `helm template`
 * @param repository the folder of the repository
 * @param release the name of the release
 * @throws Error with Helm's message when it rejects the values
 */
export function renderChart(options: readonly string[] = [], repository = root, release = 'spandrel'): string {
  // Without a namespace Helm takes that of the current context, which differs between machines. A later option wins.
  const place = ['--namespace', 'default', '--kube-version', kubernetesVersion];
  return runHelm(['template', release, chart, ...place, ...options], repository);
}

/**
 * Runs Helm.
 *
 * @param folder in which it runs
 * @returns its output
 * @throws Error with its message
 */
export function runHelm(options: readonly string[], folder = root): string {
  return execFileSync('helm', options, {
    cwd: folder,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
    maxBuffer: 64 * 1024 * 1024,
  });
}

/** Leaves out the dashboards, which are long. */
function withoutDashboards(rendered: string): string {
  return rendered
    .split(/^(?=---$)/m)
    .map((document) =>
      /^  name: \S+-(dashboards|sidecar)$/m.test(document)
        ? document.replace(/^data:\n[^]*/m, 'data: {} # left out: ../../dashboards\n')
        : document,
    )
    .join('');
}

function read(file: string): string {
  return readFileSync(path.join(root, file), 'utf8');
}
