import { readFileSync } from 'node:fs';
import path from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { hasHelm, renderChart } from '../k8s/chart-files.ts';
import { type KubernetesObject, parseObjects, workloadsOf } from '../k8s/rendered-objects.ts';
import { services } from '../libs/service/src/services.ts';
import { ruleFile } from './rule-file.ts';
import { sqlAlertFile } from './sql-alerts.ts';

const root = path.dirname(import.meta.dirname);

interface Selector {
  readonly matchLabels: Readonly<Record<string, string>>;
  readonly matchExpressions?: readonly { readonly key: string; readonly values: readonly string[] }[];
}

interface Rules {
  readonly groups: readonly {
    readonly name: string;
    readonly rules: readonly { readonly alert?: string; readonly annotations?: { readonly runbook_url: string } }[];
  }[];
}

describe.skipIf(!hasHelm())('monitoring in the chart (requires Helm)', { timeout: 60_000 }, () => {
  const values = [
    'metrics.serviceMonitor.enabled=true',
    'metrics.serviceMonitor.labels.release=prometheus',
    'metrics.podMonitor.enabled=true',
    'metrics.prometheusRule.enabled=true',
    'metrics.prometheusRule.disabledAlerts={SpandrelPostgresDown}',
    'metrics.prometheusRule.runbookUrl=https://runbooks.example.com/spandrel/',
    'metrics.dashboard.enabled=true',
    'grafana.alerts.enabled=true',
  ];
  let objects: readonly KubernetesObject[];
  const only = (kind: string): KubernetesObject => {
    const [found] = objects.filter((object) => object.kind === kind);
    if (found === undefined) throw new Error(`no ${kind}`);
    return found;
  };
  /** Whether a selector matches labels. */
  const matches = (
    { matchLabels, matchExpressions = [] }: Selector,
    labels: Readonly<Record<string, string>>,
  ): boolean =>
    Object.entries(matchLabels).every(([label, value]) => labels[label] === value) &&
    matchExpressions.every(({ key, values: allowed }) => allowed.includes(labels[key] ?? ''));

  beforeAll(() => {
    objects = parseObjects(renderChart(['--set', values.join(',')]));
  }, 60_000);

  it('is off by default', () => {
    const plain = readFileSync(path.join(root, 'helm/spandrel/examples/rendered/development.yaml'), 'utf8');
    for (const kind of ['ServiceMonitor', 'PodMonitor', 'PrometheusRule']) expect(plain).not.toContain(`kind: ${kind}`);
    expect(plain).not.toContain('grafana_alert:');
  });

  it('scrapes the Services of all our processes, and no other', () => {
    const monitor = only('ServiceMonitor');
    const selector = monitor.spec?.['selector'] as Selector;
    const selected = objects.filter(({ kind, metadata }) => kind === 'Service' && matches(selector, metadata.labels));
    expect(selected.map(({ metadata }) => metadata.labels['app.kubernetes.io/component']).toSorted()).toEqual(
      [...services.map(({ name }) => name), 'tracestore'].toSorted(),
    );
    for (const { spec } of selected) {
      expect(spec?.['ports']).toContainEqual(expect.objectContaining({ name: 'http' }));
    }
    expect(monitor.spec?.['endpoints']).toEqual([{ port: 'http', path: '/metrics', interval: '30s' }]);
    expect(monitor.metadata.labels).toMatchObject({ release: 'prometheus' });
  });

  it('scrapes the Pods of the Collector, Tempo and Grafana at ports that they have', () => {
    const monitors = objects.filter(({ kind }) => kind === 'PodMonitor');
    expect(monitors).toHaveLength(3);
    for (const { spec, metadata } of monitors) {
      const selector = spec?.['selector'] as Selector;
      const [endpoint] = (spec?.['podMetricsEndpoints'] ?? []) as readonly { readonly port: string }[];
      const pods = objects.flatMap((object) => {
        const template = object.spec?.['template'] as
          | {
              readonly metadata: KubernetesObject['metadata'];
              readonly spec: {
                readonly containers: readonly { readonly ports?: readonly { readonly name: string }[] }[];
              };
            }
          | undefined;
        return template !== undefined && matches(selector, template.metadata.labels) ? [template.spec] : [];
      });
      expect(pods, metadata.name).toHaveLength(1);
      expect(pods[0]?.containers.flatMap(({ ports = [] }) => ports.map(({ name }) => name))).toContain(endpoint?.port);
    }
  });

  it('has all rules but those that are disabled, with links to the runbooks', () => {
    const rendered = only('PrometheusRule').spec as unknown as Rules;
    const rules = rendered.groups.flatMap((group) => group.rules);
    const expected = (parse(ruleFile()) as Rules).groups.flatMap((group) => group.rules);
    expect(rules).toHaveLength(expected.length - 1);
    expect(rules.map(({ alert }) => alert)).not.toContain('SpandrelPostgresDown');
    for (const { alert, annotations } of rules.filter((rule) => rule.alert !== undefined)) {
      expect(annotations?.runbook_url).toBe(`https://runbooks.example.com/spandrel/${alert}.md`);
    }
    const withoutTexts = (all: Rules['groups'][number]['rules']): readonly object[] =>
      all.filter(({ alert }) => alert !== 'SpandrelPostgresDown').map((rule) => ({ ...rule, annotations: undefined }));
    expect(withoutTexts(rules)).toEqual(withoutTexts(expected));
  });

  it('gives Grafana the alerts on SQL and the dashboard', () => {
    const maps = objects.filter(({ kind }) => kind === 'ConfigMap') as readonly (KubernetesObject & {
      readonly data?: Readonly<Record<string, string>>;
    })[];
    const alerts = maps.find(({ metadata }) => metadata.name === 'spandrel-grafana-alerts');
    expect(parse(alerts?.data?.['spandrel-alerts.yaml'] ?? '')).toEqual(parse(sqlAlertFile()));
    expect(alerts?.metadata.labels).toMatchObject({ grafana_alert: '1' });
    const grafana = workloadsOf(objects).find(({ name }) => name === 'spandrel-grafana')?.pod.containers[0];
    expect(grafana?.volumeMounts).toContainEqual({
      name: 'alerts',
      mountPath: '/etc/grafana/provisioning/alerting',
      readOnly: true,
    });
    const dashboard = maps.find(({ metadata }) => metadata.name === 'spandrel-monitoring-dashboard');
    expect(JSON.parse(dashboard?.data?.['spandrel-operations.json'] ?? '')).toMatchObject({
      uid: 'spandrel-operations',
    });
  });

  it.each([
    ['metrics.serviceMonitor.interval=often', 'does not match pattern'],
    ['metrics.prometheusRule.runbookUrl=runbooks', 'does not match pattern'],
    ['metrics.alerts=true', "additional properties 'alerts' not allowed"],
  ])('is not rendered with %s', (value, message) => {
    expect(() => renderChart(['--set', value])).toThrow(message);
  });
});
