import { execFileSync, spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describeValues } from './values-reference.ts';

const root = path.dirname(import.meta.dirname);
const chart = 'helm/spandrel';

/** For whom the chart is rendered where no cluster says so. */
const kubernetesVersion = '1.34.0';

/** What the chart holds a copy of, since it can read only what is below it. */
const copies: Readonly<Record<string, string>> = {
  'libs/characters/flags.json': `${chart}/files/flags.json`,
  'load/k6.ts': `${chart}/files/load/k6.ts`,
  'load/scenarios.ts': `${chart}/files/load/scenarios.ts`,
};

/** A file that is made of others: its path from the root of the repository, and what belongs in it. */
export interface GeneratedFile {
  readonly path: string;
  readonly content: string;
}

/** Whether there is a Helm to render the examples with. */
export function hasHelm(): boolean {
  return spawnSync('helm', ['version']).error === undefined;
}

/** The files that need nothing but this repository. */
export function chartFiles(): readonly GeneratedFile[] {
  return [
    ...Object.entries(copies).map(([from, to]) => ({ path: to, content: read(from) })),
    { path: `${chart}/README.md`, content: describeValues(read(`${chart}/values.yaml`)) },
  ];
}

/** What Helm renders: each example of values, and the chart's Job that makes a load, to be had at any time. Needs Helm. */
export function renderedFiles(): readonly GeneratedFile[] {
  const job = renderChart(['--set', 'load.enabled=true', '--show-only', 'templates/load-job.yaml']);
  return [
    ...exampleNames().map((name) => ({
      path: `${chart}/examples/rendered/${name}.yaml`,
      content: withoutChance(renderChart(['--values', `${chart}/examples/${name}.yaml`])),
    })),
    { path: 'k8s/k6-job.yaml', content: job.replace('name: spandrel-load-1\n', 'generateName: spandrel-load-\n') },
  ];
}

/** The examples of values. */
export function exampleNames(): readonly string[] {
  return readdirSync(path.join(root, chart, 'examples'))
    .filter((file) => file.endsWith('.yaml'))
    .map((file) => path.basename(file, '.yaml'));
}

/**
 * All objects of the chart, as YAML.
 *
 * @param options of `helm template`
 * @throws Error with Helm's words where it refuses
 */
export function renderChart(options: readonly string[] = []): string {
  return execFileSync('helm', ['template', 'spandrel', chart, '--kube-version', kubernetesVersion, ...options], {
    cwd: root,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
    maxBuffer: 64 * 1024 * 1024,
  });
}

/** Passwords and tokens are others each time; dashboards are generated themselves, and long, and here only in the way. */
function withoutChance(rendered: string): string {
  return rendered
    .replaceAll(/(-password: |-token: |: Bearer |:\/\/\w+:)[A-Za-z\d]{24,32}(?=@|$| })/gm, '$1MADE-UP')
    .split(/^(?=---$)/m)
    .map((document) =>
      document.includes("grafana_dashboard: '1'")
        ? document.replace(/^data:\n[^]*/m, 'data: {} # as in ../dashboards\n')
        : document,
    )
    .join('');
}

function read(file: string): string {
  return readFileSync(path.join(root, file), 'utf8');
}
