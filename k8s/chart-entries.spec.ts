import { readFileSync } from 'node:fs';
import path from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { hasHelm, renderChart } from './chart-files.ts';
import { type KubernetesObject, parseObjects, workloadsOf } from './rendered-objects.ts';

// The ways into a release for clients outside of it: `expose`, `networkPolicy.metricsFrom`, and who may use Jaeger.

const chart = path.join(path.dirname(import.meta.dirname), 'helm/spandrel');
const parseFile = (file: string): unknown => parse(readFileSync(path.join(chart, file), 'utf8'));
const entries = parseFile('files/entries.yaml') as Readonly<
  Record<string, { readonly component: string; readonly port: string }>
>;

interface IngressRule {
  readonly from: readonly object[];
  readonly ports?: readonly { readonly port: number | string }[];
}

/** What a peer may connect to, as `COMPONENT PORT`; a rule without ports opens all of them. */
function openTo(objects: readonly KubernetesObject[], namespace: string): readonly string[] {
  return objects
    .filter(({ kind }) => kind === 'NetworkPolicy')
    .flatMap(({ metadata, spec }) =>
      ((spec?.['ingress'] ?? []) as readonly IngressRule[])
        .filter(({ from }) => JSON.stringify(from).includes(`"${namespace}"`))
        .flatMap(({ ports = [{ port: 'all' }] }) =>
          ports.map(({ port }) => `${metadata.labels['app.kubernetes.io/component']} ${port}`),
        ),
    )
    .toSorted();
}

const find = (objects: readonly KubernetesObject[], kind: string, name: string): KubernetesObject => {
  const found = objects.find((object) => object.kind === kind && object.metadata.name === `spandrel-${name}`);
  if (found === undefined) throw new Error(`there is no ${kind} spandrel-${name}`);
  return found;
};

const from = (namespace: string): string =>
  `[{"namespaceSelector":{"matchLabels":{"kubernetes.io/metadata.name":"${namespace}"}}}]`;

/** Renders the chart with values that are JSON. */
function render(values: Readonly<Record<string, string>>): readonly KubernetesObject[] {
  return parseObjects(
    renderChart(Object.entries(values).flatMap(([name, value]) => ['--set-json', `${name}=${value}`])),
  );
}

describe('the entries', () => {
  it('are the same in the files, the values and the schema', () => {
    const names = Object.keys(entries);
    const { expose } = parseFile('values.yaml') as { readonly expose: Readonly<Record<string, unknown>> };
    const schema = parseFile('values.schema.json') as {
      readonly properties: { readonly expose: { readonly properties: object } };
    };
    expect(Object.keys(expose)).toEqual(['defaults', ...names]);
    expect(Object.keys(schema.properties.expose.properties)).toEqual(['defaults', ...names]);
  });

  it('are ports of the architecture', () => {
    const architecture = {
      ...(parseFile('files/services.yaml') as object),
      ...(parseFile('files/architecture.yaml') as object),
    };
    for (const { component, port } of Object.values(entries)) {
      expect(architecture).toHaveProperty([component, 'ports', port]);
    }
  });
});

