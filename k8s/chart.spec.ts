import { readFileSync } from 'node:fs';
import path from 'node:path';
import { ports } from '@spandrel/service/ports';
import { beforeAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { services } from '../stack/services.ts';
import { chartFiles, exampleNames, hasHelm, renderChart, renderedFiles } from './chart-files.ts';
import { type KubernetesObject, parseObjects, workloadsOf } from './rendered-objects.ts';

const root = path.dirname(import.meta.dirname);
const read = (file: string): string => readFileSync(path.join(root, file), 'utf8');

interface Part {
  readonly ports: Readonly<Record<string, number>>;
  readonly connects: Readonly<Record<string, readonly string[]>>;
}

const architecture = parse(read('helm/spandrel/files/architecture.yaml')) as Readonly<Record<string, Part>>;

/** Everything that runs at once, so that everything is looked at. */
const everything = ['--set', 'load.enabled=true'];

describe('what the chart holds of others', () => {
  it.each(chartFiles())('$path is fresh', ({ path: file, content }) => {
    expect(read(file)).toBe(content);
  });
});

describe('the architecture', () => {
  it('has the ports and the calls of the services', () => {
    for (const { name, port, calls } of services) {
      expect(architecture[name]?.ports, name).toEqual({ http: ports[port] });
      const called = Object.keys(architecture[name]?.connects ?? {}).filter((other) =>
        services.some((s) => s.name === other),
      );
      expect(called.toSorted(), name).toEqual(calls.toSorted());
    }
  });

  it('has the ports of tracestore', () => {
    expect(architecture['tracestore']?.ports).toMatchObject({
      http: ports.tracestore,
      'otlp-grpc': ports.otlpGrpc,
      'otlp-http': ports.otlpHttp,
      'jaeger-grpc': ports.jaegerGrpc,
    });
  });

  it('connects to nothing but what is there', () => {
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

  it('renders the examples as they are committed', () => {
    const rendered = renderedFiles();
    expect(rendered.length).toBeGreaterThan(exampleNames().length);
    for (const { path: file, content } of rendered) expect(read(file), file).toBe(content);
  });

  it.each([
    ['components.frontned.replicas=2', "additional properties 'frontned' not allowed"],
    ['tempo.image.tagg=1', "additional properties 'tagg' not allowed"],
    ['logLevel=loud', 'value must be one of'],
    ['access.allowedHosts={otlp.example.com:4318}', 'does not match pattern'],
    ['access.otlpOrigins={shop.example.com}', 'does not match pattern'],
    ['faults.flags.nobody=true', 'there is no fault called nobody'],
    ['timescaledb.enabled=false', 'database.existingSecret is needed'],
  ])('refuses %s', (value, words) => {
    expect(() => renderChart(['--set', value])).toThrow(words);
  });

  it('lets in and out by network policies exactly the connections of the architecture', () => {
    const wanted = Object.entries(architecture).flatMap(([from, { connects }]) =>
      Object.entries(connects).flatMap(([to, names]) => names.map((port) => `${from} to ${to} at ${port}`)),
    );
    expect(connectionsIn(objects, 'egress')).toEqual(wanted.toSorted());
    expect(connectionsIn(objects, 'ingress')).toEqual(wanted.toSorted());
  });

  it.each(['', 'access.allowedHosts={otlp.example.com}'])(
    'lets tracestore answer at every name by which others reach it, with %j',
    (value) => {
      const rendered = renderChart(['--namespace', 'shop', ...(value === '' ? [] : ['--set', value])]);
      const [, list = ''] = /name: TRACESTORE_ALLOWED_HOSTS, value: "([^"]*)"/.exec(rendered) ?? [];
      const hosts = new Set(list.split(','));
      const called = [...rendered.matchAll(/http:\/\/([\w.-]*tracestore[\w.-]*):\d+/g)].map(([, name]) => name);
      expect(called.length).toBeGreaterThan(2);
      for (const name of called) expect(hosts).toContain(name);
      expect(hosts).toContain('spandrel-tracestore.shop.svc.cluster.local');
      expect(hosts.has('otlp.example.com')).toBe(value !== '');
    },
  );

  it('keeps to the restricted profile, and tells nobody a token', () => {
    const workloads = workloadsOf(objects);
    expect(workloads.map(({ name }) => name.replace(/^spandrel-|-\d+$/g, '')).toSorted()).toEqual(
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

  it("gives another Grafana's sidecar the password and the token that the other Secrets have", () => {
    const secrets = parseObjects(renderChart(['--set', 'grafana.enabled=false,grafana.sidecar=true'])).filter(
      ({ kind }) => kind === 'Secret',
    );
    const texts = new Map(secrets.map(({ metadata, stringData }) => [metadata.name, stringData ?? {}]));
    const sources = texts.get('spandrel-grafana-datasources') ?? {};
    const password = texts.get('spandrel-database')?.['grafana-password'];
    const token = texts.get('spandrel-console')?.['console-token'];
    expect([password, token]).toEqual([expect.stringMatching(/^\w{24}$/), expect.stringMatching(/^\w{32}$/)]);
    expect(sources['spandrel-sql.yaml']).toContain(`password: ${password} `);
    expect(sources['spandrel-jaeger.yaml']).toContain(token);
  });

  it('fits a laptop: everything together may have 2.7 GB', () => {
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

  it('names every image by a version', () => {
    for (const { pod } of workloadsOf(objects)) {
      for (const { image } of pod.containers) expect(image).toMatch(/^[\w.-]+(\/[\w.-]+)+:v?\d+\.\d+[\w.-]*$/);
    }
  });
});

/** What the policies of one direction let pass, in words. */
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
