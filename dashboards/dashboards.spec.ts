import { readdirSync, readFileSync } from 'node:fs';
import { format, resolveConfig } from 'prettier';
import { describe, expect, it } from 'vitest';
import { dashboards } from './all.ts';
import { consoleDashboards } from './console.ts';
import { slugOf } from './definition.ts';
import { documentationOf } from './documentation.ts';
import { grafanaDashboard, grafanaFile } from './grafana.ts';
import { validationErrors } from './validation.ts';

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

  it('contain only variables that Grafana quotes in SQL', () => {
    for (const entry of dashboards) {
      const text = JSON.stringify(grafanaDashboard(entry));
      for (const [, sql] of text.matchAll(/"(?:rawSql|query|definition)":"((?:[^"\\]|\\.)*)"/g)) {
        const left = (sql ?? '').replaceAll(/\$__time(From|To)\(\)|\$\{(service|operation):sqlstring\}/g, '');
        expect(left).not.toMatch(/\$[^{]|\$\{(?!__value\.raw)|:'/);
      }
    }
  });

  it('use one data source by its uid, and link a trace ID to Jaeger and Tempo', () => {
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
        datasource: 'spandrel-tempo',
        queries: [{ refId: 'A', datasource: { uid: 'spandrel-tempo' }, queryType: 'traceql', query: 'id' }],
        range: { from: '1', to: '2' },
      },
    ]);
  });
});
