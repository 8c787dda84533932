import { readdirSync, readFileSync } from 'node:fs';
import { format, resolveConfig } from 'prettier';
import { describe, expect, it } from 'vitest';
import { dashboards, readQuery } from './all.ts';
import { consoleDashboards } from './console.ts';
import { slugOf } from './definition.ts';
import { documentationOf } from './documentation.ts';
import { grafanaDashboard, grafanaFile } from './grafana.ts';
import { validationErrors } from './validation.ts';

interface GrafanaPanel {
  readonly type: string;
  readonly title: string;
  readonly timeFrom?: string;
  readonly gridPos: { readonly w: number };
  readonly options: Readonly<Record<string, unknown>>;
  readonly transformations?: readonly unknown[];
  readonly fieldConfig?: {
    readonly defaults: {
      readonly unit?: string;
      readonly custom?: { readonly minWidth?: number };
      readonly thresholds?: { readonly steps: readonly unknown[] };
    };
    readonly overrides: readonly {
      readonly properties: readonly { readonly id: string; readonly value: unknown }[];
    }[];
  };
}
interface GrafanaModel {
  readonly refresh: string;
  readonly tags: readonly string[];
  readonly links: readonly { readonly includeVars: boolean }[];
  readonly templating: { readonly list: readonly { readonly label: string }[] };
  readonly panels: readonly GrafanaPanel[];
}

const root = new URL('../', import.meta.url);

describe('dashboard definitions', () => {
  it('are valid', () => {
    expect(validationErrors(dashboards)).toEqual([]);
  });

  it('keep their uids and slugs, which links contain', () => {
    expect(dashboards.map(({ dashboard }) => `/d/${dashboard.uid}/${slugOf(dashboard)}`)).toEqual([
      '/d/spandrel-home/home',
      '/d/spandrel-overview/services',
      '/d/QoZDH91nk/01-request-rate',
      '/d/CiE9l917z/02-error-rates',
      '/d/GkrS6rJ7z/03-request-durations',
      '/d/scyq99J7k/04-service-dependencies',
      '/d/lyIow61nz/05-upstream-spans',
      '/d/SdzI3eJnk/06-downstream-spans',
      '/d/spandrel-models/models',
    ]);
  });

  it('are rejected with one message per error', () => {
    const [home, , rate] = dashboards;
    if (home === undefined || rate === undefined) throw new Error('no dashboards');
    const [panel] = rate.dashboard.panels;
    if (panel === undefined) throw new Error('no panel');
    const invalid = {
      ...rate,
      dashboard: {
        ...rate.dashboard,
        uid: home.dashboard.uid,
        from: 'now-1h',
        summary: 'nothing.sql',
        panels: [
          { ...panel, grid: { ...panel.grid, x: 1 } },
          { ...panel, queries: [] },
        ],
      },
    };
    expect(validationErrors([home, invalid])).toEqual([
      'duplicate uid spandrel-home',
      'dashboards/01-request-rate: duplicate panel id 4',
      'dashboards/01-request-rate: no panel uses requests-per-second-each-second.sql',
      'dashboards/01-request-rate: no panel uses the summary nothing.sql',
      'dashboards/01-request-rate: from must default to now-1h in requests-per-second-each-minute.sql, got now-30m',
      'dashboards/01-request-rate: panel 4 is wider than the grid',
      'dashboards/01-request-rate: panel 4 must have 1 query files, got 0',
      'dashboards/01-request-rate: panels 4 and 4 overlap',
    ]);
  });
});

