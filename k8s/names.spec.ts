import { describe, expect, it } from 'vitest';
import { hasHelm, renderChart } from './chart-files.ts';
import { parseObjects } from './rendered-objects.ts';

/** The longest name that Helm accepts. */
const longest = 'a-release-of-fifty-three-characters-which-is-the-most';

const everything = ['--set', 'load.enabled=true'];

describe.skipIf(!hasHelm())('the names of objects (require Helm)', { timeout: 60_000 }, () => {
  it.each([
    ['the longest name', longest],
    ['a digit and dots', '1.release.of.2026'],
    ['a word that YAML reads as a boolean', 'true'],
  ])('fit the limits of Kubernetes for a release whose name is %s', (_, release) => {
    const objects = parseObjects(renderChart(everything, undefined, release));
    expect(objects.length).toBeGreaterThan(50);
    for (const { kind, metadata, spec } of objects) {
      expect(metadata.name, kind).toMatch(/^[a-z]([a-z0-9-]*[a-z0-9])?$/);
      expect(metadata.name.length, `${kind} ${metadata.name}`).toBeLessThanOrEqual(longestOf(kind));
      for (const [label, value] of Object.entries({ ...metadata.labels, ...selectorOf(spec) })) {
        expect(value, label).toEqual(expect.stringMatching(/^[A-Za-z0-9]([\w.-]{0,61}[A-Za-z0-9])?$/));
      }
    }
    expect(objects[0]?.metadata.labels['app.kubernetes.io/instance']).toBe(release);
  });

  it('differ for two releases whose names begin alike', () => {
    const namesOf = (release: string) =>
      parseObjects(renderChart([], undefined, release)).map(({ kind, metadata }) => `${kind} ${metadata.name}`);
    const one = namesOf(`${longest.slice(0, 52)}a`);
    const other = new Set(namesOf(`${longest.slice(0, 52)}b`));
    expect(one.filter((name) => other.has(name))).toEqual([]);
  });

  it.each(['fullnameOverride=My_App', 'nameOverride=1.app'])('are not made from %s', (value) => {
    expect(() => renderChart(['--set', value])).toThrow('does not match pattern');
  });
});

describe.skipIf(!hasHelm())('values (require Helm)', { timeout: 60_000 }, () => {
  it.each([
    ['image.tag=v1:2', 'does not match pattern'],
    [
      'components.frontend.autoscaling.minReplicas=9',
      'components.frontend.autoscaling.maxReplicas must be at least minReplicas, which is 9, got 6',
    ],
    ['defaults.autoscaling.minReplicas=9', 'defaults.autoscaling.maxReplicas must be at least minReplicas'],
  ])('are rejected: %s', (value, message) => {
    expect(() => renderChart(['--set', value])).toThrow(message);
  });

  it('escape the environment in the resource attributes', () => {
    const rendered = renderChart(['--set', 'environment=eu\\,west = 1%', '--show-only', 'templates/services.yaml']);
    const [attributes] = /service\.namespace=spandrel,.*/.exec(rendered) ?? [''];
    const pairs = attributes.split(',').map((pair) => pair.split('='));
    expect(pairs.every((pair) => pair.length === 2)).toBe(true);
    const { 'deployment.environment.name': environment } = Object.fromEntries(pairs) as Record<string, string>;
    expect(decodeURIComponent(environment ?? '')).toBe('eu,west = 1%');
  });

  it('limit the memory of Go programs to 80 percent of the memory of their container', () => {
    const rendered = renderChart([
      '--set',
      'collector.resources.limits.memory=200M,jaeger.resources.limits.memory=1Gi',
    ]);
    const limits = [...rendered.matchAll(/name: GOMEMLIMIT\s+value: "?(\d+)/g)].map(([, bytes]) => Number(bytes));
    expect(limits.toSorted((one, other) => one - other)).toEqual([160_000_000, Math.floor(0.8 * 1024 ** 3)]);
  });

  it('let DNS be answered at the port of OpenShift, too', () => {
    const policies = parseObjects(renderChart(['--show-only', 'templates/networkpolicies.yaml']));
    for (const { metadata, spec } of policies) {
      expect(JSON.stringify(spec?.['egress']), metadata.name).toContain('{"protocol":"UDP","port":5353}');
    }
  });
});

/** StatefulSets and Jobs put their name, and a StatefulSet a hash of ten characters after it, into a label of 63. */
function longestOf(kind: string): number {
  if (kind === 'StatefulSet') return 52;
  return ['Service', 'Job', 'Pod', 'Deployment'].includes(kind) ? 63 : 253;
}

function selectorOf(spec: Readonly<Record<string, unknown>> | undefined): Readonly<Record<string, unknown>> {
  const selector = (spec?.['selector'] ?? {}) as { readonly matchLabels?: Readonly<Record<string, unknown>> };
  return selector.matchLabels ?? {};
}
