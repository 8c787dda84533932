import { useEffect } from 'react';
import { Link } from 'wouter';
import { Failure } from '../failure.tsx';
import { keptRange } from '../range/kept-range.ts';
import { useAddress } from '../use-address.ts';
import './dashboards.css';
import { useDashboards } from './use-dashboards.ts';

/** The list of all dashboards with their descriptions. */
export function DashboardsPage() {
  const dashboards = useDashboards();
  const { parameters } = useAddress();
  useEffect(() => {
    document.title = 'Dashboards · Spandrel';
  }, []);
  return (
    <div className="board-page">
      <h1>Dashboards</h1>
      {dashboards.isPending && <div className="skeleton" role="status" aria-label="Loading dashboards" />}
      {dashboards.isError && <Failure error={dashboards.error} retry={() => void dashboards.refetch()} />}
      <ul className="dashboard-cards">
        {dashboards.data?.dashboards.map(({ uid, title, description, panels }) => (
          <li key={uid}>
            <Link href={`/dashboards/${uid}${keptRange(parameters)}`}>
              <strong>{title}</strong>
              <span>{description}</span>
              <span className="quiet">{panels.map((panel) => panel.title).join(' · ')}</span>
            </Link>
          </li>
        ))}
      </ul>
    </div>
  );
}