describe.skipIf(!hasHelm())('the ways into a release (requires Helm)', { timeout: 60_000 }, () => {
  let objects: readonly KubernetesObject[];

  beforeAll(() => {
    const gateways = '[{"name":"public","namespace":"gateways"}]';
    objects = render({
      'expose.defaults.ingress.className': '"nginx"',
      'expose.defaults.allowFrom': from('edge'),
      'expose.console': '{"hosts":["traces.example.com"],"ingress":{"enabled":true,"tlsSecret":"traces-tls"}}',
      'expose.grafana': `{"hosts":["grafana.example.com"],"route":{"enabled":true,"parentRefs":${gateways}}}`,
      'expose.otlpGrpc': `{"hosts":["otlp.example.com"],"route":{"enabled":true,"parentRefs":${gateways}},"loadBalancer":{"enabled":true,"class":"internal","annotations":{"a":"b"},"sourceRanges":["192.0.2.0/24"]},"allowFrom":${from('senders')}}`,
      'expose.jaeger': `{"hosts":["jaeger.example.com"],"ingress":{"enabled":true,"annotations":{"note":"x"}},"allowFrom":${from('people')}}`,
      'expose.jaegerStorage': '{"allowFrom":[]}',
      'expose.frontend': '{"allowFrom":[]}',
      'networkPolicy.metricsFrom': from('monitoring'),
    });
  });

  it('an Ingress leads to the port of its entry', () => {
    expect(find(objects, 'Ingress', 'console').spec).toEqual({
      ingressClassName: 'nginx',
      tls: [{ secretName: 'traces-tls', hosts: ['traces.example.com'] }],
      rules: [
        {
          host: 'traces.example.com',
          http: {
            paths: [
              {
                path: '/',
                pathType: 'Prefix',
                backend: { service: { name: 'spandrel-tracestore', port: { name: 'http' } } },
              },
            ],
          },
        },
      ],
    });
    const jaeger = find(objects, 'Ingress', 'jaeger');
    expect(jaeger.metadata.annotations).toEqual({ note: 'x' });
    expect(jaeger.spec).not.toHaveProperty('tls');
    expect(objects.filter(({ kind }) => kind === 'Ingress')).toHaveLength(2);
  });

  it('a route of the Gateway API leads to the port of its entry, over gRPC where the port has it', () => {
    const parentRefs = [{ name: 'public', namespace: 'gateways' }];
    expect(find(objects, 'HTTPRoute', 'grafana').spec).toEqual({
      parentRefs,
      hostnames: ['grafana.example.com'],
      rules: [{ backendRefs: [{ name: 'spandrel-grafana', port: 3000 }] }],
    });
    expect(find(objects, 'GRPCRoute', 'otlp-grpc').spec).toEqual({
      parentRefs,
      hostnames: ['otlp.example.com'],
      rules: [{ backendRefs: [{ name: 'spandrel-collector', port: 4317 }] }],
    });
    expect(find(objects, 'Service', 'collector').spec).toMatchObject({
      ports: expect.arrayContaining([expect.objectContaining({ name: 'otlp-grpc', appProtocol: 'kubernetes.io/h2c' })]),
    });
  });

  it('a load balancer has the port of its entry alone', () => {
    const { metadata, spec } = find(objects, 'Service', 'otlp-grpc-public');
    expect(metadata.annotations).toEqual({ a: 'b' });
    expect(spec).toMatchObject({
      type: 'LoadBalancer',
      loadBalancerClass: 'internal',
      loadBalancerSourceRanges: ['192.0.2.0/24'],
      selector: { 'app.kubernetes.io/component': 'collector' },
    });
    expect(spec?.['ports']).toEqual([
      { name: 'otlp-grpc', port: 4317, targetPort: 'otlp-grpc', appProtocol: 'kubernetes.io/h2c' },
    ]);
  });

  it('a peer of an entry may connect to the port of that entry, and to no other of its component', () => {
    expect(openTo(objects, 'people')).toEqual(['jaeger http']);
    expect(openTo(objects, 'senders')).toEqual(['collector otlp-grpc']);
    // Those of the defaults: every entry without peers of its own.
    expect(openTo(objects, 'edge')).toEqual([
      'collector otlp-http',
      'generator http',
      'grafana http',
      'tracestore http',
    ]);
  });

  it('Prometheus may connect to the ports with metrics alone', () => {
    const opened = openTo(objects, 'monitoring');
    expect(opened).toEqual(
      expect.arrayContaining(['collector metrics', 'tempo http', 'tracestore http', 'upper http']),
    );
    expect(opened).not.toContain('tracestore jaeger-grpc');
    expect(opened.filter((port) => port.includes('otlp'))).toEqual([]);
    for (const closed of ['database', 'load', 'test']) expect(opened.join()).not.toContain(closed);
  });

  it('without values, no peer outside of the release may connect to anything', () => {
    const policies = parseObjects(renderChart()).filter(({ kind }) => kind === 'NetworkPolicy');
    expect(policies.length).toBeGreaterThan(10);
    for (const { metadata, spec } of policies) {
      for (const { from: peers } of (spec?.['ingress'] ?? []) as readonly IngressRule[]) {
        for (const peer of peers) expect(Object.keys(peer), metadata.name).toEqual(['podSelector']);
      }
    }
  });

  it('tracestore has the entries of OTLP without a Collector, and accepts their host names', () => {
    const rendered = render({
      'collector.enabled': 'false',
      'expose.otlpHttp': `{"hosts":["otlp.example.com"],"ingress":{"enabled":true,"tlsSecret":"x"},"allowFrom":${from('edge')}}`,
    });
    expect(JSON.stringify(find(rendered, 'Ingress', 'otlp-http').spec)).toContain('"name":"spandrel-tracestore"');
    expect(openTo(rendered, 'edge')).toEqual(['tracestore otlp-http']);
    const env = workloadsOf(rendered).find(({ name }) => name === 'spandrel-tracestore')?.pod.containers[0]?.env;
    const value = (name: string): string | undefined => env?.find((variable) => variable.name === name)?.value;
    expect(value('TRACESTORE_ALLOWED_HOSTS')?.split(',')).toContain('otlp.example.com');
    expect(value('TRACESTORE_OTLP_HTTP_URL')).toBe('https://otlp.example.com');
  });

  it('Jaeger has a password and sends the token to tracestore, where the console has one', () => {
    const jaeger = workloadsOf(objects).find(({ name }) => name === 'spandrel-jaeger')?.pod.containers[0];
    expect(jaeger?.args).toEqual(['--config=/etc/jaeger/base.yaml', '--config=/etc/jaeger/token.yaml']);
    expect(jaeger?.env).toContainEqual({
      name: 'TRACESTORE_TOKEN',
      valueFrom: { secretKeyRef: { name: 'spandrel-console', key: 'console-token' } },
    });
    expect(parseFile('files/jaeger/token.yaml')).toMatchObject({
      extensions: {
        jaeger_query: { http: { auth: { authenticator: 'basicauth' } } },
        jaeger_storage: {
          backends: { tracestore: { grpc: { headers: { authorization: 'Bearer ${env:TRACESTORE_TOKEN}' } } } },
        },
      },
      service: { extensions: expect.arrayContaining(['basicauth']) },
    });
    const open = workloadsOf(parseObjects(renderChart(['--set', 'console.access=none']))).find(
      ({ name }) => name === 'spandrel-jaeger',
    );
    expect(open?.pod.containers[0]?.args?.[1]).toBe('--config=/etc/jaeger/none.yaml');
  });

  it.each([
    ['expose.consol={}', "additional properties 'consol' not allowed"],
    ['expose.console={"ingress":{"enabled":true},"hosts":["a.example"]}', 'expose.console.allowFrom is empty'],
    [`expose.console={"ingress":{"enabled":true},"allowFrom":${from('edge')}}`, 'expose.console.hosts is empty'],
    [
      `expose.console={"route":{"enabled":true},"hosts":["a.example"],"allowFrom":${from('edge')}}`,
      'route.parentRefs must name',
    ],
    ['expose.console={"hosts":["https://a.example"]}', 'does not match pattern'],
    ['expose.console={"allowFrom":[{}]}', 'minProperties'],
    ['networkPolicy.allowFrom=[]', "additional properties 'allowFrom' not allowed"],
  ])('rejects %s', (value, message) => {
    expect(() => renderChart(['--set-json', value])).toThrow(message);
  });

  it('rejects an entry whose component does not run', () => {
    const values = ['--set', 'jaeger.enabled=false', '--set-json', 'expose.jaeger={"hosts":["a.example"]}'];
    expect(() => renderChart(values)).toThrow('expose.jaeger: its component does not run in this release');
  });

  it('accepts IPv6 addresses', () => {
    const collector = parseObjects(
      renderChart(['--set', 'tempo.enabled=false,tempo.external.otlpEndpoint=[fd00::1]:4317']),
    );
    expect(JSON.stringify(workloadsOf(collector).find(({ name }) => name === 'spandrel-collector')?.pod)).toContain(
      '"value":"[fd00::1]:4317"',
    );
    expect(readFileSync(path.join(chart, 'files/collector/base.yaml'), 'utf8')).not.toContain('0.0.0.0');
  });
});
