import { readdirSync } from 'node:fs';
import { type DashboardFolder, readQuery } from './all.ts';

const parametersOfAll: ReadonlySet<string> = new Set(['from', 'to', 'interval']);
const gridColumns = 24;

/** What is wrong with the definitions, in words; nothing if they are right. */
export function findFaults(dashboards: readonly DashboardFolder[]): readonly string[] {
  return [
    ...repeated(dashboards.map(({ dashboard }) => dashboard.uid)).map((uid) => `the uid ${uid} is given twice`),
    ...repeated(dashboards.map(({ dashboard }) => dashboard.title)).map((title) => `the title ${title} is given twice`),
    ...dashboards.flatMap((entry) => faultsOf(entry).map((fault) => `dashboards/${entry.folder}: ${fault}`)),
  ];
}

function faultsOf({ folder, dashboard }: DashboardFolder): readonly string[] {
  const { panels, variables, summary } = dashboard;
  const used = new Set(panels.flatMap(({ queries }) => queries));
  const there = readdirSync(new URL(`${folder}/`, import.meta.url)).filter((name) => name.endsWith('.sql'));
  const known = new Set<string>([...parametersOfAll, ...variables.map(({ name }) => name)]);
  const queries = [
    ...[...used].map((file) => ({ file, query: readQuery(folder, file) })),
    ...variables.map(({ query: file }) => ({ file, query: readQuery('variables', file) })),
  ];
  return [
    ...repeated(panels.map(({ id }) => String(id))).map((id) => `the panel id ${id} is given twice`),
    ...there.filter((file) => !used.has(file)).map((file) => `${file} is in no panel`),
    ...(summary === undefined || used.has(summary) ? [] : [`the summary ${summary} is in no panel`]),
    ...queries.flatMap(({ file, query }) =>
      query.parameters
        .filter(({ name }) => !known.has(name))
        .map(({ name }) => `${file} wants ${name}, which is no variable`),
    ),
    ...queries.flatMap(({ file, query }) =>
      query.parameters
        .filter(({ name, defaultValue }) => name === 'from' && used.has(file) && defaultValue !== dashboard.from)
        .map(({ defaultValue }) => `${file} looks back from ${defaultValue}, the dashboard from ${dashboard.from}`),
    ),
    ...panels.flatMap(({ id, kind, queries: files, grid }) => {
      const wanted = { dashboards: 0, nodeGraph: 2 }[kind as string] ?? 1;
      return [
        ...(files.length === wanted ? [] : [`panel ${id} has ${files.length} queries, not ${wanted}`]),
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

function repeated(values: readonly string[]): readonly string[] {
  return values.filter((value, index) => values.indexOf(value) !== index);
}
