import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { hasHelm, kubernetesVersion, renderChart, runHelm } from './chart-files.ts';
import { type Container, type KubernetesObject, parseObjects, type Workload, workloadsOf } from './rendered-objects.ts';

// The values that every workload shares: `defaults`, overridden by the values of a component.

const root = path.dirname(import.meta.dirname);
const all = ['load.enabled=true'].flatMap((value) => ['--set', value]);

/** Renders the chart with every component and some values. */
function render(...values: readonly string[]): readonly KubernetesObject[] {
  return parseObjects(renderChart([...all, ...values.flatMap((value) => ['--set', value])]));
}

function componentOf({ podMetadata }: Workload): string | undefined {
  return podMetadata.labels['app.kubernetes.io/component'];
}

/** The workload of a component. */
function workloadOf(objects: readonly KubernetesObject[], component: string): Workload {
  const found = workloadsOf(objects).find((workload) => componentOf(workload) === component);
  if (found === undefined) throw new Error(`there is no workload of ${component}`);
  return found;
}

/** The main container of a component. */
function containerOf(objects: readonly KubernetesObject[], component: string): Container {
  const [container] = workloadOf(objects, component).pod.containers;
  if (container === undefined) throw new Error(`${component} has no container`);
  return container;
}

describe.skipIf(!hasHelm())('the values of every workload (requires Helm)', { timeout: 60_000 }, () => {
  let before: readonly KubernetesObject[];
  let objects: readonly KubernetesObject[];

  beforeAll(() => {
    before = render();
    objects = parseObjects(renderChart(['--values', 'k8s/every-value.yaml']));
  });

  it('reach every workload, third parties and the test included', () => {
    const workloads = workloadsOf(objects);
    expect(workloads).toHaveLength(workloadsOf(before).length);
    for (const { name, kind, annotations, podMetadata, pod } of workloads) {
      expect(annotations, name).toMatchObject(kind === 'Pod' ? {} : { note: 'workload' });
      expect(podMetadata, name).toMatchObject({
        labels: { team: 'tracing', note: 'pod' },
        annotations: { note: 'pod' },
      });
      expect(pod, name).toMatchObject({
        affinity: { nodeAffinity: expect.anything() },
        imagePullSecrets: [{ name: 'mirror' }],
        initContainers: [{ name: 'before', securityContext: { capabilities: { drop: ['ALL'] } } }],
        nodeSelector: { 'kubernetes.io/os': 'linux' },
        priorityClassName: 'system-node-critical',
        securityContext: { runAsNonRoot: true, runAsUser: 1_000_660_000, supplementalGroups: [7] },
        terminationGracePeriodSeconds: 77,
        tolerations: [{ key: 'dedicated', operator: 'Exists' }],
        topologySpreadConstraints: [
          {
            maxSkew: 2,
            topologyKey: 'topology.kubernetes.io/zone',
            labelSelector: {
              matchLabels: { 'app.kubernetes.io/component': podMetadata.labels['app.kubernetes.io/component'] },
            },
          },
        ],
        volumes: expect.arrayContaining([{ name: 'extra', emptyDir: {} }]),
      });
      expect(pod.securityContext, name).not.toHaveProperty('fsGroup');
      const [own] = pod.containers;
      const beside = pod.containers.find((container) => container.name === 'beside');
      expect(own, name).toMatchObject({
        env: expect.arrayContaining([
          { name: 'LITERAL', value: 'text' },
          { name: 'FROM_SECRET', valueFrom: { secretKeyRef: { name: 'of-mine', key: 'value', optional: true } } },
        ]),
        envFrom: [{ configMapRef: { name: 'of-mine' } }],
        resources: { limits: { cpu: '2', memory: expect.stringMatching(/Mi$/) } },
        securityContext: { readOnlyRootFilesystem: true, runAsGroup: 8 },
        volumeMounts: expect.arrayContaining([{ name: 'extra', mountPath: '/extra' }]),
      });
      expect(beside, name).toMatchObject({
        securityContext: { allowPrivilegeEscalation: false, readOnlyRootFilesystem: false },
      });
      if (own?.livenessProbe === undefined) continue;
      const thresholds = [own.startupProbe, own.readinessProbe, own.livenessProbe].map(
        (probe) => probe?.['failureThreshold'],
      );
      expect(thresholds, name).toEqual([999, 998, 997]);
    }
  });

  it('take nothing away from a workload but what they replace', () => {
    for (const workload of workloadsOf(before)) {
      const { name } = workload;
      const [container] = workload.pod.containers;
      const [changed] = workloadOf(objects, componentOf(workload) ?? '').pod.containers;
      const names = (changed?.env ?? []).map((variable) => variable.name);
      expect(names, name).toEqual(expect.arrayContaining((container?.env ?? []).map((variable) => variable.name)));
      expect(new Set(names).size, name).toBe(names.length);
      expect(changed?.args, name).toEqual(container?.args);
    }
  });

  it('reach every Service and service account', () => {
    const ofKind = (kind: string): readonly KubernetesObject[] => objects.filter((object) => object.kind === kind);
    expect(ofKind('Service').length).toBeGreaterThan(10);
    for (const { metadata, spec } of ofKind('Service')) {
      expect(metadata, metadata.name).toMatchObject({ labels: { team: 'tracing' }, annotations: { note: 'service' } });
      expect(spec, metadata.name).toMatchObject({
        type: 'LoadBalancer',
        ipFamilyPolicy: 'PreferDualStack',
        ipFamilies: ['IPv4'],
        loadBalancerClass: 'example.com/internal',
        loadBalancerSourceRanges: ['192.0.2.0/24', '2001:db8::/32'],
        externalTrafficPolicy: 'Local',
      });
    }
    expect(ofKind('ServiceAccount').length).toBeGreaterThan(10);
    for (const { metadata } of ofKind('ServiceAccount')) expect(metadata.annotations).toEqual({ note: 'account' });
  });

  it('label every object, and select Pods by none of these labels', () => {
    const own = objects.filter(({ metadata }) => !metadata.name.includes('-extra'));
    for (const { kind, metadata } of own) {
      expect(metadata.labels, `${kind} ${metadata.name}`).toHaveProperty('team', 'tracing');
    }
    const selectors = own.flatMap(({ spec }) => (spec?.['selector'] === undefined ? [] : [spec['selector']]));
    expect(selectors.length).toBeGreaterThan(20);
    expect(JSON.stringify(selectors)).not.toContain('tracing');
  });

  it('add objects of the user, as templates', () => {
    const names = objects.map(({ metadata }) => metadata.name);
    expect(names).toEqual(expect.arrayContaining(['spandrel-extra', 'spandrel-extra-text']));
  });

  it('take every image from global.imageRegistry, with its digest', () => {
    const images = workloadsOf(objects).map(({ pod }) => pod.containers[0]?.image);
    for (const image of images) expect(image).toMatch(/^mirror\.example\.com:5000\/[a-z]/);
    expect(images.filter((image) => image?.includes('ghcr.io') || image?.includes('quay.io'))).toEqual([]);
    expect(containerOf(objects, 'backend').image).toMatch(
      /^mirror\.example\.com:5000\/spandrel\/backend:\d[\d.]+@sha256:a{64}$/,
    );
    expect(containerOf(objects, 'tempo').image).toMatch(/@sha256:b{64}$/);
  });

  it('let a component override them', () => {
    const rendered = render(
      'defaults.priorityClassName=low',
      'timescaledb.priorityClassName=high',
      'defaults.env.COMMON=of-all',
      'components.digit.env.COMMON=of-digit',
      'components.digit.env.NODE_OPTIONS=null',
      'components.upper.env.LOG_LEVEL=debug',
      'components.frontend.strategy.type=Recreate',
      'tempo.strategy.type=OnDelete',
      'collector.extraArgs={--feature-gates=x}',
      'jaeger.probes.liveness=null',
      'grafana.probes.readiness.tcpSocket.port=http',
      'components.tracestore.service.nodePorts.otlp-grpc=30317',
    );
    expect(workloadOf(rendered, 'database').pod).toHaveProperty('priorityClassName', 'high');
    expect(workloadOf(rendered, 'tempo').pod).toHaveProperty('priorityClassName', 'low');
    const values = (component: string, name: string): readonly unknown[] =>
      (containerOf(rendered, component).env ?? [])
        .filter((variable) => variable.name === name)
        .map(({ value }) => value);
    expect(values('digit', 'COMMON')).toEqual(['of-digit']);
    expect(values('load', 'COMMON')).toEqual(['of-all']);
    expect(values('digit', 'NODE_OPTIONS')).toEqual([]);
    expect(values('upper', 'LOG_LEVEL')).toEqual(['debug']);
    const specOf = (kind: string, name: string): unknown =>
      rendered.find((object) => object.kind === kind && object.metadata.name === `spandrel-${name}`)?.spec;
    expect(specOf('Deployment', 'frontend')).toHaveProperty('strategy', { type: 'Recreate' });
    expect(specOf('StatefulSet', 'tempo')).toHaveProperty('updateStrategy', { type: 'OnDelete' });
    expect(specOf('Service', 'tracestore')).toMatchObject({
      ports: expect.arrayContaining([expect.objectContaining({ name: 'otlp-grpc', nodePort: 30_317 })]),
    });
    expect(containerOf(rendered, 'collector').args?.at(-1)).toBe('--feature-gates=x');
    expect(containerOf(rendered, 'jaeger')).not.toHaveProperty('livenessProbe');
    expect(containerOf(rendered, 'grafana').readinessProbe).toEqual({
      tcpSocket: { port: 'http' },
      periodSeconds: 5,
      timeoutSeconds: 10,
      failureThreshold: 3,
    });
  });

  it('set no security context at all for OpenShift, which chooses the user ids', () => {
    const rendered = render('defaults.podSecurityContext=null', 'defaults.containerSecurityContext=null');
    for (const { name, pod } of workloadsOf(rendered)) {
      expect(pod, name).not.toHaveProperty('securityContext');
      for (const container of pod.containers) expect(container, name).not.toHaveProperty('securityContext');
    }
  });

  it('give spans the version of the image, without its digest', () => {
    const digest = `sha256:${'c'.repeat(64)}`;
    const rendered = render(`image.tag=1.2.3@${digest}`, 'components.upper.image.tag=2.0.0');
    const version = (component: string): string | undefined =>
      /service\.version=([^,]*)/.exec(JSON.stringify(containerOf(rendered, component).env))?.[1];
    expect([version('digit'), version('upper')]).toEqual(['1.2.3', '2.0.0']);
    expect(containerOf(rendered, 'digit').image).toBe(`spandrel/digit:1.2.3@${digest}`);
    expect(containerOf(rendered, 'upper').image).toBe('spandrel/upper:2.0.0');
  });

  it('leave the replicas to an autoscaler outside of the chart', () => {
    const rendered = render('components.tracestore.replicas=null');
    const [deployment] = rendered.filter(
      ({ kind, metadata }) => kind === 'Deployment' && metadata.name === 'spandrel-tracestore',
    );
    expect(deployment?.spec).not.toHaveProperty('replicas');
    expect(rendered.map(({ kind, metadata }) => `${kind} ${metadata.name}`)).toContain(
      'PodDisruptionBudget spandrel-tracestore',
    );
  });

  it('wait minutes before they restart a container that does not answer', () => {
    let probed = 0;
    for (const { name, pod } of workloadsOf(before)) {
      const [container] = pod.containers;
      if (container?.livenessProbe === undefined) continue;
      probed += 1;
      const seconds = (probe: Container['livenessProbe']): number =>
        Number(probe?.['periodSeconds']) * Number(probe?.['failureThreshold']);
      expect(seconds(container.livenessProbe), name).toBeGreaterThanOrEqual(180);
      expect(seconds(container.startupProbe), name).toBeGreaterThanOrEqual(600);
      for (const probe of [container.startupProbe, container.readinessProbe, container.livenessProbe]) {
        expect(probe?.['timeoutSeconds'], name).toBeGreaterThanOrEqual(5);
      }
    }
    expect(probed).toBeGreaterThan(10);
  });

  it.each([
    ['tempo.affinty.x=1', "additional properties 'affinty' not allowed"],
    ['defaults.env.A.value=x', 'defaults/env/A'],
    ['defaults.podLabels.app\\.kubernetes\\.io/component=x', 'invalid propertyName'],
    ['commonLabels.app\\.kubernetes\\.io/name=x', 'invalid propertyName'],
    ['components.upper.image.digest=sha256:1', 'does not match pattern'],
    [
      'components.upper.autoscaling.enabled=true,components.upper.autoscaling.minReplicas=9',
      'autoscaling.maxReplicas must be at least minReplicas, which is 9, got 6',
    ],
    ['tempo.service.ipFamilies={IPv5}', 'value must be one of'],
    ['components.upper.extraArgs={--x}', 'extraArgs: upper has no arguments'],
  ])('are not accepted: %s', (value, message) => {
    expect(() => renderChart(['--set', value])).toThrow(message);
  });

  it('are those of a subchart that its parent can turn off', () => {
    const folder = mkdtempSync(path.join(tmpdir(), 'spandrel-umbrella-'));
    try {
      mkdirSync(path.join(folder, 'charts'));
      symlinkSync(path.join(root, 'helm/spandrel'), path.join(folder, 'charts/spandrel'));
      writeFileSync(
        path.join(folder, 'Chart.yaml'),
        [
          'apiVersion: v2',
          'name: umbrella',
          'version: 1.0.0',
          'dependencies: [{ name: spandrel, version: ">=0.0.0-0", condition: spandrel.enabled }]',
        ].join('\n'),
      );
      writeFileSync(
        path.join(folder, 'values.yaml'),
        [
          'global: { imageRegistry: mirror.example.com, somethingElse: true }',
          'spandrel: { enabled: true, load: { enabled: true }, defaults: { podSecurityContext: null } }',
        ].join('\n'),
      );
      const renderUmbrella = (...options: readonly string[]): readonly KubernetesObject[] =>
        parseObjects(runHelm(['template', 'shop', folder, '--kube-version', kubernetesVersion, ...options]));
      const workloads = workloadsOf(renderUmbrella());
      expect(workloads).toHaveLength(workloadsOf(before).length);
      for (const { name, pod } of workloads) {
        expect(name).toMatch(/^shop-spandrel-/);
        expect(pod.containers[0]?.image).toMatch(/^mirror\.example\.com\//);
        expect(pod, name).not.toHaveProperty('securityContext');
      }
      expect(renderUmbrella('--set', 'spandrel.enabled=false')).toEqual([]);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});
