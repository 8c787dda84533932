import { dashboardUids, type Unit } from '../libs/console-api/src/dashboard-names.ts';
import { readQuery, type DashboardFolder } from './all.ts';
import type { Column, Dashboard, Panel, Variable } from './definition.ts';
import { type Query, replaceParameters } from './query.ts';

/** UIDs of the provisioned data sources, as in docs/dashboards.md. */
const sqlSource = { type: 'grafana-postgresql-datasource', uid: 'spandrel-sql' } as const;
const jaegerUid = 'spandrel-jaeger';
const tempoUid = 'spandrel-tempo';
const tempoApiUid = 'spandrel-tempo-api';

const tag = 'spandrel';
/** The list of dashboards on the home dashboard has those with this tag: all others. */
const listTag = 'spandrel-list';

/** Widths of columns that no definition sets. Without them a column has at least 150 px, and the last ones are out of sight. */
const columnWidth = { least: 60, number: 95 } as const;

/** Grafana's dashboard model: plain JSON. */
export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };

const units: Readonly<Record<Unit, string>> = {
  requestsPerSecond: 'reqps',
  milliseconds: 'ms',
  seconds: 's',
  share: 'percentunit',
  count: 'short',
};

/** Convert a dashboard to Grafana's classic model, which Grafana 9 to 13 read. */
export function grafanaDashboard({ folder, dashboard }: DashboardFolder): Json {
  return {
    annotations: { list: [] },
    description: dashboard.description,
    editable: false,
    fiscalYearStartMonth: 0,
    graphTooltip: 1,
    id: null,
    links: [
      {
        asDropdown: true,
        icon: 'external link',
        includeVars: true,
        keepTime: true,
        tags: [tag],
        targetBlank: false,
        title: 'Dashboards',
        tooltip: '',
        type: 'dashboards',
        url: '',
      },
    ],
    panels: dashboard.panels.map((panel) => grafanaPanel(folder, panel)),
    refresh: dashboard.refresh,
    schemaVersion: 37,
    tags: folder === 'home' ? [tag] : [tag, listTag],
    templating: { list: dashboard.variables.map(grafanaVariable) },
    time: { from: dashboard.from, to: 'now' },
    timepicker: {},
    timezone: '',
    title: dashboard.title,
    uid: dashboard.uid,
    version: 1,
    weekStart: '',
  };
}

/**
 * Write a query with Grafana's macros and variables. Grafana replaces variables first, then macros, also in their values: a
 * service called `a$b(c)` would be an unknown macro. So values are percent-encoded, and the query decodes them.
 */
function grafanaSql(query: Query): string {
  const defaults = new Map(query.parameters.map(({ name, defaultValue }) => [name, defaultValue]));
  return replaceParameters(query, (name) => {
    switch (name) {
      case 'from':
        return '$__timeFrom()';
      case 'to':
        return '$__timeTo()';
      case 'service':
      case 'operation':
        return `ps_trace.variable_of('\${${name}:percentencode}')`;
      default:
        return `'${defaults.get(name) ?? ''}'`;
    }
  });
}

function grafanaVariable({ name, title, query, emptyTitle }: Variable): Json {
  const sql = grafanaSql(readQuery('variables', query));
  return {
    // Grafana inserts this as it is, or percent-encoded. ps_trace.variable_of returns an empty text for both.
    allValue: '$__all',
    current: { selected: true, text: 'All', value: '$__all' },
    datasource: sqlSource,
    definition: sql,
    hide: 0,
    includeAll: true,
    // The list always calls this choice All.
    label: emptyTitle.startsWith('All ') ? title : `${title} (All: ${lowerFirst(emptyTitle)})`,
    multi: false,
    name,
    options: [],
    query: sql,
    refresh: 2,
    regex: '',
    skipUrlSync: false,
    sort: 0,
    type: 'query',
  };
}

function lowerFirst(text: string): string {
  return `${text.slice(0, 1).toLowerCase()}${text.slice(1)}`;
}

