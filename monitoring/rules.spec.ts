import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { stringify } from 'yaml';
import { metricsIn } from './promql.ts';
import { collectorMetrics, kubeletMetrics, postgresMetrics, tracestoreMetrics } from './known-metrics.ts';
import { ruleFile } from './rule-file.ts';
import { type AlertCase, alertCases, seriesOf } from './rule-cases.ts';
import { allAlerts, ruleGroups } from './rules.ts';

const root = path.dirname(import.meta.dirname);
const hasPromtool = spawnSync('promtool', ['--version']).error === undefined;
const rules = ruleGroups.flatMap((group) => group.rules);
const recorded = new Set(rules.flatMap((rule) => ('record' in rule ? [rule.record] : [])));

const known = new Set([
  ...tracestoreMetrics(),
  ...collectorMetrics,
  ...postgresMetrics,
  ...kubeletMetrics,
  ...recorded,
]);

describe('each rule', () => {
  it.each(rules.map((rule) => ['record' in rule ? rule.record : `${rule.alert} (${rule.severity})`, rule.expr]))(
    '%s parses and names only metrics that exist',
    (_name, expr) => {
      const names = metricsIn(expr);
      expect(names.length).toBeGreaterThan(0);
      expect(names.filter((name) => !known.has(name))).toEqual([]);
    },
  );
});

describe('each alert', () => {
  const sections = ['## Meaning', '## Impact', '## Diagnosis', '## Mitigation'];
  const folder = path.join(root, 'docs/runbooks');
  const names = [...new Set(allAlerts.map(({ alert }) => alert))];

  it.each(names)('%s has a runbook with its meaning, impact, diagnosis by commands, and mitigation', (name) => {
    const page = readFileSync(path.join(folder, `${name}.md`), 'utf8');
    expect(page).toMatch(new RegExp(`^# ${name}\n`));
    expect(page.match(/^## .*$/gm)).toEqual(sections);
    const [, diagnosis = ''] = /## Diagnosis\n([^]*?)\n## /.exec(page) ?? [];
    expect(diagnosis).toMatch(/^```(?:bash|sql|promql)\n/m);
  });

  it.each(names)('%s has a runbook whose PromQL parses and names only metrics that exist', (name) => {
    const page = readFileSync(path.join(folder, `${name}.md`), 'utf8');
    const lines = [...page.matchAll(/^```promql\n([^]*?)^```$/gm)].flatMap(([, block = '']) =>
      block.trim().split('\n'),
    );
    const unknown = lines.flatMap(metricsIn).filter((metric) => !known.has(metric));
    expect(unknown).toEqual([]);
  });

  it('is the subject of every runbook', () => {
    const pages = readdirSync(folder).filter((file) => file !== 'README.md');
    expect(pages.toSorted()).toEqual(names.map((name) => `${name}.md`).toSorted());
  });

  it('has a case in which it fires and one in which it does not', () => {
    for (const { alert, severity } of allAlerts) {
      const own = alertCases.filter((one) => one.alert === alert && one.severity === severity);
      expect(
        own.some(({ fires }) => fires !== undefined),
        `${alert} (${severity}) fires`,
      ).toBe(true);
      expect(
        own.some(({ fires }) => fires === undefined),
        `${alert} (${severity}) is quiet`,
      ).toBe(true);
    }
  });
});

describe.skipIf(!hasPromtool)('Prometheus (requires promtool)', { timeout: 120_000 }, () => {
  it('accepts the rules, and fires each alert in its cases alone', () => {
    const folder = mkdtempSync(path.join(tmpdir(), 'spandrel-rules-'));
    try {
      writeFileSync(path.join(folder, 'rules.yaml'), ruleFile());
      writeFileSync(
        path.join(folder, 'tests.yaml'),
        stringify({ rule_files: ['rules.yaml'], evaluation_interval: '5m', tests: testsOf() }),
      );
      execFileSync('promtool', ['check', 'rules', 'rules.yaml'], { cwd: folder, stdio: 'pipe' });
      const { status, stdout, stderr } = spawnSync('promtool', ['test', 'rules', 'tests.yaml'], {
        cwd: folder,
        encoding: 'utf8',
      });
      expect({ status, output: status === 0 ? '' : `${stdout}${stderr}` }).toEqual({ status: 0, output: '' });
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});

/** The metrics of a case: those of its series, and those that the alert reads. */
function metricsOf({ alert, severity, series }: AlertCase): readonly string[] {
  const rule = allAlerts.find((one) => one.alert === alert && one.severity === severity);
  return [...metricsIn(rule?.expr ?? ''), ...Object.keys(series).flatMap(metricsIn)];
}

/** Puts cases together that have no metric in common: promtool makes a database for each test. */
function groupsOfCases(): readonly (readonly AlertCase[])[] {
  const groups: { readonly metrics: Set<string>; readonly cases: AlertCase[] }[] = [];
  for (const one of alertCases) {
    const metrics = metricsOf(one);
    const group = groups.find(
      ({ metrics: others, cases }) =>
        cases[0]?.intervalMinutes === one.intervalMinutes && metrics.every((name) => !others.has(name)),
    );
    if (group === undefined) groups.push({ metrics: new Set(metrics), cases: [one] });
    else {
      for (const name of metrics) group.metrics.add(name);
      group.cases.push(one);
    }
  }
  return groups.map(({ cases }) => cases);
}

/** The cases in the form of promtool. The series ALERTS says which alerts fire, without their texts. */
function testsOf(): readonly object[] {
  return groupsOfCases().map((cases) => ({
    name: cases.map(({ alert, name }) => `${alert} ${name}`).join(', '),
    interval: `${cases[0]?.intervalMinutes ?? 1}m`,
    input_series: cases.flatMap(({ series }) =>
      Object.entries(series).map(([one, values]) => ({ series: one, values })),
    ),
    promql_expr_test: cases.map(({ alert, severity, at, fires }) => ({
      expr: `ALERTS{alertname="${alert}", severity="${severity}", alertstate="firing"}`,
      eval_time: at,
      exp_samples:
        fires === undefined
          ? []
          : [{ labels: seriesOf('ALERTS', { alertname: alert, alertstate: 'firing', severity, ...fires }), value: 1 }],
    })),
  }));
}
