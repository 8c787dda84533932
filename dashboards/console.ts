import { type DashboardFolder, readQuery } from './all.ts';
import { slugOf } from './definition.ts';
import type { Json } from './grafana.ts';
import { numberParameters } from './query.ts';

/**
 * Convert the dashboards for the web console. Each query becomes a statement with `$1`, `$2`, … of type text, and the list
 * of its parameters with their names and defaults.
 */
export function consoleDashboards(dashboards: readonly DashboardFolder[]): Json {
  return dashboards.map(({ folder, dashboard }) => {
    const { uid, title, description, from, variables, panels } = dashboard;
    return {
      uid,
      slug: slugOf(dashboard),
      title,
      description,
      from,
      variables: variables.map((variable) => ({ ...variable, query: consoleQuery('variables', variable.query) })),
      panels: panels.map(({ queries, columns = [], timeFrom, ...panel }) => ({
        ...panel,
        ...(timeFrom === undefined ? {} : { timeFrom }),
        columns: columns.map(({ name, title, unit: columnUnit, link }) => ({
          name,
          title,
          ...(columnUnit === undefined ? {} : { unit: columnUnit }),
          ...(link === undefined ? {} : { link }),
        })),
        queries: queries.map((file) => consoleQuery(folder, file)),
      })),
    };
  });
}

function consoleQuery(folder: string, file: string): Json {
  const query = readQuery(folder, file);
  return {
    name: file.replace(/\.sql$/, ''),
    sql: numberParameters(query),
    parameters: query.parameters.map(({ name, defaultValue }) => ({ name, default: defaultValue })),
  };
}