function grafanaPanel(folder: string, panel: Panel): Json {
  const { id, title, description, grid, columns = [], unit } = panel;
  const head = { id, title, description, gridPos: { x: grid.x, y: grid.y, w: grid.width, h: grid.height } };
  if (panel.kind === 'dashboards') {
    return {
      ...head,
      type: 'dashlist',
      options: {
        includeVars: false,
        keepTime: true,
        maxItems: 50,
        query: '',
        showFolderNames: false,
        showHeadings: false,
        showRecentlyViewed: false,
        showSearch: true,
        showStarred: false,
        tags: [listTag],
      },
    };
  }
  const queries = panel.queries.map((file) => readQuery(folder, file));
  const isLong = panel.kind === 'timeseries' && /\bAS series\b/.test(queries[0]?.statement ?? '');
  const names = panel.kind === 'nodeGraph' ? ['nodes', 'edges'] : ['A'];
  return {
    ...head,
    type: types[panel.kind],
    ...(panel.timeFrom === undefined ? {} : { timeFrom: panel.timeFrom }),
    datasource: sqlSource,
    targets: queries.map((query, index) => ({
      datasource: sqlSource,
      editorMode: 'code',
      format: panel.kind === 'timeseries' ? 'time_series' : 'table',
      rawQuery: true,
      rawSql: grafanaSql(query),
      refId: names[index] ?? '',
    })),
    fieldConfig: {
      defaults: {
        ...(unit === undefined ? {} : { unit: units[unit] }),
        ...(isLong ? { displayName: '${__field.labels.series}' } : {}),
        ...fieldDefaults(panel),
      },
      // A node graph takes units and colors as options, and no overrides.
      overrides: panel.kind === 'nodeGraph' ? [] : columns.flatMap((column) => overridesOf(column, panel)),
    },
    options: optionsOf(panel),
    ...(panel.kind === 'histogram' ? { transformations: [withoutColumns('xMin', 'xMax')] } : {}),
  };
}

const types = {
  timeseries: 'timeseries',
  heatmap: 'heatmap',
  // Grafana 9's histogram takes other column names than that of later versions, and both have a linear axis, on which most
  // buckets are in the first percent.
  histogram: 'barchart',
  pie: 'piechart',
  table: 'table',
  stat: 'stat',
  nodeGraph: 'nodeGraph',
} as const;

function fieldDefaults({ kind, unit, isStacked = false }: Panel): { readonly [key: string]: Json } {
  if (kind === 'histogram') return { unit: units.count, custom: { fillOpacity: 80, lineWidth: 1 } };
  if (kind === 'table') return { custom: { align: 'auto', filterable: true, minWidth: columnWidth.least } };
  // Grafana's own thresholds are red from 80, in any unit.
  if (kind === 'stat') return { thresholds: { mode: 'absolute', steps: [{ color: 'text', value: null }] } };
  if (kind !== 'timeseries') return {};
  return {
    min: 0,
    ...(unit === 'share' ? { max: 1 } : {}),
    custom: {
      drawStyle: 'line',
      fillOpacity: isStacked ? 60 : 10,
      lineWidth: 1,
      showPoints: 'auto',
      spanNulls: false,
      stacking: { group: 'A', mode: isStacked ? 'normal' : 'none' },
    },
  };
}

function overridesOf(column: Column, panel: Panel): readonly Json[] {
  const links = column.link === undefined ? [] : linksOf(column, panel);
  const width = column.width ?? (column.unit === undefined ? undefined : columnWidth.number);
  return [
    {
      matcher: { id: 'byName', options: column.name },
      properties: [
        { id: 'displayName', value: column.title },
        ...(column.unit === undefined ? [] : [{ id: 'unit', value: units[column.unit] }]),
        ...(width === undefined || panel.kind !== 'table' ? [] : [{ id: 'custom.width', value: width }]),
        ...(links.length === 0 ? [] : [{ id: 'links', value: links }]),
      ],
    },
  ];
}

function linksOf({ link }: Column, { columns = [] }: Panel): readonly Json[] {
  if (link === 'trace') {
    return [
      { title: 'Trace in Jaeger', url: explore(jaegerUid, { query: '${__value.raw}' }), targetBlank: true },
      {
        title: 'Trace in tracestore',
        url: explore(tempoApiUid, { queryType: 'traceql', query: '${__value.raw}' }),
        targetBlank: true,
      },
      // The chart removes this link where there is no Tempo.
      {
        title: 'Trace in Tempo',
        url: explore(tempoUid, { queryType: 'traceql', query: '${__value.raw}' }),
        targetBlank: true,
      },
    ];
  }
  const hasOperation = columns.some(({ name }) => name === 'span_name');
  // Grafana refers to fields by their display names.
  const shown = (name: string): string => columns.find((column) => column.name === name)?.title ?? name;
  const variables = [
    `var-service=\${__data.fields["${shown('service_name')}"]:percentencode}`,
    ...(hasOperation ? [`var-operation=\${__data.fields["${shown('span_name')}"]:percentencode}`] : []),
  ];
  return [
    {
      title: 'Downstream spans',
      url: `/d/${dashboardUids.downstreamSpans}/06-downstream-spans?${variables.join('&')}&\${__url_time_range}`,
    },
  ];
}

