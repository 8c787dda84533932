import { readFileSync } from 'node:fs';
import path from 'node:path';
import { format, resolveConfig } from 'prettier';
import { appNames, services } from '../libs/service/src/services.ts';
import { metricsDashboard } from '../monitoring/dashboard.ts';
import { runbookIndex, ruleFile } from '../monitoring/rule-file.ts';
import { sqlAlertFile } from '../monitoring/sql-alerts.ts';
import { chartSchema, chartServices } from './chart.ts';
import { composeServices } from './compose.ts';
import { flagsFile } from './flags.ts';
import { replaceRegion } from './region.ts';
import { skaffoldArtifacts, skaffoldTargets } from './skaffold.ts';
import { listProjects, nestCli, rootTsconfig } from './workspace.ts';

const root = path.dirname(import.meta.dirname);

/** A file and what its content must be. */
export interface GeneratedFile {
  /** From the root of the repository. */
  readonly path: string;
  readonly content: string;
}

/** Every file that repeats the list of services, formatted as the repository is. */
export function generatedFiles(): Promise<readonly GeneratedFile[]> {
  const projects = listProjects(root, appNames);
  const contents: Readonly<Record<string, string>> = {
    'nest-cli.json': nestCli(projects),
    'tsconfig.json': rootTsconfig(projects),
    'libs/characters/flags.json': flagsFile(services),
    'helm/spandrel/files/grafana/alerting/services.yaml': sqlAlertFile(),
    'helm/spandrel/files/monitoring/rules.yaml': ruleFile(),
    'helm/spandrel/files/monitoring/dashboard.json': JSON.stringify(metricsDashboard()),
    'docs/runbooks/README.md': runbookIndex(),
    'helm/spandrel/files/services.yaml': chartServices(services),
    'helm/spandrel/values.schema.json': chartSchema(read('helm/spandrel/values.schema.json'), appNames),
    'docker/compose.yaml': replaceRegion(read('docker/compose.yaml'), 'services', composeServices(services)),
    'skaffold.yaml': replaceRegion(
      replaceRegion(read('skaffold.yaml'), 'artifacts', skaffoldArtifacts(appNames)),
      'targets',
      skaffoldTargets(appNames),
    ),
  };
  return Promise.all(
    Object.entries(contents).map(async ([file, content]) => {
      const filepath = path.join(root, file);
      return { path: file, content: await format(content, { ...(await resolveConfig(filepath)), filepath }) };
    }),
  );
}

function read(file: string): string {
  return readFileSync(path.join(root, file), 'utf8');
}
