import { stringify } from 'yaml';
import type { Alert, RecordingRule } from './rule.ts';
import { allAlerts, ruleGroups } from './rules.ts';

/** The chart replaces it by the address of the runbooks that its values have. */
export const runbookPrefix = 'docs/runbooks/';

/** The rules as Prometheus reads them, in YAML. */
export function ruleFile(): string {
  const groups = ruleGroups.map(({ name, rules }) => ({ name, rules: rules.map(ruleOf) }));
  return `# Generated from monitoring/rules.ts by npm run generate.\n${stringify({ groups }, { lineWidth: 0 })}`;
}

function ruleOf(rule: RecordingRule | Alert): object {
  if (!('alert' in rule)) return rule;
  const { alert, severity, expr, for: holdsFor, summary, description } = rule;
  return {
    alert,
    expr,
    for: holdsFor,
    labels: { severity },
    annotations: { summary, description, runbook_url: `${runbookPrefix}${alert}.md` },
  };
}

/** The list of runbooks, in Markdown. */
export function runbookIndex(): string {
  const names = [...new Set(allAlerts.map(({ alert }) => alert))];
  const rows = names.map((name) => {
    const own = allAlerts.filter(({ alert }) => alert === name);
    const severities = own.map(({ severity }) => severity).join(', ');
    const summary = own[0]?.summary.replaceAll(/\{\{ \$labels\.(\w+) \}\}/g, '<$1>') ?? '';
    return `| [${name}](${name}.md) | ${severities} | ${summary.replaceAll('<', '&lt;')} |`;
  });
  return `# Runbooks

What each alert means, and what to do. For people on call. The alerts are those of the chart (\`metrics.prometheusRule\`) and
of \`helm/spandrel/files/monitoring/rules.yaml\`; see [monitoring](../monitoring.md). The list is generated
(\`npm run generate\`).

| alert | severity | meaning |
| --- | --- | --- |
${rows.join('\n')}
`;
}
