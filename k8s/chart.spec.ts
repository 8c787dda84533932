import { readFileSync } from 'node:fs';
import path from 'node:path';
import { ports } from '@spandrel/service/ports';
import { beforeAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { chartFiles, exampleNames, hasHelm, renderChart, renderedFiles } from './chart-files.ts';
import { type KubernetesObject, parseObjects, workloadsOf } from './rendered-objects.ts';

const root = path.dirname(import.meta.dirname);
const read = (file: string): string => readFileSync(path.join(root, file), 'utf8');

interface Part {
  readonly ports: Readonly<Record<string, number>>;
  readonly connects: Readonly<Record<string, readonly string[]>>;
}

const architecture = {
  ...parse(read('helm/spandrel/files/services.yaml')),
  ...parse(read('helm/spandrel/files/architecture.yaml')),
} as Readonly<Record<string, Part>>;

/** Renders every component, so that each test checks all of them. */
const everything = ['--set', 'load.enabled=true,migrations.by=job'];

describe('generated files of the chart', () => {
  it.each(chartFiles())('$path is fresh (npm run generate)', ({ path: file, content }) => {
    expect(read(file)).toBe(content);
  });
});

describe('the architecture', () => {
  it('has the default ports of tracestore', () => {
    expect(architecture['tracestore']?.ports).toMatchObject({
      http: ports.tracestore,
      'otlp-grpc': ports.otlpGrpc,
      'otlp-http': ports.otlpHttp,
      'jaeger-grpc': ports.jaegerGrpc,
      tempo: ports.tempo,
    });
  });

  it('connects only to ports that exist', () => {
    for (const [name, { connects }] of Object.entries(architecture)) {
      for (const [to, portNames] of Object.entries(connects)) {
        for (const port of portNames) expect(architecture[to]?.ports, `${name} to ${to}`).toHaveProperty(port);
      }
    }
  });
});

describe.skipIf(!hasHelm())('the chart rendered by Helm (requires Helm)', { timeout: 60_000 }, () => {
  let objects: readonly KubernetesObject[];

  beforeAll(() => {
    objects = parseObjects(renderChart(everything));
  });

  it('renders the committed examples (npm run generate)', () => {
    const rendered = renderedFiles();
    expect(rendered.length).toBeGreaterThan(exampleNames().length);
    for (const { path: file, content } of rendered) expect(read(file), file).toBe(content);
  });

  it.each([
    ['components.frontned.replicas=2', "additional properties 'frontned' not allowed"],
    ['tempo.image.tagg=1', "additional properties 'tagg' not allowed"],
    ['logLevel=loud', 'value must be one of'],
    ['migrations.by=never', 'value must be one of'],
    ['access.allowedHosts={otlp.example.com:4318}', 'does not match pattern'],
    ['access.otlpOrigins={shop.example.com}', 'does not match pattern'],
    ['faults.flags.digit-spike=true', 'no injected fault is named digit-spike'],
    ['timescaledb.enabled=false', 'database.existingSecret must be set'],
  ])('is not rendered with %s', (value, message) => {
    expect(() => renderChart(['--set', value])).toThrow(message);
  });

  it('has network policies that allow exactly the connections of the architecture', () => {
    const wanted = Object.entries(architecture).flatMap(([from, { connects }]) =>
      Object.entries(connects).flatMap(([to, names]) => names.map((port) => `${from} to ${to} at ${port}`)),
    );
    expect(connectionsIn(objects, 'egress')).toEqual(wanted.toSorted());
    expect(connectionsIn(objects, 'ingress')).toEqual(wanted.toSorted());
  });

  it.each(['', 'access.allowedHosts={otlp.example.com}'])(
    'makes tracestore accept every host name that other components use, with %j',
    (value) => {
      const rendered = renderChart(['--namespace', 'shop', ...(value === '' ? [] : ['--set', value])]);
      const [, list = ''] = /name: TRACESTORE_ALLOWED_HOSTS\s+value: (\S+)/.exec(rendered) ?? [];
      const hosts = new Set(list.split(','));
      const called = [...rendered.matchAll(/http:\/\/([\w.-]*tracestore[\w.-]*):\d+/g)].map(([, name]) => name);
      expect(called.length).toBeGreaterThan(2);
      for (const name of called) expect(hosts).toContain(name);
      expect(hosts).toContain('spandrel-tracestore.shop.svc.cluster.local');
      expect(hosts.has('otlp.example.com')).toBe(value !== '');
    },
  );

  it('runs every Pod under the restricted profile without a token of its service account', () => {
    const workloads = workloadsOf(objects);
    expect(workloads.map(({ name }) => name.replace(/^spandrel-|-[\da-f]{8}$/g, '')).toSorted()).toEqual(
      Object.keys(architecture).toSorted(),
    );
    for (const { name, pod } of workloads) {
      expect(pod, name).toMatchObject({
        automountServiceAccountToken: false,
        securityContext: {
          runAsNonRoot: true,
          runAsUser: expect.any(Number),
          seccompProfile: { type: 'RuntimeDefault' },
        },
      });
      for (const container of pod.containers) {
        expect(container.securityContext, name).toEqual({
          allowPrivilegeEscalation: false,
          readOnlyRootFilesystem: true,
          capabilities: { drop: ['ALL'] },
        });
      }
    }
    const accounts = objects.filter(({ kind }) => kind === 'ServiceAccount');
    expect(accounts).toHaveLength(workloads.length);
    for (const account of accounts) expect(account.automountServiceAccountToken).toBe(false);
  });

  it.each([
    ['--set=tempo.enabled=true', true],
    ['--set=tempo.enabled=false,tempo.external.url=http://tempo:3200', true],
    ['--set=tempo.enabled=false', false],
  ])('links traces to Tempo only where there is one: %s', (setting, hasTempo) => {
    const maps = parseObjects(renderChart([setting, '--set=grafana.enabled=true'])).filter(
      ({ kind, metadata }) => kind === 'ConfigMap' && metadata.name === 'spandrel-grafana-dashboards',
    );
    const files = Object.entries((maps[0] as unknown as { readonly data: Readonly<Record<string, string>> }).data);
    expect(files.length).toBeGreaterThan(7);
    for (const [, text] of files) JSON.parse(text);
    const all = files.map(([, text]) => text).join('');
    expect(all).toContain('Trace in Jaeger');
    expect(all).toContain('Trace in tracestore');
    expect(all.includes('Trace in Tempo')).toBe(hasTempo);
  });

  it('limits the memory of all components together to 2.7 GB', () => {
    let totalMebibytes = 0;
    for (const { kind, replicas, name, pod } of workloadsOf(objects)) {
      for (const { resources } of pod.containers) {
        const [, mebibytes] = /^(\d+)Mi$/.exec(resources?.limits?.['memory'] ?? '') ?? [];
        expect(Number(mebibytes), name).toBeGreaterThan(0);
        expect(resources?.requests, name).toHaveProperty('cpu');
        if (kind !== 'Job' && kind !== 'Pod') totalMebibytes += replicas * Number(mebibytes);
      }
    }
    expect(totalMebibytes * 1024 * 1024).toBeLessThanOrEqual(2.7e9);
  });

  describe('with migrations.by=job', () => {
    const byJob = (...options: readonly string[]): readonly KubernetesObject[] =>
      parseObjects(
        renderChart(['--set', 'migrations.by=job', '--show-only', 'templates/migrate-job.yaml', ...options]),
      );

    it('makes the stores wait, and only then', () => {
      const deployment = ['--show-only', 'templates/tracestore.yaml'];
      const objects = parseObjects(renderChart(['--set', 'migrations.by=job', ...deployment]));
      expect(workloadsOf(objects)[0]?.pod.containers[0]?.env).toContainEqual({
        name: 'TRACESTORE_MIGRATIONS',
        value: 'wait',
      });
      expect(renderChart(deployment)).not.toContain('TRACESTORE_MIGRATIONS');
    });

    it('runs the command with the image and the environment of tracestore, before an upgrade', () => {
      const [job] = byJob('--is-upgrade');
      expect(job?.metadata).toMatchObject({
        name: 'spandrel-migrate',
        annotations: { 'helm.sh/hook': 'pre-upgrade', 'argocd.argoproj.io/hook': 'Sync' },
      });
      const [container] = workloadsOf(job === undefined ? [] : [job])[0]?.pod.containers ?? [];
      expect(container).toMatchObject({
        image: expect.stringMatching(/\/tracestore:/) as string,
        args: ['dist/migrate.js'],
        env: expect.arrayContaining([expect.objectContaining({ name: 'TRACESTORE_DATABASE_URL' })]) as unknown,
      });
    });

    it('names the Job of an installation after its content, because Jobs are immutable', () => {
      const [first, again, other] = [[], [], ['--set', 'image.tag=2.0.0']].map((options) => byJob(...options)[0]);
      expect(first?.metadata.name).toMatch(/^spandrel-migrate-[\da-f]{8}$/);
      expect(first?.metadata).not.toHaveProperty(['annotations', 'helm.sh/hook']);
      expect(again?.metadata.name).toBe(first?.metadata.name);
      expect(other?.metadata.name).not.toBe(first?.metadata.name);
    });
  });

  it('pins every image to a version', () => {
    for (const { pod } of workloadsOf(objects)) {
      for (const { image } of pod.containers) expect(image).toMatch(/^[\w.-]+(\/[\w.-]+)+:v?\d+\.\d+[\w.-]*$/);
    }
  });
});

/** The connections that the policies of one direction allow, as `FROM to TO at PORT`. */
function connectionsIn(objects: readonly KubernetesObject[], direction: 'ingress' | 'egress'): readonly string[] {
  interface Rule {
    readonly from?: readonly { readonly podSelector: { readonly matchLabels: Readonly<Record<string, string>> } }[];
    readonly to?: Rule['from'];
    readonly ports: readonly { readonly port: number | string }[];
  }
  const component = 'app.kubernetes.io/component';
  return objects
    .filter(({ kind }) => kind === 'NetworkPolicy')
    .flatMap(({ metadata, spec }) => {
      const own = metadata.labels[component] ?? '';
      const rules = (spec?.[direction] ?? []) as readonly Rule[];
      return rules.flatMap(({ from, to, ports: opened }) =>
        (from ?? to ?? []).flatMap(({ podSelector }) =>
          opened.map(({ port }) => {
            const other = podSelector.matchLabels[component] ?? '';
            return direction === 'ingress' ? `${other} to ${own} at ${port}` : `${own} to ${other} at ${port}`;
          }),
        ),
      );
    })
    .toSorted();
}