/** The URL of a query in Explore. Variables of Grafana are not encoded. */
function explore(uid: string, query: Readonly<Record<string, string>>): string {
  const state = {
    datasource: uid,
    queries: [{ refId: 'A', datasource: { uid }, ...query }],
    range: { from: '${__from}', to: '${__to}' },
  };
  const encoded = encodeURIComponent(JSON.stringify(state));
  return `/explore?left=${encoded.replaceAll(/%24%7B(\w+(?:\.\w+)?)%7D/g, '${$1}')}`;
}

/** A transformation that leaves out columns. */
function withoutColumns(...names: readonly string[]): Json {
  return {
    id: 'organize',
    options: {
      excludeByName: Object.fromEntries(names.map((name) => [name, true])),
      indexByName: {},
      renameByName: {},
    },
  };
}

function optionsOf({ kind, columns = [] }: Panel): Json {
  const legend = { calcs: [], displayMode: 'list', placement: 'bottom', showLegend: true };
  switch (kind) {
    case 'timeseries':
      return { legend, tooltip: { mode: 'multi', sort: 'desc' } };
    case 'heatmap':
      return {
        calculate: false,
        cellGap: 1,
        cellValues: { unit: 'short' },
        color: { mode: 'scheme', scheme: 'Oranges', exponent: 0.5, fill: 'dark-orange', reverse: false, steps: 64 },
        exemplars: { color: 'rgba(255,0,255,0.7)' },
        filterValues: { le: 1e-9 },
        legend: { show: true },
        rowsFrame: { layout: 'le' },
        showValue: 'never',
        tooltip: { mode: 'single', show: true, showColorScale: true, yHistogram: true },
        yAxis: { axisPlacement: 'left', reverse: false, unit: 'ms' },
      };
    case 'histogram':
      return {
        barRadius: 0,
        barWidth: 0.97,
        fullHighlight: false,
        groupWidth: 0.7,
        legend: { ...legend, showLegend: false },
        orientation: 'vertical',
        showValue: 'never',
        stacking: 'none',
        tooltip: { mode: 'single', sort: 'none' },
        xField: 'bucket',
        xTickLabelRotation: 0,
        xTickLabelSpacing: 100,
      };
    case 'pie':
      return {
        displayLabels: ['percent'],
        orientation: 'auto',
        // Below the pie, a name has the whole width, and the value beside it stays in sight. The pie shows the shares.
        legend: { ...legend, displayMode: 'table', placement: 'bottom', values: ['value'] },
        pieType: 'pie',
        reduceOptions: { calcs: ['lastNotNull'], fields: '', values: true },
        tooltip: { mode: 'single', sort: 'none' },
      };
    case 'table':
      return { cellHeight: 'sm', frameIndex: 0, showHeader: true };
    case 'stat':
      return {
        colorMode: 'none',
        graphMode: 'none',
        justifyMode: 'auto',
        orientation: 'auto',
        percentChangeColorMode: 'standard',
        reduceOptions: { calcs: ['lastNotNull'], fields: '', values: false },
        showPercentChange: false,
        textMode: 'auto',
        wideLayout: true,
      };
    case 'nodeGraph': {
      const unitOf = (name: string): string => units[columns.find((column) => column.name === name)?.unit ?? 'count'];
      const statUnits = { mainStatUnit: unitOf('mainStat'), secondaryStatUnit: unitOf('secondaryStat') };
      return {
        nodes: {
          ...statUnits,
          arcs: [
            { field: 'arc__failed', color: 'red' },
            { field: 'arc__passed', color: 'green' },
          ],
        },
        edges: statUnits,
      };
    }
    default:
      return {};
  }
}

/** The file name of a dashboard. The chart expects home.json. */
export function grafanaFile({ folder }: { readonly folder: string; readonly dashboard: Dashboard }): string {
  return `${folder}.json`;
}
