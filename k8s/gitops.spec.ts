import { globSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { parseAllDocuments } from 'yaml';
import { hasHelm, renderChart } from './chart-files.ts';
import { type KubernetesObject, parseObjects, workloadsOf } from './rendered-objects.ts';

const chart = path.join(path.dirname(import.meta.dirname), 'helm/spandrel');

/** Every component, and everything that has a secret. */
const everything = [
  '--set-json',
  'load.enabled=true',
  '--set-json',
  'grafana.sidecar={"enabled":true,"from":[{"podSelector":{"matchLabels":{"app":"grafana"}}}]}',
];

describe('the templates', () => {
  it('generate no value and read no object of the cluster, so that every rendering is the same', () => {
    const templates = globSync('templates/**/*.{yaml,tpl,txt}', { cwd: chart });
    expect(templates.length).toBeGreaterThan(15);
    for (const file of templates) {
      const calls = readFileSync(path.join(chart, file), 'utf8').match(
        /\b(lookup|rand[A-Z]\w+|randInt|gen[A-Z]\w+|derivePassword|htpasswd|bcrypt|uuidv4|now|Release\.Revision)\b/g,
      );
      expect(calls, file).toBeNull();
    }
  });
});

describe.skipIf(!hasHelm())('the chart under GitOps (requires Helm)', { timeout: 60_000 }, () => {
  let rendered: string;
  let objects: readonly KubernetesObject[];

  beforeAll(() => {
    rendered = renderChart(everything);
    objects = parseObjects(rendered);
  });

  it('renders the same bytes twice', () => {
    expect(renderChart(everything)).toBe(rendered);
  });

  it('renders Secrets without data, which an apply therefore leaves alone', () => {
    const secrets = objects.filter(({ kind }) => kind === 'Secret');
    expect(secrets.map(({ metadata }) => metadata.name).toSorted()).toEqual([
      'spandrel-console',
      'spandrel-database',
      'spandrel-grafana',
      'spandrel-grafana-datasources',
    ]);
    for (const secret of secrets) expect(Object.keys(secret)).not.toContain(expect.stringMatching(/data$/i));
    for (const { data, stringData } of secrets) expect([data, stringData]).toEqual([undefined, undefined]);
  });

  it('renders no field that the API server drops, such as an empty list', () => {
    /** Empty objects that mean something: a volume, and a rule or selector that matches everything. */
    const meaningful = /\.(emptyDir|egress\[\d+\]|ingress\[\d+\]|podSelector|namespaceSelector)$/;
    const dropped: string[] = [];
    const walk = (value: unknown, place: string): void => {
      const isEmpty = value === null || (typeof value === 'object' && Object.keys(value).length === 0);
      if (isEmpty) {
        if (!meaningful.test(place) || Array.isArray(value) || value === null) dropped.push(place);
      } else if (Array.isArray(value)) {
        value.forEach((item, index) => walk(item, `${place}[${index}]`));
      } else if (typeof value === 'object') {
        for (const [key, item] of Object.entries(value as object)) walk(item, `${place}.${key}`);
      }
    };
    for (const object of objects) walk(object, `${object.kind} ${object.metadata.name}`);
    expect(dropped).toEqual([]);
  });

  it('renders the defaults of the API server in fields that kubectl apply compares as a whole', () => {
    const fields = (kind: string, field: string): readonly unknown[] =>
      objects.filter((object) => object.kind === kind).flatMap(({ spec }) => spec?.[field] ?? []);
    const strategies = fields('Deployment', 'strategy');
    expect(strategies.length).toBeGreaterThan(5);
    for (const strategy of strategies) expect(strategy).toHaveProperty('type');
    const claims = fields('StatefulSet', 'volumeClaimTemplates');
    expect(claims).toHaveLength(3);
    for (const claim of claims) {
      expect(claim).toMatchObject({ spec: { volumeMode: 'Filesystem' }, status: { phase: 'Pending' } });
    }
  });

  it('gives only the Job that fills Secrets access to the API, and only to these Secrets', () => {
    const tokens = workloadsOf(objects).filter(({ pod }) => JSON.stringify(pod).includes('serviceAccountToken'));
    expect(tokens.map(({ name }) => name)).toEqual([expect.stringMatching(/^spandrel-secrets-[\da-f]{8}$/)]);
    const roles = objects.filter(({ kind }) => kind === 'Role');
    expect(roles.map(({ rules }) => rules)).toEqual([
      [
        {
          apiGroups: [''],
          resources: ['secrets'],
          resourceNames: ['spandrel-console', 'spandrel-database', 'spandrel-grafana', 'spandrel-grafana-datasources'],
          verbs: ['get', 'patch'],
        },
      ],
    ]);
    expect(objects.filter(({ kind }) => kind.startsWith('ClusterRole'))).toEqual([]);
  });

  it('has neither a Job nor a Role if every Secret is given', () => {
    const given = parseObjects(renderChart(['--values', path.join(chart, 'examples/gitops.yaml')]));
    const kinds = new Set(given.map(({ kind }) => kind));
    for (const kind of ['Secret', 'Job', 'Role', 'RoleBinding']) expect(kinds).not.toContain(kind);
    const referenced = new Map<string, Set<string>>();
    for (const { pod } of workloadsOf(given)) {
      for (const { secretKeyRef } of pod.containers.flatMap(({ env = [] }) =>
        env.map(({ valueFrom }) => valueFrom ?? {}),
      )) {
        if (secretKeyRef === undefined) continue;
        referenced.set(secretKeyRef.name, (referenced.get(secretKeyRef.name) ?? new Set()).add(secretKeyRef.key));
      }
    }
    const manifests = readFileSync(path.join(chart, 'examples/manifests/argo-cd.yaml'), 'utf8');
    const [, secret] = parseAllDocuments(manifests).map((document) => document.toJS() as KubernetesObject);
    expect([...referenced.keys()]).toEqual([secret?.metadata.name]);
    expect([...(referenced.get('spandrel-passwords') ?? [])].toSorted()).toEqual(
      Object.keys(secret?.stringData ?? {}).toSorted(),
    );
  });

  it('renders the Secret of the database for uninstalled releases only if its volume stays, too', () => {
    const kept = (list: readonly KubernetesObject[]) =>
      list.find(({ kind, metadata }) => kind === 'Secret' && metadata.name === 'spandrel-database')?.metadata
        .annotations;
    expect(kept(objects)).toEqual({ 'helm.sh/resource-policy': 'keep' });
    expect(kept(parseObjects(renderChart(['--set', 'timescaledb.persistence.keep=false'])))).toBeUndefined();
  });

  it('names a Job by what it does: another load is another Job, and the same load is not run again', () => {
    const jobOf = (list: readonly KubernetesObject[]) =>
      list.find(({ kind, metadata }) => kind === 'Job' && metadata.labels['app.kubernetes.io/component'] === 'load');
    const job = jobOf(objects);
    expect(job?.metadata.name).toMatch(/^spandrel-load-[\da-f]{8}$/);
    expect(job?.spec, 'a Job that goes would be created again').not.toHaveProperty('ttlSecondsAfterFinished');
    const other = jobOf(parseObjects(renderChart([...everything, '--set', 'load.rate=21'])));
    expect(other?.metadata.name).not.toBe(job?.metadata.name);
  });

  it('has a claim for every volume, and only the claims change with size and class', () => {
    const settings = ['collector', 'tempo', 'timescaledb'].flatMap((component) => [
      '--set',
      `${component}.persistence.size=50Gi,${component}.persistence.storageClass=fast`,
    ]);
    const grown = parseObjects(renderChart([...everything, ...settings, '--set', 'collector.replicas=2']));
    const claims = grown.filter(({ kind }) => kind === 'PersistentVolumeClaim');
    expect(claims.map(({ metadata }) => metadata.name).toSorted()).toEqual([
      'data-spandrel-collector-0',
      'data-spandrel-collector-1',
      'data-spandrel-database-0',
      'data-spandrel-tempo-0',
    ]);
    for (const { metadata, spec } of claims) {
      expect(spec, metadata.name).toMatchObject({
        storageClassName: 'fast',
        resources: { requests: { storage: '50Gi' } },
      });
      // A StatefulSet deletes its claims, or keeps them. Helm would delete those of replicas that are no longer wanted.
      expect(metadata.annotations).toEqual({ 'helm.sh/resource-policy': 'keep' });
    }
    const templates = (list: readonly KubernetesObject[]) =>
      list
        .filter(({ kind }) => kind === 'StatefulSet')
        .map(({ metadata, spec }) => [metadata.name, spec?.['volumeClaimTemplates']]);
    expect(templates(grown)).toEqual(templates(objects));
  });

  it('lets a quota be met: the resources of every container are values', () => {
    const values = parseAllDocuments(readFileSync(path.join(chart, 'values.yaml'), 'utf8'))[0]?.toJS() as object;
    const limits = placesOf(values).flatMap((place) => ['--set', `${place}.limits.cpu=123m`]);
    for (const { name, pod } of workloadsOf(parseObjects(renderChart([...everything, ...limits])))) {
      for (const container of pod.containers) {
        expect(container.resources?.limits?.['cpu'], `${name}: ${container.name}`).toBe('123m');
      }
    }
  });
});

/** The places of `resources` in values. */
function placesOf(values: object, above = ''): readonly string[] {
  return Object.entries(values).flatMap(([key, value]: [string, unknown]) => {
    if (key === 'resources') return [`${above}${key}`];
    return typeof value === 'object' && value !== null ? placesOf(value, `${above}${key}.`) : [];
  });
}
