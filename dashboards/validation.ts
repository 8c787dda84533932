import { readdirSync } from 'node:fs';
import { type DashboardFolder, readQuery } from './all.ts';

const commonParameters: ReadonlySet<string> = new Set(['from', 'to', 'interval']);
const gridColumns = 24;

/** Validate the definitions. @returns one message per error; empty if all are valid */
export function validationErrors(dashboards: readonly DashboardFolder[]): readonly string[] {
  return [
    ...duplicates(dashboards.map(({ dashboard }) => dashboard.uid)).map((uid) => `duplicate uid ${uid}`),
    ...duplicates(dashboards.map(({ dashboard }) => dashboard.title)).map((title) => `duplicate title ${title}`),
    ...dashboards.flatMap((entry) => errorsOf(entry).map((error) => `dashboards/${entry.folder}: ${error}`)),
  ];
}

function errorsOf({ folder, dashboard }: DashboardFolder): readonly string[] {
  const { panels, variables, summary } = dashboard;
  const used = new Set(panels.flatMap(({ queries }) => queries));
  const present = readdirSync(new URL(`${folder}/`, import.meta.url)).filter((name) => name.endsWith('.sql'));
  const known = new Set<string>([...commonParameters, ...variables.map(({ name }) => name)]);
  const queries = [
    ...[...used].map((file) => ({ file, query: readQuery(folder, file) })),
    ...variables.map(({ query: file }) => ({ file, query: readQuery('variables', file) })),
  ];
  return [
    ...duplicates(panels.map(({ id }) => String(id))).map((id) => `duplicate panel id ${id}`),
    ...present.filter((file) => !used.has(file)).map((file) => `no panel uses ${file}`),
    ...(summary === undefined || used.has(summary) ? [] : [`no panel uses the summary ${summary}`]),
    ...queries.flatMap(({ file, query }) =>
      query.parameters
        .filter(({ name }) => !known.has(name))
        .map(({ name }) => `${file} uses ${name}, which is not a variable of the dashboard`),
    ),
    ...queries.flatMap(({ file, query }) =>
      query.parameters
        .filter(({ name, defaultValue }) => name === 'from' && used.has(file) && defaultValue !== dashboard.from)
        .map(({ defaultValue }) => `from must default to ${dashboard.from} in ${file}, got ${defaultValue}`),
    ),
    ...panels.flatMap(({ id, kind, queries: files, grid }) => {
      const expected = { dashboards: 0, nodeGraph: 2 }[kind as string] ?? 1;
      return [
        ...(files.length === expected ? [] : [`panel ${id} must have ${expected} query files, got ${files.length}`]),
        ...(grid.x + grid.width <= gridColumns ? [] : [`panel ${id} is wider than the grid`]),
      ];
    }),
    ...panels.flatMap((panel, index) =>
      panels
        .slice(index + 1)
        .filter((other) => overlap(panel.grid, other.grid))
        .map((other) => `panels ${panel.id} and ${other.id} overlap`),
    ),
  ];
}

type Grid = DashboardFolder['dashboard']['panels'][number]['grid'];

function overlap(a: Grid, b: Grid): boolean {
  return a.x < b.x + b.width && b.x < a.x + a.width && a.y < b.y + b.height && b.y < a.y + a.height;
}

function duplicates(values: readonly string[]): readonly string[] {
  return values.filter((value, index) => values.indexOf(value) !== index);
}
