import { type DashboardFolder, readQuery } from './all.ts';
import { slugOf } from './definition.ts';

const head = `# Dashboards

<!-- Made by \`npm run generate\` from dashboards/. -->

This page lists the dashboards, their panels and the SQL of each panel. It is for users of Grafana and of the console.

Each folder of [\`dashboards/\`](../dashboards) is one dashboard: a definition of its panels, and one file per query. From
these are generated Grafana's files ([\`helm/spandrel/dashboards\`](../helm/spandrel/dashboards)), the console's dashboards
and this page.

A query file can be run on its own, with \`npm run sql -- FILE\` or with

    psql -v from=now-1h -v service=lower -f dashboards/02-error-rates/error-rates.sql

\`from\` and \`to\` are times (\`now\`, \`now-15m\`, \`2026-03-29T13:30:00Z\`). \`interval\` is the width of a step, or \`auto\`.
\`service\` and \`operation\` are names, or empty for all. Values are always bound as text, never as SQL.

Most queries read \`ps_trace.operation_call\`, aggregates that are updated every ten seconds
([ADR 10](adr/0010-deferred-rollups.md)). The last seconds are therefore missing, and a query over a day is as fast as one
over an hour.

The dashboards refer to Grafana's data sources by UID: \`spandrel-sql\` (PostgreSQL), and \`spandrel-jaeger\` and
\`spandrel-tempo\` for links to traces. Before Grafana 10.2.3 the type of the first was \`postgres\` instead of
\`grafana-postgresql-datasource\`.
`;

/** Write docs/dashboards.md: the description and the SQL of each panel. */
export function documentationOf(dashboards: readonly DashboardFolder[]): string {
  const sections = dashboards.map(({ folder, dashboard }) => {
    const panels = dashboard.panels.map(({ title, description, queries }) => {
      const files = queries.map((file) => {
        const path = `${folder}/${file}`;
        const { description: returned, statement } = readQuery(folder, file);
        return `[\`${path}\`](../dashboards/${path}): ${returned}\n\n<details><summary>SQL</summary>\n\n\`\`\`sql\n${statement}\n\`\`\`\n\n</details>`;
      });
      return [`### ${title}`, description, ...files].join('\n\n');
    });
    const where = `\`/d/${dashboard.uid}/${slugOf(dashboard)}\``;
    return [`## ${dashboard.title}`, `${dashboard.description} ${where}`, ...panels].join('\n\n');
  });
  return `${[head.trimEnd(), ...sections].join('\n\n')}\n`;
}
