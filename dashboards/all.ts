import { readFileSync } from 'node:fs';
import { dashboard as requestRate } from './01-request-rate/dashboard.ts';
import { dashboard as errorRates } from './02-error-rates/dashboard.ts';
import { dashboard as requestDurations } from './03-request-durations/dashboard.ts';
import { dashboard as serviceDependencies } from './04-service-dependencies/dashboard.ts';
import { dashboard as upstreamSpans } from './05-upstream-spans/dashboard.ts';
import { dashboard as downstreamSpans } from './06-downstream-spans/dashboard.ts';
import type { Dashboard } from './definition.ts';
import { dashboard as home } from './home/dashboard.ts';
import { dashboard as models } from './models/dashboard.ts';
import { dashboard as overview } from './overview/dashboard.ts';
import { type Query, parseQuery } from './query.ts';

/** A dashboard and the folder that holds its queries. */
export interface DashboardFolder {
  readonly folder: string;
  readonly dashboard: Dashboard;
}

/** All dashboards, in the order in which they are listed. */
export const dashboards: readonly DashboardFolder[] = [
  { folder: 'home', dashboard: home },
  { folder: 'overview', dashboard: overview },
  { folder: '01-request-rate', dashboard: requestRate },
  { folder: '02-error-rates', dashboard: errorRates },
  { folder: '03-request-durations', dashboard: requestDurations },
  { folder: '04-service-dependencies', dashboard: serviceDependencies },
  { folder: '05-upstream-spans', dashboard: upstreamSpans },
  { folder: '06-downstream-spans', dashboard: downstreamSpans },
  { folder: 'models', dashboard: models },
];

/**
 * Read a query of a dashboard.
 *
 * @param folder the folder of the dashboard, or `variables`
 * @throws Error if the file does not exist or is not a valid query
 */
export function readQuery(folder: string, file: string): Query {
  const path = `${folder}/${file}`;
  try {
    return parseQuery(readFileSync(new URL(path, import.meta.url), 'utf8'));
  } catch (error) {
    throw new Error(`dashboards/${path}: ${error instanceof Error ? error.message : String(error)}`, { cause: error });
  }
}
