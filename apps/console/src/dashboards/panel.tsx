import { useState } from 'react';
import { Link } from 'wouter';
import type { DashboardQuery } from '../api/types.ts';
import { NoData } from '../charts/no-data.tsx';
import { Failure } from '../failure.tsx';
import { Loading } from '../loading.tsx';
import { emptyTextOf, type PanelProps } from './panel-definition.ts';
import { panelViews } from './panel-views.tsx';
import { statementOf } from './statement.ts';
import { panelKey, usePanelResults } from './use-dashboards.ts';

/** A panel with its header: title, link to its SQL and, for a chart, a switch to a table. */
export function Panel(props: PanelProps) {
  const { panel } = props;
  const [isTable, setTable] = useState(false);
  return (
    <section className={`panel panel-${panel.kind}`} aria-label={panel.title}>
      <header>
        <h2 title={panel.kind === 'stat' ? panel.description : undefined}>{panel.title}</h2>
        <span className="panel-tools">
          {panelViews[panel.kind].Table !== undefined && (
            <button type="button" aria-pressed={isTable} onClick={() => setTable(!isTable)}>
              Table
            </button>
          )}
          {panel.queries.map((query, n) => (
            <Link key={query.name} className="button" href={sqlAddress(props, query)}>
              <span className="visually-hidden">Show </span>SQL
              <span className={panel.queries.length > 1 ? '' : 'visually-hidden'}>
                {panel.queries.length > 1 ? ` of the ${n === 0 ? 'nodes' : 'edges'}` : ` of ${panel.title}`}
              </span>
            </Link>
          ))}
        </span>
      </header>
      <p className="panel-description" title={panel.description}>
        {panel.description}
      </p>
      <div className="panel-body">
        <PanelBody {...props} isTable={isTable} />
      </div>
    </section>
  );
}

function sqlAddress({ panel, statementValues }: PanelProps, query: DashboardQuery): string {
  const sql = statementOf(query, statementValues, `${panel.title}. ${panel.description}`);
  return `/sql?query=${encodeURIComponent(sql)}`;
}

/** Runs the panel's queries and renders their results. */
function PanelBody(props: PanelProps & { readonly isTable: boolean }) {
  const { dashboard, panel, values, time, isTable } = props;
  const queries = usePanelResults(dashboard.uid, panel, values, time.refreshes);
  const failed = queries.find(({ isError }) => isError);
  const retry = (): void => {
    for (const query of queries) void query.refetch();
  };
  if (failed?.error) return <Failure error={failed.error} retry={retry} />;
  const results = queries.flatMap(({ data }) => (data === undefined ? [] : [data]));
  if (results.length < queries.length) {
    return (
      <Loading
        what={`Loading ${panel.title}`}
        queryKey={panelKey(dashboard.uid, panel.id)}
        isFetching={queries.some(({ isFetching }) => isFetching)}
        retry={retry}
      />
    );
  }
  if (results[0]?.rows.length === 0) {
    return <NoData>{emptyTextOf(panel)}</NoData>;
  }
  const { Chart, Table = Chart } = panelViews[panel.kind];
  return isTable ? <Table {...props} results={results} /> : <Chart {...props} results={results} />;
}