describe('files generated from the dashboards', () => {
  const generated: readonly (readonly [string, () => string])[] = [
    ...dashboards.map(
      (entry) =>
        [`helm/spandrel/dashboards/${grafanaFile(entry)}`, () => JSON.stringify(grafanaDashboard(entry))] as const,
    ),
    ['apps/tracestore/src/console/dashboards.json', () => JSON.stringify(consoleDashboards(dashboards))],
    ['docs/dashboards.md', () => documentationOf(dashboards)],
  ];

  it.each(generated)('are up to date: %s', async (path, make) => {
    const url = new URL(path, root);
    const options = await resolveConfig(url);
    expect(readFileSync(url, 'utf8')).toBe(await format(make(), { ...options, filepath: url.pathname }));
  });

  it('are the only dashboards in the chart', () => {
    expect(readdirSync(new URL('helm/spandrel/dashboards/', root)).toSorted()).toEqual(
      dashboards.map(grafanaFile).toSorted(),
    );
  });

  it('contain only variables whose values are not SQL or macros', () => {
    for (const entry of dashboards) {
      const text = JSON.stringify(grafanaDashboard(entry));
      for (const [, sql] of text.matchAll(/"(?:rawSql|query|definition)":"((?:[^"\\]|\\.)*)"/g)) {
        const left = (sql ?? '').replaceAll(
          /\$__time(From|To)\(\)|ps_trace\.variable_of\('\$\{(service|operation):percentencode\}'\)/g,
          '',
        );
        expect(left).not.toMatch(/\$[^{]|\$\{(?!__value\.raw)|:'/);
      }
    }
  });

  const model = (uid: string) => {
    const entry = dashboards.find(({ dashboard }) => dashboard.uid === uid);
    if (entry === undefined) throw new Error(`no dashboard ${uid}`);
    return grafanaDashboard(entry) as unknown as GrafanaModel;
  };
  const panels = dashboards.flatMap(({ dashboard: { uid } }) => model(uid).panels);
  const panelOf = (title: string): GrafanaPanel => {
    const found = panels.find((panel) => panel.title === title);
    if (found === undefined) throw new Error(`no panel ${title}`);
    return found;
  };

  it('give node graphs their units and colors as options, which are all that Grafana reads', () => {
    const graphs = panels.filter(({ type }) => type === 'nodeGraph');
    expect(graphs.length).toBeGreaterThan(2);
    for (const { options, fieldConfig } of graphs) {
      const statUnits = { mainStatUnit: expect.any(String), secondaryStatUnit: 'ms' };
      expect(options).toEqual({
        nodes: {
          ...statUnits,
          arcs: [
            { field: 'arc__failed', color: 'red' },
            { field: 'arc__passed', color: 'green' },
          ],
        },
        edges: statUnits,
      });
      expect(fieldConfig?.overrides).toEqual([]);
    }
  });

  it('make columns of tables so narrow that the last one is in sight at 1440 px', () => {
    const tables = panels.filter(({ type }) => type === 'table');
    expect(tables.length).toBeGreaterThan(4);
    for (const { title, gridPos, fieldConfig } of tables) {
      expect(fieldConfig?.defaults.custom?.minWidth, title).toBe(60);
      const widths = (fieldConfig?.overrides ?? []).map(
        ({ properties }) => properties.find(({ id }) => id === 'custom.width')?.value,
      );
      // A text without a width gets what the others leave. Operations have long names.
      const leastTextPx = 110;
      const px = widths.reduce<number>((sum, width) => sum + (typeof width === 'number' ? width : leastTextPx), 0);
      expect(px, title).toBeLessThanOrEqual((gridPos.w / 24) * 1400 - 20);
    }
  });

  it('color no number by thresholds that nobody set', () => {
    for (const panel of panels.filter(({ type }) => type === 'stat')) {
      expect(panel.options.colorMode).toBe('none');
      expect(panel.fieldConfig?.defaults.thresholds?.steps).toHaveLength(1);
    }
  });

  it('draw the histogram with a panel that takes the same columns in every version', () => {
    const panel = panelOf('Histogram of request durations');
    expect(panel.type).toBe('barchart');
    expect(panel.options.xField).toBe('bucket');
    expect(panel.fieldConfig?.defaults.unit).toBe('short');
    expect(panel.transformations).toMatchObject([
      { id: 'organize', options: { excludeByName: { xMin: true, xMax: true } } },
    ]);
  });

  it('put the legend of a pie below it, with the values', () => {
    for (const panel of panels.filter(({ type }) => type === 'piechart')) {
      expect(panel.options.legend).toMatchObject({ placement: 'bottom', values: ['value'] });
      expect(panel.options.displayLabels).toEqual(['percent']);
    }
  });

  it('show the panel with one point a second over five minutes', () => {
    expect(panels.filter(({ timeFrom }) => timeFrom !== undefined).map(({ title }) => title)).toEqual([
      'Requests in each second',
    ]);
  });

  it('name what All stands for where it is one service', () => {
    const labels = dashboards.map(({ dashboard: { uid } }) => model(uid).templating.list.map(({ label }) => label));
    expect(labels.flat()).toContain('Service (All: most called service)');
    expect(labels.flat()).toContain('Service (All: service with the most requests)');
  });

  it('have distinct titles in sentence case, and names instead of columns in legends', () => {
    const titles = dashboards.flatMap(({ dashboard }) =>
      dashboard.panels.map(({ title }) => `${dashboard.title}: ${title}`),
    );
    expect(new Set(titles).size).toBe(titles.length);
    // A capital letter within a title would be title case; names of percentiles have none.
    for (const { title } of panels) expect(title.slice(1)).not.toMatch(/[A-Z]/);
    for (const { dashboard, folder } of dashboards) {
      for (const panel of dashboard.panels.filter(({ kind }) => kind === 'timeseries')) {
        const statement = readQuery(folder, panel.queries[0] ?? '').statement;
        if (/\bAS series\b/.test(statement)) continue;
        for (const [, column] of statement.matchAll(/ AS (\w+_per_\w+)/g)) {
          expect(panel.columns?.map(({ name }) => name)).toContain(column);
        }
      }
    }
  });

  it('refresh, keep variables from one dashboard to the next, and do not list the list', () => {
    for (const { dashboard } of dashboards) {
      const { refresh, links, tags } = model(dashboard.uid);
      expect(refresh).toMatch(/^(?:30s|1m)$/);
      expect(links[0]?.includeVars).toBe(true);
      expect(tags.includes('spandrel-list')).toBe(dashboard.uid !== 'spandrel-home');
    }
    expect(panelOf('Dashboards').options.tags).toEqual(['spandrel-list']);
  });

  it('use one data source by its uid, and link a trace ID to Jaeger, Tempo and tracestore', () => {
    const text = JSON.stringify(dashboards.map(grafanaDashboard));
    expect(new Set([...text.matchAll(/"datasource":(\{[^}]*\})/g)].map(([, source]) => source))).toEqual(
      new Set(['{"type":"grafana-postgresql-datasource","uid":"spandrel-sql"}']),
    );
    const found = new Set([...text.matchAll(/\/explore\?left=([^"]*)/g)].map(([, left]) => left));
    const links = [...found].map((left) =>
      JSON.parse(
        decodeURIComponent(left ?? '')
          .replace('${__value.raw}', 'id')
          .replace('${__from}', '1')
          .replace('${__to}', '2'),
      ),
    );
    expect(links).toEqual([
      {
        datasource: 'spandrel-jaeger',
        queries: [{ refId: 'A', datasource: { uid: 'spandrel-jaeger' }, query: 'id' }],
        range: { from: '1', to: '2' },
      },
      {
        datasource: 'spandrel-tempo-api',
        queries: [{ refId: 'A', datasource: { uid: 'spandrel-tempo-api' }, queryType: 'traceql', query: 'id' }],
        range: { from: '1', to: '2' },
      },
      {
        datasource: 'spandrel-tempo',
        queries: [{ refId: 'A', datasource: { uid: 'spandrel-tempo' }, queryType: 'traceql', query: 'id' }],
        range: { from: '1', to: '2' },
      },
    ]);
  });
});
