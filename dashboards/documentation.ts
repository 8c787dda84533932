import { type DashboardFolder, readQuery } from './all.ts';
import { slugOf } from './definition.ts';

const head = `# Dashboards

<!-- Made by \`npm run generate\` from dashboards/. -->

Each folder of [\`dashboards/\`](../dashboards) is a dashboard: a definition of its panels, and a file for each query. From
these are made what Grafana provisions ([\`helm/spandrel/dashboards\`](../helm/spandrel/dashboards)), what the console
draws, and this page.

A query's file runs by itself, with \`npm run sql -- FILE\`, or

    psql -v from=now-1h -v service=lower -f dashboards/02-error-rates/error-rates.sql

\`from\` and \`to\` are times (\`now\`, \`now-15m\`, \`2026-03-29T13:30:00Z\`), \`interval\` is the width of a step or \`auto\`,
\`service\` and \`operation\` are names, or empty for all. Whatever is given is taken as a text, and never as SQL.

Figures come from \`ps_trace.operation_call\`, which counts calls every ten seconds
([ADR 10](adr/0010-deferred-rollups.md)); so the last seconds are missing, and a day is answered as fast as an hour.
Grafana's data sources are known by their uids: \`spandrel-sql\` (PostgreSQL), \`spandrel-jaeger\` and \`spandrel-tempo\`, to
which a trace's id leads. Before Grafana 10.2 the type of the first was \`postgres\` instead of
\`grafana-postgresql-datasource\`.
`;

/** docs/dashboards.md: what each panel answers, and how it is asked. */
export function documentationOf(dashboards: readonly DashboardFolder[]): string {
  const sections = dashboards.map(({ folder, dashboard }) => {
    const panels = dashboard.panels.map(({ title, description, queries }) => {
      const files = queries.map((file) => {
        const path = `${folder}/${file}`;
        const { answers, statement } = readQuery(folder, file);
        return `[\`${path}\`](../dashboards/${path}): ${answers}\n\n<details><summary>SQL</summary>\n\n\`\`\`sql\n${statement}\n\`\`\`\n\n</details>`;
      });
      return [`### ${title}`, description, ...files].join('\n\n');
    });
    const where = `\`/d/${dashboard.uid}/${slugOf(dashboard)}\``;
    return [`## ${dashboard.title}`, `${dashboard.description} ${where}`, ...panels].join('\n\n');
  });
  return `${[head.trimEnd(), ...sections].join('\n\n')}\n`;
}
