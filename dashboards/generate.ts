/** Part of `npm run generate`: writes Grafana's dashboards, those of the console, and docs/dashboards.md. */
import { mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { format, resolveConfig } from 'prettier';
import { dashboards } from './all.ts';
import { consoleDashboards } from './console.ts';
import { documentationOf } from './documentation.ts';
import { grafanaDashboard, grafanaFile } from './grafana.ts';
import { validationErrors } from './validation.ts';

const root = new URL('../', import.meta.url);
const grafanaFolder = new URL('helm/spandrel/dashboards/', root);

const errors = validationErrors(dashboards);
if (errors.length > 0) {
  process.stderr.write(errors.map((error) => `${error}\n`).join(''));
  process.exit(1);
}

async function write(url: URL, text: string): Promise<void> {
  const options = await resolveConfig(url);
  writeFileSync(url, await format(text, { ...options, filepath: url.pathname }));
}

mkdirSync(grafanaFolder, { recursive: true });
const files = new Set(dashboards.map(grafanaFile));
for (const name of readdirSync(grafanaFolder)) if (!files.has(name)) rmSync(new URL(name, grafanaFolder));
for (const entry of dashboards) {
  await write(new URL(grafanaFile(entry), grafanaFolder), JSON.stringify(grafanaDashboard(entry)));
}
const consoleFolder = new URL('apps/tracestore/src/console/', root);
mkdirSync(consoleFolder, { recursive: true });
await write(new URL('dashboards.json', consoleFolder), JSON.stringify(consoleDashboards(dashboards)));
await write(new URL('docs/dashboards.md', root), documentationOf(dashboards));
