import { describe, expect, it } from 'vitest';
import { dashboards } from '../dashboards/all.ts';
import { dashboardExpressions, metricsDashboard } from './dashboard.ts';
import { collectorMetrics, kubeletMetrics, postgresMetrics, tracestoreMetrics } from './known-metrics.ts';
import { metricsIn } from './promql.ts';

interface Model {
  readonly uid: string;
  readonly panels: readonly {
    readonly id: number;
    readonly type: string;
    readonly title: string;
    readonly description?: string;
    readonly gridPos: { readonly x: number; readonly y: number; readonly w: number; readonly h: number };
    readonly targets?: readonly object[];
  }[];
}
const model = metricsDashboard() as unknown as Model;

describe('the dashboard of the operation', () => {
  const known = new Set<string>([...tracestoreMetrics(), ...collectorMetrics, ...postgresMetrics, ...kubeletMetrics]);

  it.each(dashboardExpressions)('"$title" parses and names only metrics that exist: $expr', ({ expr }) => {
    const names = metricsIn(expr);
    expect(names.length).toBeGreaterThan(0);
    expect(names.filter((name) => !known.has(name))).toEqual([]);
  });

  it('uses each metric of tracestore that an operator reads, except those of the process', () => {
    const used = new Set(dashboardExpressions.flatMap(({ expr }) => metricsIn(expr)));
    const left = tracestoreMetrics().filter(
      (name) => name.startsWith('tracestore_') && !/_(?:bucket|sum|count)$/.test(name) && !used.has(name),
    );
    // Each of them is in an alert or a runbook instead, or a detail of one that is shown.
    expect(left.toSorted()).toEqual([
      'tracestore_aggregation_spans_total',
      'tracestore_clock_offset_seconds',
      'tracestore_database_size_bytes',
      'tracestore_ingest_commit_failures_total',
      'tracestore_ingest_commits_total',
      'tracestore_ingest_ledger_hits_total',
      'tracestore_ingest_queued_requests',
      'tracestore_ingest_requests_total',
      'tracestore_lifecycle_run_seconds_total',
      'tracestore_lifecycle_runs_total',
      'tracestore_partition_newest_end_timestamp_seconds',
      'tracestore_table_index_size_bytes',
    ]);
  });

  it('has a uid of its own, distinct ids and titles, a description of each panel, and no panels that overlap', () => {
    expect(dashboards.map(({ dashboard }) => dashboard.uid)).not.toContain(model.uid);
    expect(new Set(model.panels.map(({ id }) => id)).size).toBe(model.panels.length);
    expect(new Set(model.panels.map(({ title }) => title)).size).toBe(model.panels.length);
    const cells = model.panels.flatMap(({ gridPos: { x, y, w, h } }) =>
      Array.from({ length: w * h }, (_, cell) => `${x + (cell % w)} ${y + Math.floor(cell / w)}`),
    );
    expect(new Set(cells).size).toBe(cells.length);
    for (const { title, description } of model.panels.filter(({ type }) => type !== 'row')) {
      expect(description, title).toMatch(/\.$/);
    }
  });

  it('reads one data source, which is a variable', () => {
    const text = JSON.stringify(model);
    expect(new Set([...text.matchAll(/"datasource":(\{.*?"\})/g)].map(([, source]) => source))).toEqual(
      new Set(['{"type":"prometheus","uid":"${prometheus}"}']),
    );
  });
});
